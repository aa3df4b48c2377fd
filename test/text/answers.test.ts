import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { answerValue, extractAnswer, sameAnswer } from '../../src/text/answers.js';

describe('extractAnswer', () => {
  const cases: [string, string | null][] = [
    ['So \\boxed{3} and then \\boxed{\\frac{1}{2}}.', '\\frac{1}{2}'],
    ['It is \\boxed{\\{1, 2\\}}', '\\{1, 2\\}'],
    ['Thus $\\boxed 7$.', '7'],
    ['Thus \\fbox{12}.', '12'],
    ['First \\boxed{4}, then \\boxed{5', '4'],
    ['She has 3 + 4 = 7.\n#### 7', '7'],
    ['#### 1\n#### 1,250.\nDone', '1,250'],
    ['The answer is 42. Good.', '42'],
    ['The answer is 3. No, the final answer is: $3.50.', '$3.50'],
    ['**Answer:** 5', '5'],
    ['The answer is \\boxed{9}. The answer is 8.', '9'],
    ['There are 12 apples.', null],
    ['The answer is', null],
    ['\\boxed{}', null],
  ];
  it.each(cases)('%j', (text, expected) => {
    expect(extractAnswer(text)).toBe(expected);
  });
});

describe('sameAnswer', () => {
  const same: [string, string][] = [
    ['7', ' 7.'],
    ['1,200', '1200'],
    ['1{,}200', '1200'],
    ['0.5', '\\frac{1}{2}'],
    ['.5', '0.50'],
    ['\\dfrac12', '1/2'],
    ['\\frac{3}{6}', '0.5'],
    ['-\\frac{1}{2}', '-0.5'],
    ['\\frac{-1}{2}', '-0.5'],
    ['1 1/2', '1.5'],
    ['2\\frac{1}{4}', '9/4'],
    ['50%', '0.5'],
    ['50\\%', '50'],
    ['$3.50', '3.5'],
    ['\\$12', '12'],
    ['12 apples', '12'],
    ['12\\text{ cm}', '12'],
    ['90^\\circ', '90'],
    ['x = 5', '5'],
    ['3 \\times 10^{4}', '30000'],
    ['1.5e-3', '0.0015'],
    ['−4', '-4'],
    ['\\left( 1, 2 \\right)', '(1,2)'],
    ['\\sqrt2', '\\sqrt{2}'],
    ['\\text{Yes}', 'yes'],
    ['$x^2+1$', 'x^2 + 1'],
  ];
  it.each(same)('%j = %j', (a, b) => {
    expect(sameAnswer(a, b)).toBe(true);
    expect(sameAnswer(b, a)).toBe(true);
  });

  const different: [string, string][] = [
    ['7', '8'],
    ['7', '-7'],
    ['1/3', '0.333'],
    ['(1,200)', '(1200)'],
    ['1,20', '120'],
    ['1/0', '2/0'],
    ['x+1', 'x+2'],
    ['12 apples', 'apples'],
    ['0.1', '1'],
    ['5%', '0.5'],
  ];
  it.each(different)('%j ≠ %j', (a, b) => {
    expect(sameAnswer(a, b)).toBe(false);
    expect(sameAnswer(b, a)).toBe(false);
  });

  it('has no answer equal to none, and gives values', () => {
    expect(sameAnswer(null, null)).toBe(false);
    expect(sameAnswer('3', null)).toBe(false);
    expect(answerValue('1 3/4')).toBe(1.75);
    expect(answerValue('-12%')).toBe(-0.12);
    expect(answerValue('many')).toBeNull();
    expect(answerValue('9'.repeat(200))).toBeNull();
  });
});

/** sort, kind, gold, answer or text, Math-Verify's verdict, the MATH benchmark's (null: it sees no box) */
type Golden = [string, string, string, string, boolean, boolean | null];
const goldens = JSON.parse(
  readFileSync(new URL('../goldens/answers.json', import.meta.url), 'utf8'),
) as Golden[];

/**
 * Where we do not follow Math-Verify, each with its reason. Everywhere else we do, also against the
 * benchmark, which compares spellings alone: it tells 7 from 7.0, and does not tell 1 1/2 from 11/2.
 */
const own: [string, string[]][] = [
  ['a full stop behind an answer is no part of it', ['7.', '1, 2, 3.']],
  ['a mixed number is one, with a slash as with \\frac', ['1 1/2|1.5', '1 1/2|3/2', '1 1/2|1\\frac{1}{2}', '1 1/2|1 \\frac12', '1 1/2|\\frac{3}{2}', '2 1/4', '-1 1/2', 'The answer is 1 1/2.']], // prettier-ignore
  ['a percent sign may be left out, escaped or not', ['12.5%|12.5']],
  ['currencies and their names are units', ['3.50 dollars', '18 dollars', '€18', '£18', 'So the answer is \\$18.', '#### \\$18.00']], // prettier-ignore
  ['a degree sign is a unit', ['30°']],
  ['a power of ten may be written with e', ['3e4', '1.5e-3']],
  ['another base is another number (as the benchmark)', ['1011_2|1011']],
  ['the last box counts (as the benchmark)', ['First \\boxed{17}, no: \\boxed{18}.']],
  ['an \\fbox is a box', ['\\fbox{18}']],
  ['brackets around a number change nothing', ['The answer is (18).']],
  ['hashes need no blank behind them', ['####18']],
];
const differs = new Set(own.flatMap(([, pairs]) => pairs));

describe('verdicts of Math-Verify and of the MATH benchmark', () => {
  const ours = ([sort, , gold, text]: Golden): boolean =>
    sameAnswer(sort === 'text' ? extractAnswer(text) : text, gold);
  const isOwn = ([, , gold, text]: Golden): boolean =>
    differs.has(text) || differs.has(`${gold}|${text}`);

  it('are followed on every pair, but for what is said above', () => {
    expect(goldens.length).toBeGreaterThan(500);
    const wrong = goldens.filter((row) => (ours(row) === row[4]) === isOwn(row));
    expect(wrong).toEqual([]);
  });

  it('are followed wherever a pair is judged alike by both, with as few of our own', () => {
    const agreed = goldens.filter(([, , , , one, other]) => one === other);
    expect(agreed.filter((row) => ours(row) !== row[4]).every(isOwn)).toBe(true);
    expect(goldens.filter(isOwn).length).toBeLessThan(30);
  });

  it('are the same the other way round, and of an answer and itself', () => {
    for (const [sort, , gold, text] of goldens) {
      if (sort !== 'answer') continue;
      expect(sameAnswer(gold, text), `${gold} | ${text}`).toBe(sameAnswer(text, gold));
      for (const answer of [gold, text]) {
        // A division by zero has no value.
        if (answer !== '1/0') expect(sameAnswer(answer, answer), answer).toBe(true);
      }
    }
  });
});

describe('answers as people write them', () => {
  const finals: [string, string][] = [
    ['#### Step 2\nAdd.\n\nThe answer is 7.', '7'],
    ['**Answer**: 18', '18'],
    ['*Final answer*: **1,250**', '1,250'],
    ['### Final Answer\n\n$x = 3$\n', '$x = 3$'],
    ['The answer would be 5! = 120', '5! = 120'],
    ['Hence 12.5 is the correct answer.', '12.5'],
    ['The answer is 18, as 9 * 2 = 18.', '18'],
    ['The answer is 2, -2, and 0.', '2, -2, and 0'],
  ];
  it.each(finals)('%j', (text, final) => {
    expect(extractAnswer(text)).toBe(final);
  });

  it('are compared by their meaning', () => {
    const same: [string, string][] = [
      ['½', '0.5'],
      ['1½', '\\frac{3}{2}'],
      ['２５', '25'],
      ['5! = 120', '120'],
      ['**12**', '12'],
      ['$\\boxed{7}$', '7'],
      ['1 1/2 cups', '1.5'],
      ['2, -2, and 0', '0, 2, -2'],
      ['x² + 1', '1 + x^2'],
      ['18 (apples)', '18'],
      ['about 18', '18'],
      ['1,234,567.50', '1234567.5'],
    ];
    for (const [a, b] of same) expect(sameAnswer(a, b), `${a} | ${b}`).toBe(true);
    const different: [string, string][] = [
      ['no', 'on'],
      ['3ab', '3'],
      ['3(x)', '3'],
      ['12, 345', '12,345'],
      ['1 2', '12'],
      ['(1, 2)', '[1, 2]'],
      ['(2, 1)', '1, 2'],
      ['5%', '50%'],
      ['0.5%', '50%'],
      ['0', '0.0000001'],
      ['', ''],
      ['{', '{}'],
    ];
    for (const [a, b] of different) expect(sameAnswer(a, b), `${a} | ${b}`).toBe(false);
  });

  it('take no time however hostile they are', () => {
    const hostile = [
      '1\\frac{'.repeat(60),
      `${'1\\frac{'.repeat(30)}1${'}{2}'.repeat(30)}`,
      '('.repeat(5000),
      '9^9^9^9^9^9',
      `${'9'.repeat(99)}^{${'9'.repeat(9)}}`,
      '100!!!!!!',
      '-'.repeat(390) + '1',
      '1,'.repeat(290),
      '\\{'.repeat(190),
      '1 \\cup '.repeat(70),
      '\\sqrt'.repeat(80),
      `${'a '.repeat(5000)}1`,
      '\\text{'.repeat(5000),
      '$'.repeat(10000),
      '1.'.repeat(5000),
      `The answer is ${'1, '.repeat(20000)}`,
      'answer is '.repeat(20000),
    ];
    const start = performance.now();
    for (const text of hostile) {
      sameAnswer(text, text);
      sameAnswer(extractAnswer(text), '1');
    }
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
