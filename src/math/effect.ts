/**
 * One number with its interval and the chance of it under a null value: what a verdict needs.
 *
 * Both come from one bootstrap over units (problems), so that they never disagree: the p-value is
 * the interval inverted (Efron and Tibshirani 1993, chapter 16). Holm (1979) for many of them.
 */
import { columnMeansOver, drawStatistics, percentileInterval } from './bootstrap.js';
import type { Interval } from './interval.js';
import type { Random } from './random.js';

export interface Effect {
  /** Units behind it: problems, pairs. */
  n: number;
  /** null where it has no value. */
  estimate: number | null;
  ci: Interval | null;
  /** Two-sided, of the estimate against the null value; null without an interval. */
  p: number | null;
}

/** More draws than an interval needs: the smallest p must survive Holm's factor. */
const resamples = 10_000;

/**
 * A statistic of drawn units, against the null value (default 0).
 * @param options.statistic sees indices of drawn units; null where it has no value on that draw.
 */
export function bootstrapEffect(options: {
  units: number;
  statistic: (drawn: Uint32Array) => number | null;
  random: Random;
  nullValue?: number;
  resamples?: number;
}): Effect {
  const { units, statistic, nullValue = 0 } = options;
  const none = { n: units, estimate: null, ci: null, p: null };
  if (units === 0) return none;
  const estimate = statistic(Uint32Array.from({ length: units }, (_, u) => u));
  if (estimate === null) return none;
  if (units < 2) return { ...none, estimate };
  const draws = { ...options, resamples: options.resamples ?? resamples };
  const values = drawStatistics(draws);
  const ci = percentileInterval(values, draws.resamples);
  return { n: units, estimate, ci, p: ci === null ? null : twoSided(values, nullValue) };
}

/** A mean of one number per unit, e.g. paired differences. */
export function meanEffect(options: {
  values: readonly number[];
  random: Random;
  nullValue?: number;
  resamples?: number;
}): Effect {
  const { values } = options;
  const table = { values: Float64Array.from(values), columns: 1 };
  const statistic = (drawn: Uint32Array): number | null => columnMeansOver(table, drawn)[0] ?? null;
  return bootstrapEffect({ ...options, units: values.length, statistic });
}

/** Twice the smaller tail; the observed data count as one more draw, so it is never 0. */
function twoSided(values: readonly number[], nullValue: number): number {
  const below = values.filter((value) => value <= nullValue).length;
  const above = values.filter((value) => value >= nullValue).length;
  return Math.min(1, (2 * (1 + Math.min(below, above))) / (1 + values.length));
}

/**
 * Holm's step-down adjustment: any of them below the level is significant at that level for the
 * whole family. A null stands for a test that could not be made; it stays null and does not count.
 */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const known = values.flatMap((p, index) => (p === null ? [] : [{ p, index }]));
  known.sort((a, b) => a.p - b.p || a.index - b.index);
  const adjusted: (number | null)[] = values.map(() => null);
  let largest = 0;
  known.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (known.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}
