import { describe, expect, it } from 'vitest';
import { cosine, dot, norm, normalise, orthogonalise } from '../../src/math/linear.js';
import { createRandom } from '../../src/math/random.js';

describe('vectors', () => {
  it('computes inner products, norms and cosines', () => {
    expect(dot([1, 2, 3], [4, 5, 6])).toBe(32);
    expect(norm([3, 4])).toBe(5);
    expect(cosine([1, 1], [1, 0])).toBeCloseTo(Math.SQRT1_2, 12);
    expect(cosine([2, 0], [-3, 0])).toBe(-1);
  });

  it('normalises to length one, and refuses what has no direction', () => {
    expect([...normalise([0, -2])]).toEqual([0, -1]);
    expect(() => normalise([0, 0])).toThrow('has no direction');
    expect(() => normalise([NaN, 1])).toThrow('has no direction');
    expect(() => cosine([0, 0], [1, 0])).toThrow('zero vector');
    expect(() => dot([1], [1, 2])).toThrow('different widths (1 and 2)');
  });
});

describe('orthogonalise', () => {
  const random = createRandom('orthogonal');

  it('leaves a unit vector orthogonal to each of the others, even nearly parallel ones', () => {
    const a = random.unitVector(160);
    const b = a.map((x, i) => x + (i === 0 ? 1e-3 : 0));
    const rest = orthogonalise(random.unitVector(160), [a, b]);
    expect(norm(rest)).toBeCloseTo(1, 6);
    expect(Math.abs(dot(rest, a))).toBeLessThan(1e-6);
    expect(Math.abs(dot(rest, b))).toBeLessThan(1e-6);
  });

  it('keeps what was orthogonal already, and ignores a repeated axis', () => {
    expect([...orthogonalise([0, 2, 0], [[1, 0, 0]])]).toEqual([0, 1, 0]);
    const axes = [
      [1, 0, 0],
      [5, 0, 0],
    ];
    expect([...orthogonalise([1, 0, 3], axes)]).toEqual([0, 0, 1]);
  });

  it('refuses a vector in the span of the others', () => {
    const axes = [
      [1, 0, 0],
      [1, 1, 0],
    ];
    expect(() => orthogonalise([2, 3, 0], axes)).toThrow('nothing is left');
  });
});
