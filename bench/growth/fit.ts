/** How a measure grows with a size: the slope of log over log. */
import { fitLine } from '../../src/math/fit.js';
import type { Interval } from '../../src/math/interval.js';
import { mean, median } from '../../src/math/summary.js';
import type { Axis, Growing } from './points.js';
import type { Measured } from './measure.js';

export interface Exponent {
  /** 1: twice as large takes twice as much. */
  slope: number;
  /** 95 %, from the scatter about the line, whether that is chance or the line is not straight. */
  ci: Interval | null;
  /** Between the two largest sizes alone, where what is there in any case weighs least. */
  atEnd: number;
}

/** What was measured. */
export interface Series {
  work: Growing['work'];
  axis: Axis;
  sizes: number[];
  /** Medians over the rounds, per size. */
  milliseconds: number[];
  bytes: number[];
}

export interface Growth extends Series {
  time: Exponent;
  memory: Exponent;
}

/** @param rounds per round, what each point gave */
export function seriesOf(
  { work, axis, points }: Growing,
  rounds: readonly (readonly Measured[])[],
): Series {
  const medians = (key: keyof Measured): number[] =>
    points.map((_, i) => median(rounds.map((round) => round[i]?.[key] ?? NaN)));
  const sizes = points.map((point) => point[axis]);
  return { work, axis, sizes, milliseconds: medians('milliseconds'), bytes: medians('bytes') };
}

export function growthOf(series: Series): Growth {
  const { sizes, milliseconds, bytes } = series;
  return { ...series, time: exponentOf(sizes, milliseconds), memory: exponentOf(sizes, bytes) };
}

function exponentOf(sizes: readonly number[], values: readonly number[]): Exponent {
  const [x, y] = [sizes.map(Math.log), values.map(Math.log)];
  const { slope, intercept } = fitLine(x, y);
  const middle = mean(x);
  const squares = (of: readonly number[]): number => of.reduce((sum, d) => sum + d * d, 0);
  const left = squares(y.map((value, i) => value - intercept - slope * (x[i] ?? 0)));
  const freedom = x.length - 2;
  const error = Math.sqrt(left / freedom / squares(x.map((value) => value - middle)));
  const quantile = quantiles[freedom];
  const reach = quantile === undefined ? null : quantile * error;
  const rise = (of: readonly number[]): number => (of.at(-1) ?? NaN) - (of.at(-2) ?? NaN);
  return {
    slope,
    ci: reach === null ? null : [slope - reach, slope + reach],
    atEnd: rise(y) / rise(x),
  };
}

/** 97.5 % quantiles of Student's t, by degrees of freedom. */
const quantiles: Readonly<Record<number, number>> = {
  ...{ 1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447 },
};
