import { describe, expect, it } from 'vitest';
import { preferenceFromFunction, scorerFromFunction } from '../../src/judge/fromFunction.js';
import { preferenceFromScorer, type PreferencePair } from '../../src/judge/preference.js';

const pair = (first: string, second: string): PreferencePair => ({
  ...{ question: { id: 'q', question: 'Which?' }, first, second },
});

describe('preferenceFromScorer', () => {
  it('prefers the better score; less may be better', async () => {
    const score = ({ answer }: { answer: string }) => (answer === '' ? null : answer.length);
    const pairs = [pair('a', 'bbb'), pair('bbb', 'a'), pair('a', 'b'), pair('', 'a')];
    const by = (better: 'higher' | 'lower') =>
      preferenceFromScorer(scorerFromFunction({ name: 'n', unit: 'characters', better, score }));
    expect(await by('higher').compare(pairs)).toEqual(['second', 'first', 'tie', null]);
    expect(await by('lower').compare(pairs)).toEqual(['first', 'second', 'tie', null]);
  });
});

describe('preferenceFromFunction', () => {
  it('asks in both orders: a judge that favours a place prefers nothing', async () => {
    const first = preferenceFromFunction({ name: 'first', prefer: () => 'first' });
    expect(await first.compare([pair('a', 'b')])).toEqual(['tie']);
    const longer = preferenceFromFunction({
      name: 'longer',
      prefer: async (two) =>
        await Promise.resolve(two.first.length > two.second.length ? 'first' : 'second'),
    });
    expect(await longer.compare([pair('aa', 'b'), pair('a', 'bb')])).toEqual(['first', 'second']);
    const unsure = preferenceFromFunction({
      name: 'unsure',
      prefer: (two) => (two.first === 'a' ? null : 'tie'),
    });
    expect(await unsure.compare([pair('a', 'b'), pair('b', 'c')])).toEqual([null, 'tie']);
  });

  it('refuses another word', async () => {
    for (const word of ['A', undefined, 'toString']) {
      const other = preferenceFromFunction({ name: 'other', prefer: () => word as 'tie' });
      await expect(other.compare([pair('a', 'b')])).rejects.toThrow(
        /^preference other: it gave another word \(expected first, second, tie or null, got /,
      );
    }
  });
});
