/** Mean, standard deviation and quantiles of plain numbers. */

/** @throws on no values. */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) throw new Error('mean: no values');
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}

/** Population standard deviation (divides by n). @throws on no values. */
export function standardDeviation(values: ArrayLike<number>): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] ?? 0) - centre) ** 2;
  return Math.sqrt(sum / values.length);
}

/**
 * Quantile with linear interpolation between order statistics (type 7 of Hyndman and Fan, the
 * default of NumPy and R).
 * @throws on no values, NaN, or a share outside 0 … 1.
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) throw new Error('quantile: no values');
  if (!(share >= 0 && share <= 1)) throw new Error(`quantile: share ${share} is not in 0 … 1`);
  const sorted = Float64Array.from(values).sort();
  // Typed arrays sort NaN to the end.
  if (Number.isNaN(sorted[sorted.length - 1])) throw new Error('quantile: a value is NaN');
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? 0;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}
