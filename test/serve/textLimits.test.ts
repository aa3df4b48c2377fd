/** Where answers end: stop texts over pieces, and lengths in tokens of a real tokenizer. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/runtime/tokenizer.js';
import { roughCounter, StopCutter, tokenCounter } from '../../src/serve/textLimits.js';

describe('a stop text', () => {
  const pieces = (text: string, size: number): string[] =>
    text.match(new RegExp(`[^]{1,${size}}`, 'gu')) ?? [];

  it.each([1, 2, 3, 5, 100])('ends the text before its first place, in pieces of %i', (size) => {
    for (const [text, stops, expected] of [
      ['One. Two. Three.', ['Two'], 'One. '],
      ['One. Two. Three.', ['Three', 'wo. T'], 'One. T'],
      ['aaab', ['aab'], 'a'],
      ['abcabd', ['abd', 'bcx'], 'abc'],
      ['One. Two.', ['Four', '. X'], 'One. Two.'],
    ] as const) {
      const cutter = new StopCutter(stops);
      const sent = pieces(text, size).map((piece) => cutter.push(piece)).join('') + cutter.end(); // prettier-ignore
      expect(sent).toBe(expected);
      expect(cutter.stopped).toBe(expected !== text);
    }
  });

  it('holds nothing back that cannot begin one', () => {
    const cutter = new StopCutter(['END']);
    expect([cutter.push('One. E'), cutter.push('N'), cutter.push('T. '), cutter.end()]).toEqual(['One. ', '', 'ENT. ', '']); // prettier-ignore
  });
});

describe('tokens', () => {
  it('are those of the tokenizer, and the first of them begin the text', async () => {
    const folder = join(import.meta.dirname, '../../artifacts/models/upstream-arithmetic');
    const tokenizer = await loadTokenizer(folder);
    const counter = tokenCounter(tokenizer);
    for (const text of [' Mia has 4 x 7 = 28 nuts.', 'The answer is 28.', 'Zoë 🙂 ∑ <|im_end|>']) {
      const ids = tokenizer.encodePlain(text);
      expect(counter.count(text)).toBe(ids.length - tokenizer.encodePlain('').length);
      for (let tokens = 0; tokens <= counter.count(text); tokens++) {
        const first = counter.first(text, tokens);
        expect(text.startsWith(first)).toBe(true);
        const fewer = tokens === 0 ? '' : counter.first(text, tokens - 1);
        expect(first.length).toBeGreaterThanOrEqual(fewer.length);
      }
      expect(counter.first(text, 1000)).toBe(text);
    }
  });

  it('are guessed where no tokenizer is known', () => {
    expect([roughCounter.count('12345678'), roughCounter.first('12345678', 1)]).toEqual([2, '1234']); // prettier-ignore
  });
});
