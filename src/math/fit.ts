/** Least-squares fits of y against x, and the rank correlation. */
import { Matrix, solve } from 'ml-matrix';
import { averageRanks } from './ranks.js';
import { mean } from './summary.js';

export interface Line {
  slope: number;
  intercept: number;
  /** Share of y's variance that the line explains, 0 … 1; null where y does not vary. */
  r2: number | null;
}

/** Ordinary least squares. @throws on fewer than two points or where x does not vary. */
export function fitLine(x: ArrayLike<number>, y: ArrayLike<number>): Line {
  checkPoints(x, y);
  const meanX = mean(x);
  const meanY = mean(y);
  let xx = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = (x[i] ?? 0) - meanX;
    xx += dx * dx;
    xy += dx * ((y[i] ?? 0) - meanY);
  }
  if (!(xx > 0)) throw new Error(`fit: all ${x.length} points have the same x; there is no slope`);
  const slope = xy / xx;
  const intercept = meanY - slope * meanX;
  return { slope, intercept, r2: explained(y, (i) => intercept + slope * (x[i] ?? 0)) };
}

/**
 * R² of the least-squares parabola, to set beside the line's. Null where y does not vary.
 * @throws on fewer than three different x.
 */
export function quadraticR2(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  checkPoints(x, y);
  if (new Set(Array.from(x)).size < 3) {
    throw new Error('fit: a parabola needs at least three different x');
  }
  // Centred and scaled x keep the normal equations well conditioned.
  const centre = mean(x);
  const reach = Math.max(...Array.from(x, (value) => Math.abs(value - centre)));
  const rows = Array.from(x, (value) => {
    const t = (value - centre) / reach;
    return [1, t, t * t];
  });
  const weights = solve(new Matrix(rows), Matrix.columnVector(Array.from(y))).to1DArray();
  return explained(y, (i) =>
    (rows[i] ?? []).reduce((sum, value, k) => sum + value * (weights[k] ?? 0), 0),
  );
}

/** Spearman's rank correlation, ties at their average rank; null where x or y does not vary. */
export function rankCorrelation(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  checkPoints(x, y);
  const a = averageRanks(x);
  const b = averageRanks(y);
  const centre = (a.length + 1) / 2;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const da = (a[i] ?? 0) - centre;
    const db = (b[i] ?? 0) - centre;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null;
}

function explained(y: ArrayLike<number>, predict: (i: number) => number): number | null {
  const centre = mean(y);
  let residual = 0;
  let total = 0;
  let size = 0;
  for (let i = 0; i < y.length; i++) {
    const value = y[i] ?? 0;
    residual += (value - predict(i)) ** 2;
    total += (value - centre) ** 2;
    size = Math.max(size, Math.abs(value));
  }
  // What rounding leaves of a constant is not variance.
  if (total <= y.length * (size * 1e-14) ** 2) return null;
  return Math.max(0, 1 - residual / total);
}

function checkPoints(x: ArrayLike<number>, y: ArrayLike<number>): void {
  if (x.length !== y.length || x.length < 2) {
    throw new Error(
      `fit: expected at least two points with x and y, got ${x.length} x and ${y.length} y`,
    );
  }
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i])) {
      throw new Error(`fit: point ${i} is not finite (x ${x[i]}, y ${y[i]})`);
    }
  }
}
