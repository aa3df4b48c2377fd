/** What rounds do, as effects with interval and p-value: paired over problems, from the records alone. */
import { columnMeansOver } from '../../math/bootstrap.js';
import { bootstrapEffect, meanEffect, type Effect } from '../../math/effect.js';
import { rankCorrelation } from '../../math/fit.js';
import type { ContinueWith } from '../../align/loop.js';
import type { Random } from '../../math/random.js';
import type { RoundsAnswer, RoundsRecord } from './shape.js';

/** What is compared of two answers; `right` counts as 1 or 0. */
export type AnswerMeasure = 'right' | 'score' | 'characters' | 'sentences';

/** One of a record's answers. `{ continueWith: 'upstream', k: 0 }` is the upstream alone. */
export type AnswerAt = 'classic' | { continueWith: ContinueWith; k: number };

/** Of one corrector's records; `random` draws the questions. */
interface RoundsEffectOptions {
  records: Iterable<RoundsRecord>;
  corrector: string;
  measure: AnswerMeasure;
  random: Random;
  /** What the effect is tested against. Default 0. */
  nullValue?: number;
}

export interface RoundsDifferenceOptions extends RoundsEffectOptions {
  from: AnswerAt;
  to: AnswerAt;
}

export interface RoundsTrendOptions extends RoundsEffectOptions {
  continueWith: ContinueWith;
}

/**
 * Mean of `to` − `from` over the problems of one corrector. Accuracy and score are in shares 0–1;
 * problems without a score are left out.
 */
export function roundsDifference(options: RoundsDifferenceOptions): Effect {
  const { measure, from, to } = options;
  const values = ofCorrector(options).flatMap((record) => {
    const [before, after] = [from, to].map((at) => measured(answerAt(record, at), measure));
    return typeof before === 'number' && typeof after === 'number' ? [after - before] : [];
  });
  return meanEffect({ ...options, values });
}

/**
 * Spearman's rank correlation of the measure's mean with k, 0 … K: problems are drawn, means taken,
 * ranks formed anew. It has no value where no mean differs.
 */
export function roundsTrend(options: RoundsTrendOptions): Effect {
  const { measure, continueWith } = options;
  const rows = ofCorrector(options).map((record) =>
    record.continued[continueWith].map((answer) => measured(answer, measure) ?? NaN),
  );
  const ks = Array.from({ length: rows[0]?.length ?? 0 }, (_, k) => k);
  return trendOf(rows, ks, options);
}

/** Of rows of values at the given k: rows are drawn, means taken, ranks formed anew. */
export function trendOf(
  rows: readonly (readonly number[])[],
  ks: readonly number[],
  options: { random: Random },
): Effect {
  const table = { values: Float64Array.from(rows.flat()), columns: ks.length };
  return bootstrapEffect({
    ...options,
    units: rows.length,
    statistic: (drawn) => {
      const means = columnMeansOver(table, drawn);
      return means.some((mean) => Number.isNaN(mean)) ? null : rankCorrelation(ks, means);
    },
  });
}

/** One of a record's answers. @throws where it has none after so many rounds. */
export function answerAt(record: RoundsRecord, at: AnswerAt): RoundsAnswer {
  if (at === 'classic') return record.classic;
  const answers = record.continued[at.continueWith];
  const answer = answers[at.k];
  if (answer) return answer;
  throw new Error(`rounds: no answer after ${at.k} rounds (expected 0 … ${answers.length - 1})`);
}

/** A number of an answer; null where no judge could say. */
export function measured(answer: RoundsAnswer, measure: AnswerMeasure): number | null {
  const value = answer[measure];
  return value === null ? null : Number(value);
}

/** In the order of their ids, so that nothing depends on the order in which they were recorded. */
function ofCorrector(options: Pick<RoundsTrendOptions, 'records' | 'corrector'>): RoundsRecord[] {
  const own = Array.from(options.records).filter(
    ({ corrector }) => corrector === options.corrector,
  );
  return own.sort((a, b) => (a.problem < b.problem ? -1 : 1));
}
