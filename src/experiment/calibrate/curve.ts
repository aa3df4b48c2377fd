/**
 * The calibration curve, read both ways: from an edit ratio to the coefficient that gave it, and from
 * a coefficient to what it gives. Between two measured coefficients the curve is a straight line.
 */
import { isotonic } from '../../math/isotonic.js';
import type { Calibration, CalibrationPoint } from './shape.js';

/** Of the normal distribution, both sides together 5 %. */
const z95 = 1.959964;

/**
 * From the lowest mean at or below coefficient 0 to the highest at or above it. Past these a push garbles
 * what it should copy or mend, and the curve turns back: isotonic regression would flatten all of it.
 * @param points by ascending coefficient
 */
export function risingPart<T extends Pick<CalibrationPoint, 'coefficient' | 'mean'>>(
  points: readonly T[],
): T[] {
  const below = points.filter(({ coefficient }) => coefficient <= 0);
  const above = points.filter(({ coefficient }) => coefficient >= 0);
  const lowest = below.reduce<T | undefined>((best, p) => (best && best.mean < p.mean ? best : p), undefined); // prettier-ignore
  const highest = above.reduce<T | undefined>((best, p) => (best && best.mean >= p.mean ? best : p), undefined); // prettier-ignore
  return points.filter(
    ({ coefficient }) =>
      coefficient >= (lowest?.coefficient ?? -Infinity) &&
      coefficient <= (highest?.coefficient ?? Infinity),
  );
}

/** Fills in the fitted means of measured points. @param points by ascending coefficient */
export function fitCurve(points: readonly Omit<CalibrationPoint, 'fitted'>[]): CalibrationPoint[] {
  const fitted = isotonic(
    points.map(({ mean }) => mean),
    points.map(({ n }) => n),
  );
  return points.map((point, i) => ({ ...point, fitted: fitted[i] ?? point.mean }));
}

/**
 * The coefficient at which the fitted mean is `target`; where it is so over a range, the one that
 * pushes least. Null where the curve does not reach it.
 */
export function coefficientFor(
  { points }: Pick<Calibration, 'points'>,
  target: number,
): number | null {
  const found = segmentsOf(points).flatMap(([from, to]) => {
    if (target < from.fitted || target > to.fitted) return [];
    if (from.fitted === to.fitted) {
      return [Math.min(Math.max(0, from.coefficient), to.coefficient)];
    }
    const share = (target - from.fitted) / (to.fitted - from.fitted);
    return [from.coefficient + share * (to.coefficient - from.coefficient)];
  });
  const [first, ...others] = found;
  if (first === undefined) return null;
  return others.reduce((best, c) => (Math.abs(c) < Math.abs(best) ? c : best), first);
}

/** What is expected at a coefficient of the measured range; null outside. */
export function expectedAt(
  { points }: Pick<Calibration, 'points'>,
  coefficient: number,
): { mean: number; sd: number; n: number } | null {
  for (const [from, to] of segmentsOf(points)) {
    if (coefficient < from.coefficient || coefficient > to.coefficient) continue;
    const width = to.coefficient - from.coefficient;
    const share = width === 0 ? 0 : (coefficient - from.coefficient) / width;
    const between = (a: number, b: number): number => a + share * (b - a);
    return {
      mean: between(from.fitted, to.fitted),
      sd: between(from.sd, to.sd),
      n: Math.min(from.n, to.n),
    };
  }
  return null;
}

/**
 * Where the mean of `answers` further answers lies in 95 of 100 cases: as far from the expected mean
 * as the errors of both means, that of the curve and that of the answers, let it (normal
 * approximation). An edit ratio is never below 0.
 */
export function expectedInterval(
  calibration: Pick<Calibration, 'points'>,
  coefficient: number,
  answers: number,
): [number, number] | null {
  const expected = expectedAt(calibration, coefficient);
  if (!expected || answers < 1 || expected.n < 1) return null;
  const { mean, sd, n } = expected;
  const reach = z95 * sd * Math.sqrt(1 / n + 1 / answers);
  return [Math.max(0, mean - reach), mean + reach];
}

/** Of a measured mean, over its answers (normal approximation). */
export function meanInterval({
  mean,
  sd,
  n,
}: Pick<CalibrationPoint, 'mean' | 'sd' | 'n'>): [number, number] {
  const reach = (z95 * sd) / Math.sqrt(n);
  return [mean - reach, mean + reach];
}

function segmentsOf(points: readonly CalibrationPoint[]): [CalibrationPoint, CalibrationPoint][] {
  return points.slice(1).flatMap((to, i) => {
    const from = points[i];
    return from ? [[from, to] as [CalibrationPoint, CalibrationPoint]] : [];
  });
}
