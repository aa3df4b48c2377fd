import { expect, it } from 'vitest';
import { cohensKappa } from '../../src/math/kappa.js';

it('is agreement beyond chance', () => {
  const pairs = (counts: Record<string, number>): [string, string][] =>
    Object.entries(counts).flatMap(([labels, count]) =>
      Array.from({ length: count }, () => labels.split(' ') as [string, string]),
    );
  // Two readers of 50 proposals, as textbooks have it: observed 0.70, by chance 0.50.
  expect(cohensKappa(pairs({ 'y y': 20, 'y n': 5, 'n y': 10, 'n n': 15 }))).toBeCloseTo(0.4, 12);
  expect(cohensKappa(pairs({ 'a a': 3, 'b b': 4 }))).toBe(1);
  expect(cohensKappa([])).toBeNull();
  expect(cohensKappa([['a', 'a']])).toBeNull();
});
