/** Isotonic regression against its definition, and values that R's isoreg gives. */
import { describe, expect, it } from 'vitest';
import { isotonic } from '../../src/math/isotonic.js';
import { createRandom } from '../../src/math/random.js';

describe('isotonic', () => {
  it('pools what falls, as by hand', () => {
    expect(isotonic([1, 3, 2, 4])).toEqual([1, 2.5, 2.5, 4]);
    expect(isotonic([5, 4, 3])).toEqual([4, 4, 4]);
    expect(isotonic([1, 0, 4, 3, 3, 5, 4, 2, 0])).toEqual([0.5, 0.5, 3, 3, 3, 3, 3, 3, 3]);
    expect(isotonic([2, 1], [3, 1])).toEqual([1.75, 1.75]);
    expect(isotonic([])).toEqual([]);
  });

  it('is nearer in weighted squares than any other that does not fall', () => {
    const random = createRandom('isotonic');
    const values = Array.from({ length: 12 }, () => random.next());
    const weights = Array.from({ length: 12 }, () => 0.1 + random.next());
    const found = isotonic(values, weights);
    const loss = (fit: readonly number[]): number =>
      fit.reduce((sum, one, i) => sum + (weights[i] ?? 0) * (one - (values[i] ?? 0)) ** 2, 0);
    expect(found.every((one, i) => i === 0 || one >= (found[i - 1] ?? 0))).toBe(true);
    for (let trial = 0; trial < 500; trial++) {
      const other = found.map((one) => one + 0.05 * (random.next() - 0.5)).sort((a, b) => a - b);
      expect(loss(other)).toBeGreaterThanOrEqual(loss(found));
    }
  });
});
