/**
 * Systems over questions: answers, samples, times, judged by the scorers that are handed in. `evaluate`
 * and `compare` are two ways to call it.
 *
 * The unit that is computed, and resumed, as a whole is a batch of questions with all systems: rows
 * computed together never depend on what an earlier run had already recorded. Within a batch the
 * upstream is remembered, so that systems which ask it the same share its answer. `atOnce` batches run
 * side by side. The timings come last and alone, all as one unit.
 */
import type { Question } from '../../data/types.js';
import { checkScorers } from '../../judge/scoreAnswers.js';
import type { Store } from '../../record/store.js';
import { batchesOf } from '../shared/batches.js';
import { judgesAre, whoIs } from '../shared/identities.js';
import { resume, type Unit } from '../shared/resume.js';
import { checkQuestionIds } from '../shared/questionIds.js';
import { firstTwice } from '../../text/firstTwice.js';
import { answerBatch, type BatchOptions } from './batch.js';
import { bestOfSystems, sampleQuestions, type Sampling } from './bestOf.js';
import { answersKey, byKey, keysOf } from './keys.js';
import {
  compareRecord,
  type AnswerRecord,
  type CompareRecord,
  type SamplesRecord,
} from './shape.js';
import type { System } from './systems.js';
import { timeSystems } from './times.js';

/** What is told apart as work goes on. */
export type AnswersPhase = 'answers' | 'timing';

/** How much is done, how, and what is there already. */
export interface AnswersPlan {
  /** Questions computed together, with all systems. Default 32. */
  batchSize?: number;
  /** Batches that run side by side; useful with models in as many copies. Default 1. */
  atOnce?: number;
  /** How many questions, the first ones, are timed one by one. Default 20. */
  timed?: number;
  /**
   * Answers that another experiment has made, e.g. by `streamAnswers`: they are yielded as records
   * of this one. A system that has one for every question is only timed.
   */
  answered?: readonly AnswerRecord[];
  /** In records, those done before included. */
  onProgress?: (phase: AnswersPhase, done: number, total: number) => void;
}

export interface AnswersOptions extends AnswersPlan, Omit<BatchOptions, 'timed'> {
  questions: readonly Question[];
  /** Samples to vote on, where there are any. */
  sampling?: Sampling;
  /**
   * Where answers and samples are kept for other runs; not used where what samples vote for is read
   * by a function of one's own, which has no identity. Times are never kept.
   */
  store?: Store;
  /** Whether nothing is made of the answers but times and the summary, see {@link ResumeOptions.last}. */
  last?: boolean;
  /** Records of an earlier run of the same command; they are not made again. */
  done?: Iterable<CompareRecord>;
}

/**
 * The records that are missing, in a fixed order: answers and samples, batch by batch, then timings.
 * @throws the signal's reason between batches and rounds; systems of one name; questions of one id;
 *   as the scorers do.
 */
export async function* answerQuestions(
  options: AnswersOptions,
): AsyncGenerator<CompareRecord, void> {
  checkNames(options.systems);
  checkQuestionIds(options.questions, 'answers');
  checkScorers(options.scorers);
  const { questions, batchSize = 32, atOnce, signal } = options;
  const done = byKey(options.done ?? []);
  const given = givenAnswers(options);
  const systems = options.systems.filter(
    ({ name }) => !given.some(({ system }) => system === name),
  );
  const run = { ...options, systems, done };
  const shared = { keyOf: answersKey, done, signal };
  const tell = counter('answers', keysToMake(questions, run), run);
  const units = batchesOf(questions, batchSize).flatMap((batch) => batchUnits(batch, run, tell));
  const { store, last } = options;
  const named = !options.sampling || options.sampling.votesBy !== null;
  const kept = named ? { store, shape: compareRecord, identity: identityOf(run) } : {};
  yield* resume<CompareRecord>({ ...shared, units: [recordsUnit(given)] });
  yield* resume({ ...shared, ...kept, units, atOnce, last });
  yield* resume({ ...shared, units: [timingUnit({ ...run, systems: options.systems })] });
}

type Run = Omit<AnswersOptions, 'done'> & { done: ReadonlyMap<string, CompareRecord> };

/** Those of systems that have one for every question. */
function givenAnswers({ systems, questions, answered = [] }: AnswersOptions): AnswerRecord[] {
  const known = new Set(answered.map(answersKey));
  const complete = systems.filter(({ name }) =>
    keysOf({ kind: 'answer', system: name }, questions).every((key) => known.has(key)),
  );
  const wanted = new Set(
    complete.flatMap(({ name }) => keysOf({ kind: 'answer', system: name }, questions)),
  );
  return answered.filter((record) => wanted.has(answersKey(record)));
}

function recordsUnit(records: readonly CompareRecord[]): Unit<CompareRecord> {
  return { records: records.map(answersKey), inputs: null, run: () => Promise.resolve(records) };
}

/** What goes into every batch of answers beside its questions. */
function identityOf(run: Run): unknown {
  const systems = run.systems.map(({ name, identity }) => ({ name, identity }));
  const who = { upstream: whoIs(run.upstream), systems, judges: judgesAre(run) };
  return { kind: 'answers', version: 3, ...who };
}

/** The answers of a batch, and its samples where any are drawn. */
function batchUnits(questions: readonly Question[], run: Run, tell: Tell): Unit<CompareRecord>[] {
  const answers: Unit<CompareRecord> = {
    records: answerKeys(questions, run),
    inputs: questions,
    run: () => tell(answerBatch(questions, { ...run, timed: false })),
  };
  const { sampling, scorers, signal } = run;
  if (!sampling) return [answers];
  const { sampler, counts, votesBy } = sampling;
  const sample = async (): Promise<SamplesRecord[]> =>
    await sampleQuestions(questions, { ...sampling, scorers, signal });
  const records = keysOf({ kind: 'samples' }, questions);
  const inputs = { questions, sampler: whoIs(sampler), samples: Math.max(...counts), votesBy };
  return [answers, { records, inputs, run: () => tell(sample()) }];
}

function answerKeys(questions: readonly Question[], { systems }: Run): string[] {
  return systems.flatMap(({ name }) => keysOf({ kind: 'answer', system: name }, questions));
}

function keysToMake(questions: readonly Question[], run: Run): string[] {
  const samples = run.sampling ? keysOf({ kind: 'samples' }, questions) : [];
  return [...answerKeys(questions, run), ...samples];
}

function timingUnit(run: Run): Unit<CompareRecord> {
  const timed = run.questions.slice(0, run.timed ?? 20);
  const systems: System[] = [...run.systems, ...bestOfSystems(run.sampling)];
  const keys = systems.flatMap(({ name }) => keysOf({ kind: 'timing', system: name }, timed));
  const tell = counter('timing', keys, run);
  const { upstream, clock, signal } = run;
  return {
    records: keys,
    inputs: timed,
    run: () => tell(timeSystems(timed, { systems, upstream, clock, signal })),
  };
}

type Made = AsyncIterable<CompareRecord> | Promise<readonly CompareRecord[]>;
type Tell = (records: Made) => AsyncIterable<CompareRecord>;

/** Passes records on and tells how many of `keys` there are by now. */
function counter(phase: AnswersPhase, keys: readonly string[], { done, onProgress }: Run): Tell {
  let count = keys.filter((key) => done.has(key)).length;
  return async function* (records) {
    for await (const record of Symbol.asyncIterator in records ? records : await records) {
      if (!done.has(answersKey(record))) onProgress?.(phase, ++count, keys.length);
      yield record;
    }
  };
}

function checkNames(systems: readonly System[]): void {
  const twice = firstTwice(systems.map(({ name }) => name));
  if (twice !== undefined) {
    throw new Error(`answers: two systems are called ${twice}; give their models other names`);
  }
}
