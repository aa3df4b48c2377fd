/**
 * Bootstrap percentile intervals (Efron 1979) over *units*: the things that were drawn
 * independently, for us problems. Whatever belongs to one unit (its rounds, all coefficients) is
 * drawn together, so comparisons between columns stay paired.
 */
import { fitLine } from './fit.js';
import type { Line } from './fit.js';
import type { Interval } from './interval.js';
import type { Random } from './random.js';
import { quantile } from './summary.js';

const defaultResamples = 2000;

/** Units × columns; a missing value is NaN and is left out of its column's mean. */
export interface UnitTable {
  /** float64 `[units, columns]`, row-major. */
  values: Float64Array;
  units: number;
  columns: number;
}

export interface BootstrapOptions {
  random: Random;
  /** Default 2000. */
  resamples?: number;
}

/** Mean of a column, its interval, and the number of units that have a value there. */
export interface ColumnMean {
  mean: number | null;
  ci: Interval | null;
  n: number;
}

/**
 * The general form: `statistic` sees the drawn unit indices, and null (undefined on that draw) is
 * left out. Null with fewer than two units, or where most draws are undefined.
 */
export function bootstrapInterval(
  options: BootstrapOptions & {
    units: number;
    statistic: (drawn: Uint32Array) => number | null;
  },
): Interval | null {
  const { units, resamples = defaultResamples } = options;
  if (units < 2) return null;
  return percentileInterval(drawStatistics({ ...options, resamples }), resamples);
}

/** As {@link bootstrapInterval}, of several statistics of the same draws. */
export function bootstrapIntervals(
  options: BootstrapOptions & {
    units: number;
    statistics: (drawn: Uint32Array) => readonly (number | null)[];
  },
): (Interval | null)[] {
  const { units, statistics, random, resamples = defaultResamples } = options;
  const values: number[][] = [];
  const statistic = (drawn: Uint32Array): null => {
    statistics(drawn).forEach((value, i) => {
      const known = (values[i] ??= []);
      if (value !== null) known.push(value);
    });
    return null;
  };
  drawStatistics({ units, statistic, random, resamples });
  return values.map((known) => (units < 2 ? null : percentileInterval(known, resamples)));
}

/** The statistic of `resamples` draws of as many units, without those where it is undefined. */
export function drawStatistics(options: {
  units: number;
  statistic: (drawn: Uint32Array) => number | null;
  random: Random;
  resamples: number;
}): number[] {
  const { units, statistic, random, resamples } = options;
  const values: number[] = [];
  const drawn = new Uint32Array(units);
  for (let i = 0; i < resamples; i++) {
    for (let u = 0; u < units; u++) drawn[u] = random.integer(units);
    const value = statistic(drawn);
    if (value !== null) values.push(value);
  }
  return values;
}

/** Mean and interval of every column; the same units are drawn for all of them. */
export function bootstrapMeans(options: UnitTable & BootstrapOptions): ColumnMean[] {
  checkTable(options);
  const { units, columns, random, resamples = defaultResamples } = options;
  const all = Uint32Array.from({ length: units }, (_, u) => u);
  const observed = columnMeansOver(options, all);
  const draws = Array.from({ length: columns }, (): number[] => []);
  const drawn = new Uint32Array(units);
  for (let i = 0; i < resamples && units > 1; i++) {
    for (let u = 0; u < units; u++) drawn[u] = random.integer(units);
    columnMeansOver(options, drawn).forEach((value, c) => {
      if (!Number.isNaN(value)) draws[c]?.push(value);
    });
  }
  return Array.from(observed, (value, c) => {
    const n = all.filter((u) => !Number.isNaN(options.values[u * columns + c])).length;
    const ci = n < 2 ? null : percentileInterval(draws[c] ?? [], resamples);
    return { mean: Number.isNaN(value) ? null : value, ci, n };
  });
}

/** A mean over units, one number per unit. */
export function bootstrapMean(
  options: BootstrapOptions & { values: readonly number[] },
): ColumnMean {
  const { values } = options;
  const table = { values: Float64Array.from(values), units: values.length, columns: 1 };
  const [result] = bootstrapMeans({ ...options, ...table });
  return result ?? { mean: null, ci: null, n: 0 };
}

/**
 * Σ numerators ÷ Σ denominators over units, for rates whose trials cluster in units (rounds within
 * problems). Null where the denominators sum to zero.
 */
export function bootstrapRatio(
  options: BootstrapOptions & {
    numerators: readonly number[];
    denominators: readonly number[];
  },
): { ratio: number | null; ci: Interval | null } {
  const { numerators, denominators } = options;
  const units = numerators.length;
  if (denominators.length !== units) {
    throw new Error(
      `bootstrap: ${units} numerators have ${denominators.length} denominators (expected one each)`,
    );
  }
  const statistic = (drawn: Uint32Array): number | null => {
    let above = 0;
    let below = 0;
    for (const u of drawn) {
      above += numerators[u] ?? 0;
      below += denominators[u] ?? 0;
    }
    return below > 0 ? above / below : null;
  };
  const ratio = statistic(Uint32Array.from({ length: units }, (_, u) => u));
  return { ratio, ci: ratio === null ? null : bootstrapInterval({ ...options, units, statistic }) };
}

/** A line through column means, with the slope's interval over units. */
export interface SlopeFit extends Line {
  ci: Interval | null;
}

/**
 * Least-squares line through the column means against `x` (one per column, e.g. coefficients), and
 * the slope's bootstrap interval: units are drawn, means taken, the line fitted anew.
 * @throws where a column has no value at all, or `x` does not fit the columns.
 */
export function bootstrapSlope(
  options: UnitTable & BootstrapOptions & { x: readonly number[] },
): SlopeFit {
  checkTable(options);
  const { units, columns, x } = options;
  if (x.length !== columns) {
    throw new Error(`bootstrap: ${columns} columns have ${x.length} abscissas (expected one each)`);
  }
  const observed = columnMeansOver(
    options,
    Uint32Array.from({ length: units }, (_, u) => u),
  );
  const empty = observed.findIndex((value) => Number.isNaN(value));
  if (empty >= 0) throw new Error(`bootstrap: no unit has a value at ${x[empty]}`);
  const statistic = (drawn: Uint32Array): number | null => {
    const means = columnMeansOver(options, drawn);
    return means.some((value) => Number.isNaN(value)) ? null : fitLine(x, means).slope;
  };
  return { ...fitLine(x, observed), ci: bootstrapInterval({ ...options, statistic }) };
}

/** Mean of every column over drawn units; NaN where none has a value. */
export function columnMeansOver(
  { values, columns }: Pick<UnitTable, 'values' | 'columns'>,
  drawn: Uint32Array,
): Float64Array {
  const sums = new Float64Array(columns);
  const counts = new Float64Array(columns);
  for (const u of drawn) {
    for (let c = 0; c < columns; c++) {
      const value = values[u * columns + c] ?? NaN;
      if (Number.isNaN(value)) continue;
      sums[c] = (sums[c] ?? 0) + value;
      counts[c] = (counts[c] ?? 0) + 1;
    }
  }
  return sums.map((sum, c) => sum / (counts[c] ?? 0));
}

/** Null unless at least half of the draws are defined: fewer describe another population. */
export function percentileInterval(values: readonly number[], resamples: number): Interval | null {
  if (values.length < resamples / 2) return null;
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

function checkTable({ values, units, columns }: UnitTable): void {
  if (units < 1 || columns < 1 || values.length !== units * columns) {
    throw new Error(
      `bootstrap: data do not fit their shape (expected ${units} × ${columns}, got ${values.length} numbers)`,
    );
  }
}
