/** What a corrector did, seen early. */
import { describe, expect, it } from 'vitest';
import {
  checkEarly,
  countLabels,
  describeLabels,
  type Written,
} from '../../src/read/labelCounts.js';

const copy = (i = 0): Written => ({ last: `y${i}`, output: `y${i}`, finish: 'stop' });
const change: Written = { last: 'a\nb', output: 'c\u001b[31m', finish: 'stop' };
const cut: Written = { last: 'a', output: 'so on and', finish: 'length' };
const empty: Written = { last: 'a', output: '', finish: 'stop' };
const many = (count: number, of: Written): Written[] => Array.from({ length: count }, () => of);

describe('countLabels', () => {
  it('counts each sentence once, and keeps the first of each kind', () => {
    const cutCopy = { last: 'x', output: 'x', finish: 'length' };
    const written = [
      copy(1),
      change,
      cut,
      empty,
      copy(2),
      cutCopy,
      { ...empty, finish: 'context' },
    ];
    const found = countLabels(written, 600);
    expect(found).toMatchObject({ done: 7, total: 600 });
    expect(found.counts).toEqual({ copied: 3, changed: 1, cutOff: 1, empty: 1, tooLong: 1 });
    expect(describeLabels(found)).toEqual([
      'labelled 7 of 600 sentences: 3 copied, 1 changed, 1 cut off, 1 empty, 1 too long for the model',
      '  copied   "y1"',
      '  changed  "a\\nb" → "c\\u001b[31m"',
      '  cut off  "a" → "so on and"',
      '  empty    "a" → ""',
      '  too long for the model "a" → ""',
    ]);
  });

  it('shows long texts up to a hundred letters', () => {
    const [, line = ''] = describeLabels(countLabels([{ ...copy(), last: '😀'.repeat(200), output: '😀'.repeat(200) }], 1)); // prettier-ignore
    expect(Array.from(line)).toHaveLength('  copied   ""'.length + 101);
  });
});

describe('checkEarly', () => {
  const check =
    (written: Written[]): (() => void) =>
    () =>
      checkEarly(countLabels(written, 600));

  it('says nothing before sixty sentences, nor where both labels occur', () => {
    expect(check(many(59, change))).not.toThrow();
    expect(check([...many(63, change), copy()])).not.toThrow();
    expect(check([...many(63, copy()), cut])).not.toThrow();
    const tooLong = { ...empty, finish: 'context' };
    expect(check([...many(40, copy()), cut, ...many(23, tooLong)])).not.toThrow();
    expect(check([...many(41, copy()), ...many(23, tooLong)])).toThrow(/none of .* corrected/);
  });

  it.each([
    ['corrected', many(64, copy()), '64 copied, 0 changed, 0 cut off, 0 empty', 'with faults'],
    ['copied', many(64, change), '0 copied, 64 changed, 0 cut off, 0 empty', 'trained to copy'],
    ['copied', [...many(40, cut), ...many(24, change)], '0 copied, 24 changed, 40 cut off, 0 empty', 'eos_token_id'], // prettier-ignore
    ['copied', many(60, empty), '0 copied, 0 changed, 0 cut off, 60 empty', 'chat template'],
  ])('says that none was %s, with the counts and what to do', (what, written, counts, remedy) => {
    expect(check(written)).toThrow(
      `stimuli: none of the first ${written.length} sentences was ${what} (${counts}), and a direction needs both; `,
    );
    expect(check(written)).toThrow(remedy);
    expect(check(written)).toThrow(/, or go on anyway with --keep-labelling$/);
  });
});
