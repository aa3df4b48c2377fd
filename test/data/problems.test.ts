import { describe, expect, it } from 'vitest';
import {
  closers,
  connectors,
  families,
  largestNumber,
  plainStarts,
  targetClosers,
  unseenFamily,
} from '../../src/data/families.js';
import { names } from '../../src/data/names.js';
import { generateProblems, problemById, reservedFor } from '../../src/data/problems.js';
import type { Operator, Problem, Split } from '../../src/data/types.js';

const splits: readonly Split[] = ['train', 'validation', 'test'];
const sample = Object.fromEntries(
  splits.map((split) => [split, [...generateProblems({ split, count: 600 })]]),
) as Record<Split, Problem[]>;

const compute: Record<Operator, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  x: (a, b) => a * b,
  '/': (a, b) => a / b,
};

describe('problems', () => {
  it.each(splits)('are made of 2 to 6 right equations on whole numbers: %s', (split) => {
    for (const problem of sample[split]) {
      expect(problem.steps.length).toBeGreaterThanOrEqual(2);
      expect(problem.steps.length).toBeLessThanOrEqual(6);
      for (const step of problem.steps) {
        expect(step.result).toBe(compute[step.operator](step.left, step.right));
        expect(Number.isInteger(step.result)).toBe(true);
        expect(step.result).toBeLessThanOrEqual(largestNumber);
      }
      expect(Number(problem.answer)).toBe(problem.steps.at(-1)?.result);
    }
  });

  it('chain: each step works on the result of the one before', () => {
    for (const { steps } of sample.test) {
      for (const [i, step] of steps.slice(1).entries()) {
        expect([step.left, step.right]).toContain(steps[i]?.result);
      }
    }
  });

  it('follow from their id', () => {
    for (const problem of sample.test.slice(0, 20))
      expect(problemById(problem.id)).toEqual(problem);
    expect(() => problemById('exam-1-2')).toThrow(/no problem has the id "exam-1-2"/);
  });

  it('use every family, and the unseen one in the test alone', () => {
    for (const split of splits) {
      const used = new Set(sample[split].flatMap((problem) => problem.families));
      const expected = families
        .map((f) => f.name)
        .filter((n) => split === 'test' || n !== unseenFamily);
      expect([...used].sort()).toEqual(expected.sort());
    }
    const share =
      sample.test.filter((problem) => problem.group === 'unseen').length / sample.test.length;
    expect(share).toBeGreaterThan(0.1);
  });

  it('share no name, wording or combination of numbers between the splits', () => {
    const wordings = (split: Split): string[] => families.flatMap((f) => f.wordings[split]);
    const numbers = (split: Split): string[] =>
      sample[split].map((p) => p.steps.map((s) => `${s.left}${s.operator}${s.right}`).join(' '));
    const pairs: [Split, Split][] = [
      ['train', 'validation'],
      ['train', 'test'],
    ];
    for (const [a, b] of pairs) {
      expect(names[a].filter((name) => names[b].includes(name))).toEqual([]);
      expect(wordings(a).filter((wording) => wordings(b).includes(wording))).toEqual([]);
      const seen = new Set(numbers(a));
      expect(numbers(b).filter((combination) => seen.has(combination))).toEqual([]);
    }
    expect(sample.train.flatMap((p) => p.steps).filter((s) => reservedFor(s) !== null)).toEqual([]);
    for (const problem of sample.test) {
      expect(problem.steps.map(reservedFor)).toContain('test');
    }
  });

  it('have test wordings that are made of words training knows', () => {
    const texts = (split: Split): string => [
        ...families.flatMap((family) => family.wordings[split]),
        ...plainStarts[split],
        ...connectors,
        ...Object.values(closers).flatMap((closer) => closer[split]),
        ...Object.values(targetClosers),
      ].join(' '); // prettier-ignore
    const words = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];
    const known = new Set(words(texts('train')));
    const unknown = (split: Split): string[] => words(texts(split)).filter((w) => !known.has(w));
    expect([...unknown('validation'), ...unknown('test')]).toEqual([]);
  });
});
