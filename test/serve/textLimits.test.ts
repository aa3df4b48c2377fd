/** Where answers end: stop texts over pieces, and lengths in tokens of a real tokenizer. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/runtime/tokenizer.js';
import { Room, roughCounter, StopCutter, tokenCounter } from '../../src/serve/textLimits.js';

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

describe('the room of an answer', () => {
  const pieces = [
    'Mia has 4 bags.',
    ' Each holds 7',
    ' nu',
    'ts, so 4 x 7 =',
    ' 28.',
    '\n\n🙂',
    ' Done.',
  ];
  const whole = pieces.join('');

  it('is cut where the whole text has so many tokens, and not before', async () => {
    const folder = join(import.meta.dirname, '../../artifacts/models/upstream-arithmetic');
    const counter = tokenCounter(await loadTokenizer(folder));
    const all = counter.count(whole);
    for (const most of [...Array(all + 3).keys(), Infinity]) {
      const room = new Room(counter, most);
      let sent = '';
      let full = false;
      for (const piece of pieces) {
        const taken = room.take(piece);
        sent += taken.text;
        full = taken.full;
        if (full) break;
      }
      expect([full, room.used]).toEqual([most < all, Math.min(all, most)]);
      if (!full) expect(sent).toBe(whole);
      // What left before a text was found to be too long stays.
      else expect(whole.startsWith(sent) && counter.first(whole, most).startsWith(sent)).toBe(true);
    }
  });

  it('does not count a long answer from its beginning for every sentence', () => {
    let letters = 0;
    const counting = { ...roughCounter, count: (text: string) => ((letters += text.length), roughCounter.count(text)) }; // prettier-ignore
    const room = new Room(counting, 100_000);
    for (let i = 0; i < 1000; i++) room.take(' One is 1.');
    expect(room.used).toBe(2500);
    expect(letters).toBe(2 * 10_000);
  });
});
