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
