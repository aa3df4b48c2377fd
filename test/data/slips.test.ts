import { describe, expect, it } from 'vitest';
import { generateProblems } from '../../src/data/problems.js';
import { slippingSolution } from '../../src/data/slips.js';
import { isRight } from '../../src/data/solver.js';

const problems = [...generateProblems({ split: 'train', count: 100 })];

/** Length of the longest common beginning. */
function common(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

describe('slips', () => {
  it('begin with a faultless solution and leave it by one word', () => {
    for (const problem of problems) {
      const [clean, ...slips] = slippingSolution(problem, 7);
      expect(isRight(problem, clean?.answer ?? '')).toBe(true);
      expect(slips.length).toBeGreaterThan(problem.steps.length);
      for (const { prefix, answer } of slips) {
        const solution = clean?.answer ?? '';
        expect(solution.startsWith(prefix)).toBe(false);
        // What was right up to the slip, but for digits or words that slip and solution share.
        const slip = prefix.slice(common(prefix, solution));
        expect(slip).toMatch(/^([0-9]{1,2}|[-+x/]|[A-Za-z]+( [A-Za-z]+)?)$/);
        expect(answer).toMatch(/^,( no, .+)?$/);
      }
    }
  });

  it('are taken back with the word that stands in the solution', () => {
    for (const problem of problems) {
      const [clean, ...slips] = slippingSolution(problem, 7);
      const resumed = slips.filter(({ answer }) => answer !== ',');
      for (const { prefix, answer } of resumed) {
        const right = answer.replace(', no, ', '');
        const solution = clean?.answer ?? '';
        const shared = common(prefix, solution);
        // The right word begins at the slip, or before it by what both have in common.
        const starts = Array.from({ length: right.length + 1 }, (_, i) => shared - i);
        expect(starts.some((at) => solution.slice(at).startsWith(right))).toBe(true);
      }
    }
  });

  it('follow from their seed', () => {
    const made = (seed: number): unknown => problems.map((p) => slippingSolution(p, seed));
    expect(made(1)).toEqual(made(1));
    expect(made(1)).not.toEqual(made(2));
  });
});
