/** The strength of proxy-tuning: what is tried, what is chosen, and how it goes on. */
import { describe, expect, it } from 'vitest';
import {
  bestStrength,
  tryStrengths,
  type StrengthOptions,
  type StrengthRecord,
} from '../../../src/experiment/answers/proxyStrength.js';
import { scorerFromFunction } from '../../../src/judge/fromFunction.js';
import { fakeUpstream } from '../../align/fakes.js';
import { planted } from '../rounds/fakes.js';

const problems = ['p0', 'p1', 'p2', 'p3'].map(planted);

/** The small expert is best at 0.5, the large one at 1; at 0.25 each is always wrong. */
function options(changes: Partial<StrengthOptions> = {}): {
  given: StrengthOptions;
  tuned: string[];
  open: Set<string>;
} {
  const tuned: string[] = [];
  const open = new Set<string>();
  const given: StrengthOptions = {
    experts: ['small', 'large'],
    alphas: [0.25, 0.5, 1],
    questions: problems,
    batchSize: 3,
    scorers: [scorerFromFunction({ name: 'good', score: ({ answer }) => answer === 'Good.' })],
    tune: (expert, alpha) => {
      const key = `${expert} ${alpha}`;
      tuned.push(key);
      open.add(key);
      const good = key === 'small 0.5' || key === 'large 1';
      return Promise.resolve({
        upstream: fakeUpstream(
          () => null,
          () => (good ? 'Good.' : 'Bad.'),
        ),
        [Symbol.asyncDispose]: () => Promise.resolve(void open.delete(key)),
      });
    },
    ...changes,
  };
  return { given, tuned, open };
}

async function all(given: StrengthOptions): Promise<StrengthRecord[]> {
  const records: StrengthRecord[] = [];
  for await (const record of tryStrengths(given)) records.push(record);
  return records;
}

describe('tryStrengths', () => {
  it('asks every expert at every strength, one model at a time', async () => {
    const { given, tuned, open } = options();
    const records = await all(given);
    expect(records).toHaveLength(2 * 3 * problems.length);
    expect(tuned).toEqual(
      ['small', 'large'].flatMap((expert) => [0.25, 0.5, 1].map((alpha) => `${expert} ${alpha}`)),
    );
    expect(open.size).toBe(0);
    expect(bestStrength(records, 'small')).toBe(0.5);
    expect(bestStrength(records, 'large')).toBe(1);
  });

  it('goes on where it was interrupted, in whole batches, and tunes nothing that is done', async () => {
    const whole = await all(options().given);
    const done = whole.slice(0, problems.length + 1);
    const told: number[] = [];
    const { given, tuned } = options({ done, onProgress: (count) => told.push(count) });
    expect([...done, ...(await all(given))]).toEqual(whole);
    expect(tuned).not.toContain('small 0.25');
    expect(told.at(-1)).toBe(whole.length);
  });

  it('closes a model whose answers fail', async () => {
    const { given, open } = options({
      scorers: [
        scorerFromFunction({
          name: 'none',
          score: () => {
            throw new Error('no judge');
          },
        }),
      ],
    });
    await expect(all(given)).rejects.toThrow('no judge');
    expect(open.size).toBe(0);
  });
});

describe('bestStrength', () => {
  const record = (alpha: number, right: boolean): StrengthRecord => ({
    ...{ expert: 'e', alpha, problem: 'p', right, answer: '' },
  });

  it('takes the weakest of equals', () => {
    expect(bestStrength([record(1, true), record(0.5, true), record(0.25, false)], 'e')).toBe(0.5);
    expect(bestStrength([record(1, false), record(0.5, false)], 'e')).toBe(0.5);
  });

  it('does not choose without a record', () => {
    expect(() => bestStrength([record(1, true)], 'other')).toThrow(
      /other was tried at no strength/,
    );
  });
});
