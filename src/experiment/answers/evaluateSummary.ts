/** `evaluate.json`: rates over problems, with intervals, from the records alone. */
import { bootstrapMean, bootstrapRatio } from '../../math/bootstrap.js';
import type { Interval } from '../../math/interval.js';
import { rateOf } from '../../math/interval.js';
import type { Random } from '../../math/random.js';
import { mean } from '../../math/summary.js';
import type { AnswerRecord, EvaluateRecord, TimingRecord } from './evaluate.js';

/** Per problem, paired with the upstream alone. */
export interface Outcomes {
  n: number;
  /** Share of right answers; null where n is 0. */
  accuracy: number | null;
  /** Wilson's. */
  ci: Interval | null;
  /** Right now, given that the upstream alone was wrong. Null for the upstream. */
  fixRate: number | null;
  fixRateCi: Interval | null;
  /** Wrong now, given that the upstream alone was right. Null for the upstream. */
  breakRate: number | null;
  breakRateCi: Interval | null;
}

/** Difference of two accuracies over the same problems, bootstrapped in pairs. */
export interface Gain {
  over: string;
  n: number;
  gain: number | null;
  ci: Interval | null;
}

export interface SystemSummary extends Outcomes {
  name: string;
  /** Copies ÷ revisions with a y1 (an Aligner's: of whole answers); null where there are none. */
  copyRate: number | null;
  /** Bootstrapped over problems. */
  copyRateCi: Interval | null;
  /** Wall time ÷ visible tokens, one problem at a time; null where nothing was timed. */
  msPerToken: number | null;
  /** Mean time to the first text that can be shown: a sentence, or an Aligner's whole answer. */
  firstTokenMs: number | null;
  /** Mean number of revisions per problem. */
  revisions: number;
  /** How many answers ended for which reason. */
  stops: Record<string, number>;
  /** Over the upstream; and, for a loop, over its corrector alone. */
  gains: Gain[];
  seenFamilies: Outcomes;
  /** Problems with the family that training never saw. */
  unseenFamily: Outcomes;
}

export interface EvaluateSummary {
  systems: SystemSummary[];
}

/**
 * Summarises the records of one run; systems in the order in which they first occur.
 * @param options.random draws the pairs of the gains' intervals.
 */
export function summariseEvaluate(options: {
  records: Iterable<EvaluateRecord>;
  random: Random;
}): EvaluateSummary {
  const answers = new Map<string, Map<string, AnswerRecord>>();
  const timings = new Map<string, TimingRecord[]>();
  for (const record of options.records) {
    if (record.kind === 'timing') {
      timings.set(record.system, [...(timings.get(record.system) ?? []), record]);
    } else {
      const known = answers.get(record.system) ?? new Map<string, AnswerRecord>();
      answers.set(record.system, known.set(record.problem, record));
    }
  }
  const systems = [...answers].map(([name, own]) => ({
    name,
    ...outcomes(own, answers.get('upstream'), name),
    ...revisionRates([...own.values()], options.random.fork(`${name}/copies`)),
    ...timingRates(timings.get(name) ?? []),
    gains: gainsOf(name, answers, options.random),
    seenFamilies: outcomes(only(own, false), answers.get('upstream'), name),
    unseenFamily: outcomes(only(own, true), answers.get('upstream'), name),
  }));
  return { systems };
}

type ByProblem = ReadonlyMap<string, AnswerRecord>;

function only(records: ByProblem, unseenFamily: boolean): ByProblem {
  return new Map([...records].filter(([, record]) => record.unseenFamily === unseenFamily));
}

function outcomes(own: ByProblem, upstream: ByProblem | undefined, name: string): Outcomes {
  const paired = (upstreamRight: boolean): AnswerRecord[] =>
    name === 'upstream'
      ? []
      : [...own.values()].filter(({ problem }) => upstream?.get(problem)?.right === upstreamRight);
  const right = (records: Iterable<AnswerRecord>): number =>
    [...records].filter((record) => record.right).length;
  const wasWrong = paired(false);
  const wasRight = paired(true);
  const accuracy = rateOf(right(own.values()), own.size);
  const fixed = rateOf(right(wasWrong), wasWrong.length);
  const broken = rateOf(wasRight.length - right(wasRight), wasRight.length);
  return {
    n: own.size,
    accuracy: accuracy.rate,
    ci: accuracy.ci,
    fixRate: fixed.rate,
    fixRateCi: fixed.ci,
    breakRate: broken.rate,
    breakRateCi: broken.ci,
  };
}

function revisionRates(
  records: readonly AnswerRecord[],
  random: Random,
): Pick<SystemSummary, 'copyRate' | 'copyRateCi' | 'revisions' | 'stops'> {
  const given = records.map(({ revisions }) => revisions.filter(({ last }) => last !== ''));
  const copies = given.map((some) => some.filter(({ last, correction }) => correction === last));
  const { ratio, ci } = bootstrapRatio({
    numerators: copies.map(({ length }) => length),
    denominators: given.map(({ length }) => length),
    random,
  });
  const stops: Record<string, number> = {};
  for (const { stop } of records) stops[stop] = (stops[stop] ?? 0) + 1;
  return {
    copyRate: ratio,
    copyRateCi: ci,
    revisions: mean(records.map(({ revisions }) => revisions.length)),
    stops,
  };
}

function timingRates(
  records: readonly TimingRecord[],
): Pick<SystemSummary, 'msPerToken' | 'firstTokenMs'> {
  const sum = (pick: (record: TimingRecord) => number): number =>
    records.reduce((total, record) => total + pick(record), 0);
  const tokens = sum((record) => record.tokens);
  const firsts = records.flatMap((record) => record.firstTextMilliseconds ?? []);
  return {
    msPerToken: tokens === 0 ? null : sum((record) => record.milliseconds) / tokens,
    firstTokenMs: firsts.length === 0 ? null : mean(firsts),
  };
}

function gainsOf(name: string, answers: ReadonlyMap<string, ByProblem>, random: Random): Gain[] {
  const rivals = ['upstream', name.replace(/^stream-/, 'corrector-alone-')];
  return rivals.flatMap((over) => {
    const own = answers.get(name);
    const rival = answers.get(over);
    if (!own || !rival || over === name) return [];
    const values = [...own.values()].flatMap(({ problem, right }) => {
      const other = rival.get(problem);
      return other ? [Number(right) - Number(other.right)] : [];
    });
    if (values.length === 0) return [];
    const { mean: gain, ci, n } = bootstrapMean({ values, random: random.fork(`${name}/${over}`) });
    return [{ over, n, gain, ci }];
  });
}
