/** Answers judged against the upstream's own, pair by pair: records, and what they come to. */
import { z } from 'zod';
import type { Question } from '../../data/types.js';
import type { Judge } from '../../judge/judge.js';
import { comparePairs, preferredWords, type PreferencePair } from '../../judge/preference.js';
import { winRates, winRatesShape } from '../../judge/winRates.js';
import type { Random } from '../../math/random.js';
import type { Store } from '../../record/store.js';
import { count, fraction, meanOver } from '../../shape/pieces.js';
import { bootstrapMean } from '../../math/bootstrap.js';
import { codePointLength } from '../../text/codePoints.js';
import { batchesOf } from './batches.js';
import { resume, type Unit } from './resume.js';

const preferred = z.enum(preferredWords).nullable();

/** One answer held against the upstream's own; `first` is the answer. */
export const judgedRecord = z.strictObject({
  kind: z.literal('judged'),
  judge: z.string(),
  /** The system, or the corrector, whose answer it is. */
  system: z.string(),
  /** Correction rounds before the upstream went on alone; null: to the end. */
  rounds: count.nullable(),
  problem: z.string(),
  preferred,
  /** What was said in each order, both in these words. */
  orders: z.tuple([preferred, preferred]).optional(),
  /** That the answer is the better one, see `Comparison`. */
  probability: fraction.optional(),
  identical: z.literal(true).optional(),
  /** Unicode code points of the answer, and of the upstream's. */
  characters: z.tuple([count, count]),
});
export type JudgedRecord = z.infer<typeof judgedRecord>;

/** Win rates of one system, after so many rounds, by one judge. */
export const judgedSummary = z.strictObject({
  ...{ judge: z.string(), system: z.string(), rounds: count.nullable() },
  ...winRatesShape.shape,
  /** Of the judged answers. */
  characters: meanOver,
});
export type JudgedSummary = z.infer<typeof judgedSummary>;

/** An answer, and the upstream's own. */
export interface JudgedAnswer extends Pick<JudgedRecord, 'system' | 'rounds'> {
  question: Question;
  answer: string;
  upstream: string;
}

export interface JudgingOptions {
  judges: readonly Judge[];
  answers: readonly JudgedAnswer[];
  done: readonly JudgedRecord[];
  store?: Store | undefined;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Pairs that are kept together: what an interruption costs is paid for already. */
const batchSize = 64;

/** Yields the records that are missing, judge by judge; returns all. */
export async function* judgeAnswers(
  options: JudgingOptions,
): AsyncGenerator<JudgedRecord, JudgedRecord[]> {
  const { judges, answers, store, onProgress, signal } = options;
  const done = new Map(options.done.map((record) => [keyOf(record), record]));
  const keysOf = ({ name }: Judge, some: readonly JudgedAnswer[]): string[] =>
    some.map(({ question, ...place }) => keyOf({ ...place, judge: name, problem: question.id }));
  const ready = new Map(judges.map((judge) => [judge, readyFor(judge, answers)]));
  const wanted = judges.flatMap((judge) => keysOf(judge, ready.get(judge) ?? []));
  for (const judge of judges) {
    const units = batchesOf(ready.get(judge) ?? [], batchSize).map((batch): Unit<JudgedRecord> => ({
      records: keysOf(judge, batch),
      inputs: batch,
      run: () => judgeBatch(judge, batch, signal),
    }));
    const identity = { kind: 'judged', version: 1, name: judge.name, judge: judge.identity };
    const kept = { store, shape: judgedRecord, identity };
    for await (const record of resume({ units, keyOf, done, ...kept, signal })) {
      yield record;
      onProgress?.(wanted.filter((key) => done.has(key)).length, wanted.length);
    }
  }
  return wanted.flatMap((key) => done.get(key) ?? []);
}

function keyOf(about: Pick<JudgedRecord, 'judge' | 'system' | 'rounds' | 'problem'>): string {
  return JSON.stringify([about.judge, about.system, about.rounds, about.problem]);
}

/** Those that people have not rated yet are left to them. */
function readyFor(judge: Judge, answers: readonly JudgedAnswer[]): readonly JudgedAnswer[] {
  if (!judge.waiting) return answers;
  const differing = answers.filter(({ answer, upstream }) => answer !== upstream);
  const waiting = judge.waiting(differing.map(pairOf));
  const left = new Set(differing.filter((_, i) => waiting[i]));
  return answers.filter((answer) => !left.has(answer));
}

function pairOf({ question, answer, upstream }: JudgedAnswer): PreferencePair {
  return { question, first: answer, second: upstream };
}

async function judgeBatch(
  judge: Judge,
  batch: readonly JudgedAnswer[],
  signal: AbortSignal | undefined,
): Promise<JudgedRecord[]> {
  const comparisons = await comparePairs(judge, batch.map(pairOf), { signal });
  return batch.map(({ question, answer, upstream, system, rounds }, i): JudgedRecord => {
    const { orders, ...said } = comparisons[i] ?? { preferred: null };
    return {
      ...{ kind: 'judged', judge: judge.name, system, rounds, problem: question.id },
      ...said,
      ...(orders && { orders: [...orders] }),
      characters: [codePointLength(answer), codePointLength(upstream)],
    };
  });
}

/** By judge, system and rounds, in the order in which they first occur; absent without records. */
export function summariseJudged(
  records: readonly JudgedRecord[],
  random: Random,
): { judged?: JudgedSummary[] } {
  if (records.length === 0) return {};
  const groups = new Map<string, JudgedRecord[]>();
  for (const record of records) {
    const key = keyOf({ ...record, problem: '' });
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  const judged = [...groups.values()].flatMap((own): JudgedSummary[] => {
    const [first] = own;
    if (!first) return [];
    const { judge, system, rounds } = first;
    const pairs = own.map(({ characters: [answer, upstream], ...record }) => {
      return { ...record, lengthDifference: answer - upstream };
    });
    const values = own.map(({ characters: [answer] }) => answer);
    const { mean, ci } = bootstrapMean({ values, random: random.fork('characters') });
    const rates = winRates(pairs, { random: random.fork('judged') });
    return [{ judge, system, rounds, ...rates, characters: { mean, ci } }];
  });
  return { judged };
}

/** What may help where a judge says nothing. */
const moreVerdicts =
  'where a server judges, longer replies (--judge-tokens) or begun ones (--verdict begun) may have one';

/** What must be known before a judge is believed. */
export function judgedWarnings(judged: readonly JudgedSummary[] = []): string[] {
  return [...new Set(judged.map(({ judge }) => judge))].flatMap((judge) => {
    const own = judged.filter((summary) => summary.judge === judge);
    const sum = (of: (one: JudgedSummary) => number): number =>
      own.reduce((total, one) => total + of(one), 0);
    const all = sum(({ n, unjudged }) => n + unjudged);
    const unjudged = sum((one) => one.unjudged);
    const identical = sum((one) => one.identical);
    const asked = sum(({ orderConsistency }) => orderConsistency.n);
    const agreed = sum(({ orderConsistency: { rate, n } }) => (rate ?? 0) * n);
    const share = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;
    return [
      ...(unjudged > 0
        ? [
            `${judge} gave no verdict on ${unjudged} of ${all} pairs, which are left out${2 * unjudged > all - identical ? `; ${moreVerdicts}` : ''}`,
          ]
        : []),
      ...(asked > 0 && agreed / asked < leastConsistency
        ? [
            `${judge} says the same in both orders of only ${share(agreed, asked)} of ${asked} pairs; where it does not, it sees the place and not the answer, and the pair is a tie`,
          ]
        : []),
    ];
  });
}

/** A judge that tosses a coin agrees with itself half of the time. */
export const leastConsistency = 0.7;
