/** Win rates from comparisons of pairs: how often the first answer is the better one. */
import { z } from 'zod';
import { bootstrapInterval } from '../math/bootstrap.js';
import { fitLogisticLine, logistic } from '../math/fractionalLogistic.js';
import type { Interval } from '../math/interval.js';
import type { Random } from '../math/random.js';
import { mean, standardDeviation } from '../math/summary.js';
import { ci, count, numberOrNull, rate } from '../shape/pieces.js';
import type { Comparison, Preferred } from './preference.js';

/** A comparison, and what it was about. */
export interface ComparedPair extends Comparison {
  /** Id of the question; pairs of one question are drawn together. */
  problem: string;
  /** Code points of the first answer minus those of the second. */
  lengthDifference: number;
}

const estimate = z.strictObject({ rate: numberOrNull, ci });
type Estimate = z.infer<typeof estimate>;
const withError = estimate.extend({ standardError: numberOrNull });

/** Intervals are bootstrapped over questions. */
export const winRatesShape = z.strictObject({
  /** Pairs that were judged. */
  n: count,
  /** Pairs of which the judge cannot say; they count for nothing. */
  unjudged: count,
  ...{ wins: count, ties: count, losses: count },
  /** Of the ties: pairs of equal answers, of which nobody was asked. */
  identical: count,
  winRate: estimate,
  /** (wins + ½ ties) ÷ n, with the standard error over pairs, as AlpacaEval counts. */
  winHalfTie: withError,
  /** (wins − losses) ÷ n, −1 … 1 */
  netWin: estimate,
  /** Mean probability of the first, over the pairs for which the judge gives one. */
  probability: withError.extend({ n: count }),
  /** Share of the pairs asked in both orders of which both orders say the same. */
  orderConsistency: estimate.extend({ n: count }),
  /** Share of the verdicts other than a tie that are for the answer shown first; ½ is fair. */
  shownFirst: z.strictObject({ rate, n: count }),
  /** Mean, in code points. */
  lengthDifference: numberOrNull,
  /** By length difference in code points, from … below to; null: open. */
  byLength: z.array(
    z.strictObject({
      ...{ from: numberOrNull, to: numberOrNull, n: count },
      winHalfTie: rate,
    }),
  ),
  /** Win + ½ tie at equal length, see `lengthControlledRate`; null where it is not defined. */
  lengthControlled: estimate.nullable(),
});
export type WinRates = z.infer<typeof winRatesShape>;

/** Ends of the bins of length differences. */
const lengthEnds = [-200, -50, 50, 200] as const;
/** Draws of what is fitted anew in each. */
const fittedResamples = 300;

const worth = { first: 1, tie: 0.5, second: 0 } as const;

/** A pair of which the judge could say. */
export interface JudgedPair extends ComparedPair {
  preferred: Exclude<Preferred, null>;
}

/** @param options.random draws the questions */
export function winRates(pairs: readonly ComparedPair[], { random }: { random: Random }): WinRates {
  const judged = pairs.filter((pair): pair is JudgedPair => pair.preferred !== null);
  const won = (word: Preferred): number =>
    judged.filter(({ preferred }) => preferred === word).length;
  const over = <T extends ComparedPair>(some: readonly T[], value: (pair: T) => number): Estimate =>
    meanOverQuestions(some, value, random.fork('questions'));
  const half = ({ preferred }: JudgedPair): number => worth[preferred];
  const told = judged.flatMap((pair) => {
    return pair.probability === undefined ? [] : [{ ...pair, probability: pair.probability }];
  });
  const asked = pairs.filter(({ orders }) => orders?.every((word) => word !== null));
  const places = pairs.flatMap(({ orders }) => shownFirst(orders));
  const error = (values: readonly number[]): number | null =>
    values.length < 2 ? null : standardDeviation(values) / Math.sqrt(values.length - 1);
  return {
    ...{ n: judged.length, unjudged: pairs.length - judged.length },
    ...{ wins: won('first'), ties: won('tie'), losses: won('second') },
    identical: judged.filter(({ identical }) => identical).length,
    winRate: over(judged, ({ preferred }) => Number(preferred === 'first')),
    winHalfTie: { ...over(judged, half), standardError: error(judged.map(half)) },
    netWin: over(judged, (pair) => 2 * half(pair) - 1),
    probability: {
      ...over(told, ({ probability }) => probability),
      ...{ n: told.length, standardError: error(told.map(({ probability }) => probability)) },
    },
    orderConsistency: {
      ...over(asked, ({ orders }) => Number(orders?.[0] === orders?.[1])),
      n: asked.length,
    },
    shownFirst: { rate: places.length === 0 ? null : mean(places), n: places.length },
    lengthDifference: judged.length === 0 ? null : mean(judged.map((p) => p.lengthDifference)),
    byLength: judged.length === 0 ? [] : binned(judged),
    lengthControlled: controlled(judged, random.fork('length')),
  };
}

/** 1 for each verdict for the answer shown first, 0 for each for the other. */
function shownFirst(orders: Comparison['orders']): number[] {
  const [straight = null, swapped = null] = orders ?? [];
  const one = (word: Preferred, first: Preferred): number[] =>
    word === null || word === 'tie' ? [] : [Number(word === first)];
  return [...one(straight, 'first'), ...one(swapped, 'second')];
}

function binned(judged: readonly JudgedPair[]): WinRates['byLength'] {
  const ends = [null, ...lengthEnds, null];
  return ends.slice(1).map((to, i) => {
    const from = ends[i] ?? null;
    const own = judged.filter(
      ({ lengthDifference: d }) => (from === null || d >= from) && (to === null || d < to),
    );
    const winHalfTie = own.length === 0 ? null : mean(own.map((pair) => worth[pair.preferred]));
    return { from, to, n: own.length, winHalfTie };
  });
}

function controlled(judged: readonly JudgedPair[], random: Random): WinRates['lengthControlled'] {
  const units = byProblem(judged);
  const found = lengthControlledRate(judged);
  if (found === null) return null;
  const statistic = (drawn: Uint32Array): number | null =>
    lengthControlledRate(Array.from(drawn, (unit) => units[unit] ?? []).flat());
  const interval = bootstrapInterval({
    ...{ units: units.length, statistic, random, resamples: fittedResamples },
  });
  return { rate: found, ci: interval };
}

/**
 * The win rate (ties as half) that a logistic regression gives at equal length:
 * logit p = θ + φ · tanh(Δ ÷ sd Δ), of which the rate is that of θ alone. After AlpacaEval 2
 * (Dubois et al. 2024), whose regression has a term for the difficulty of each instruction too, and is
 * fitted to many models at once; so its published numbers are others.
 * @returns null with fewer than ten pairs, and where no length differs.
 */
export function lengthControlledRate(
  pairs: readonly Pick<JudgedPair, 'preferred' | 'probability' | 'lengthDifference'>[],
): number | null {
  if (pairs.length < 10) return null;
  const deviation = standardDeviation(pairs.map(({ lengthDifference }) => lengthDifference));
  if (!(deviation > 0)) return null;
  const x = pairs.map(({ lengthDifference }) => Math.tanh(lengthDifference / deviation));
  const y = pairs.map(({ preferred }) => worth[preferred]);
  const line = fitLogisticLine(x, y);
  return line ? logistic(line.intercept) : (y[0] ?? null);
}

function meanOverQuestions<T extends ComparedPair>(
  pairs: readonly T[],
  value: (pair: T) => number,
  random: Random,
): Estimate {
  if (pairs.length === 0) return { rate: null, ci: null };
  const units = byProblem(pairs).map((own) => ({
    sum: own.reduce((sum, pair) => sum + value(pair), 0),
    n: own.length,
  }));
  const statistic = (drawn: ArrayLike<number>): number => {
    let [sum, n] = [0, 0];
    for (let i = 0; i < drawn.length; i++) {
      const unit = units[drawn[i] ?? 0];
      sum += unit?.sum ?? 0;
      n += unit?.n ?? 0;
    }
    return sum / n;
  };
  const interval: Interval | null = bootstrapInterval({ units: units.length, statistic, random });
  return { rate: statistic(units.map((_, i) => i)), ci: interval };
}

function byProblem<T extends { problem: string }>(pairs: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const pair of pairs) {
    const own = groups.get(pair.problem);
    if (own) own.push(pair);
    else groups.set(pair.problem, [pair]);
  }
  return [...groups.values()];
}
