import { describe, expect, it } from 'vitest';
import { fitLine, quadraticR2, rankCorrelation } from '../../src/math/fit.js';

const grid = Array.from({ length: 17 }, (_, i) => (i - 8) / 8);

describe('fitLine', () => {
  it('recovers a line exactly', () => {
    const fit = fitLine(
      grid,
      grid.map((x) => 3 - 2 * x),
    );
    expect(fit.slope).toBeCloseTo(-2, 12);
    expect(fit.intercept).toBeCloseTo(3, 12);
    expect(fit.r2).toBeCloseTo(1, 12);
  });

  it("matches Anscombe's first quartet", () => {
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    const fit = fitLine(x, y);
    expect(fit.slope).toBeCloseTo(0.5001, 4);
    expect(fit.intercept).toBeCloseTo(3.0001, 4);
    expect(fit.r2).toBeCloseTo(0.6665, 4);
  });

  it('has no R² where y is constant, and no line where x is', () => {
    expect(fitLine([0, 1, 2], [0.1, 0.1, 0.1])).toMatchObject({ r2: null });
    expect(() => fitLine([1, 1], [0, 1])).toThrow('same x');
    expect(() => fitLine([1], [1])).toThrow('at least two points');
    expect(() => fitLine([0, 1], [0, NaN])).toThrow('point 1 is not finite');
  });
});

describe('quadraticR2', () => {
  it('is 1 on a parabola where the line explains nothing', () => {
    const y = grid.map((x) => x * x);
    expect(quadraticR2(grid, y)).toBeCloseTo(1, 12);
    expect(fitLine(grid, y).r2).toBeCloseTo(0, 12);
  });

  it('is never below the line, nor sensitive to a shift of x', () => {
    const y = grid.map((x, i) => x + Math.sin(5 * i));
    const quadratic = quadraticR2(grid, y) ?? NaN;
    expect(quadratic).toBeGreaterThanOrEqual(fitLine(grid, y).r2 ?? NaN);
    expect(
      quadraticR2(
        grid.map((x) => x + 1e4),
        y,
      ),
    ).toBeCloseTo(quadratic, 6);
    expect(() => quadraticR2([0, 1, 1], [1, 2, 3])).toThrow('three different x');
  });
});

describe('rankCorrelation', () => {
  it('sees order only, and counts ties', () => {
    expect(
      rankCorrelation(
        grid,
        grid.map((x) => Math.exp(9 * x)),
      ),
    ).toBeCloseTo(1, 12);
    expect(
      rankCorrelation(
        grid,
        grid.map((x) => -(x ** 3)),
      ),
    ).toBeCloseTo(-1, 12);
    // scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) = 0.8208
    expect(rankCorrelation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8208, 4);
    expect(rankCorrelation([1, 2], [3, 3])).toBeNull();
  });
});
