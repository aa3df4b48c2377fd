/** `evaluate.json`: rates over problems, with intervals, from the records alone. */
import { bootstrapMean, bootstrapRatio } from '../../../math/bootstrap.js';
import { rateOf } from '../../../math/interval.js';
import type { Random } from '../../../math/random.js';
import { mean } from '../../../math/summary.js';
import type { ScorerInfo } from '../../../judge/scorer.js';
import { hasSentence, isCopy } from '../../../text/copied.js';
import { countNotes } from '../../../text/notes.js';
import { byGroup } from '../../shared/groups.js';
import { summariseScores } from '../../shared/scores.js';
import type { EvaluatedSystem, EvaluateSummary, Gain, Outcomes } from './shape.js';
import type { AnswerRecord, CompareRecord, EvaluationRecord, TimingRecord } from '../shape.js';

/**
 * Summarises the answers and timings among the records of one run; systems in the order in which they first occur.
 * @param options.scorers those that judged the answers. Default: one, which said what is right.
 * @param options.random draws the pairs of the gains' intervals.
 */
export function summariseEvaluate(options: {
  records: Iterable<CompareRecord | EvaluationRecord>;
  scorers?: readonly ScorerInfo[];
  random: Random;
}): EvaluateSummary {
  const { scorers = [], random } = options;
  const answers = new Map<string, Map<string, AnswerRecord>>();
  const timings = new Map<string, TimingRecord[]>();
  for (const record of options.records) {
    if (record.kind === 'timing') {
      timings.set(record.system, [...(timings.get(record.system) ?? []), record]);
    } else if (record.kind === 'answer') {
      const known = answers.get(record.system) ?? new Map<string, AnswerRecord>();
      answers.set(record.system, known.set(record.problem, record));
    }
  }
  const upstream = answers.get('upstream');
  const systems = [...answers].map(([name, byProblem]): EvaluatedSystem => {
    const own = [...byProblem.values()];
    const outcomes = (some: AnswerRecord[]): Outcomes => outcomesOf(some, name, upstream);
    return {
      name,
      ...outcomes(own),
      ...revisionRates(own, random.fork(`${name}/copies`)),
      ...timingRates(timings.get(name) ?? []),
      gains: gainsOf(name, answers, random),
      groups: byGroup(own, outcomes),
      ...summariseScores(own, { scorers, random: random.fork(name) }),
    };
  });
  return { systems };
}

type ByProblem = ReadonlyMap<string, AnswerRecord>;

/** Answers that no scorer could judge count for nothing. */
function outcomesOf(
  records: readonly AnswerRecord[],
  name: string,
  upstream: ByProblem | undefined,
): Outcomes {
  const own = records.filter((record) => record.right !== null);
  const paired = (upstreamRight: boolean): AnswerRecord[] =>
    name === 'upstream'
      ? []
      : own.filter(({ problem }) => upstream?.get(problem)?.right === upstreamRight);
  const right = (some: readonly AnswerRecord[]): number =>
    some.filter((record) => record.right).length;
  const wasWrong = paired(false);
  const wasRight = paired(true);
  const accuracy = rateOf(right(own), own.length);
  const fixed = rateOf(right(wasWrong), wasWrong.length);
  const broken = rateOf(wasRight.length - right(wasRight), wasRight.length);
  return {
    n: own.length,
    accuracy: accuracy.rate,
    ci: accuracy.ci,
    fixRate: fixed.rate,
    fixRateCi: fixed.ci,
    fixN: wasWrong.length,
    breakRate: broken.rate,
    breakRateCi: broken.ci,
    breakN: wasRight.length,
  };
}

function revisionRates(
  records: readonly AnswerRecord[],
  random: Random,
): Pick<EvaluatedSystem, 'copyRate' | 'copyRateCi' | 'revisions' | 'stops' | 'notes'> {
  const given = records.map(({ revisions }) => revisions.filter(({ last }) => hasSentence(last)));
  const copies = given.map((some) => some.filter(isCopy));
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
    notes: countNotes(records.flatMap(({ revisions }) => revisions)),
  };
}

function timingRates(
  records: readonly TimingRecord[],
): Pick<EvaluatedSystem, 'msPerToken' | 'firstTokenMs'> {
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
  // A steered loop's name ends in its coefficient.
  const names = [name, name.replace(/@[-+.\de]+$/, '')];
  const alone = names.map((loop) => loop.replace(/^stream-/, 'corrector-alone-'));
  const rivals = new Set(['upstream', ...names, ...alone]);
  return [...rivals].flatMap((over) => {
    const own = answers.get(name);
    const rival = answers.get(over);
    if (!own || !rival || over === name) return [];
    const values = [...own.values()].flatMap(({ problem, right }) => {
      const other = rival.get(problem)?.right ?? null;
      return right === null || other === null ? [] : [Number(right) - Number(other)];
    });
    if (values.length === 0) return [];
    const { mean: gain, ci, n } = bootstrapMean({ values, random: random.fork(`${name}/${over}`) });
    return [{ over, n, gain, ci }];
  });
}
