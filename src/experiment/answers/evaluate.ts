/**
 * How often each system is right, over the same problems, judged by functions that are handed in.
 *
 * The unit that is computed, and resumed, as a whole is a batch of problems with all systems: rows
 * computed together never depend on what an earlier run had already recorded. Within a batch the
 * upstream is remembered, so that systems which ask it the same share its answer.
 */
import { memoiseUpstream } from '../../align/memo.js';
import type { Upstream } from '../../align/upstream.js';
import type { Annotation, Fault, Problem, Quality } from '../../data/types.js';
import { batchesOf } from '../shared/batches.js';
import type { Revision, System, SystemAnswer } from './systems.js';

/** The exact solver's word, or any other judge's. */
export interface Judge {
  isRight(problem: Problem, answer: string): boolean;
  annotate(place: { problem: Problem; prefix: string; last: string }): Annotation;
}

/** A revision with the judge's word on y1 (its quality and fault) and on y2 in its place. */
export interface JudgedRevision extends Revision {
  quality: Quality;
  fault: Fault | null;
  /** null where y2 is empty. */
  after: Quality | null;
}

/** One system's answer to one problem. */
export interface AnswerRecord {
  kind: 'answer';
  system: string;
  problem: string;
  unseenFamily: boolean;
  right: boolean;
  answer: string;
  stop: SystemAnswer['stop'];
  /** Sentence by sentence for a loop; the whole answer, unjudged, for an Aligner. */
  revisions: (Revision | JudgedRevision)[];
}

/** One system on one problem by itself, without company in the batch. */
export interface TimingRecord {
  kind: 'timing';
  system: string;
  problem: string;
  tokens: number;
  milliseconds: number;
  firstTextMilliseconds: number | null;
}

export type EvaluateRecord = AnswerRecord | TimingRecord;

export interface EvaluateOptions {
  systems: readonly System[];
  upstream: Upstream;
  problems: readonly Problem[];
  judge: Judge;
  /** Problems computed together. Default 32. */
  batchSize?: number;
  /** How many problems, the first ones, are timed one by one. Default 20. */
  timed?: number;
  /** Records of an earlier run of the same command; they are not made again. */
  done?: Iterable<EvaluateRecord>;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
  signal?: AbortSignal;
}

/**
 * The records that are missing, in a fixed order: all answers, batch by batch, then the timings.
 * @throws the signal's reason between batches and rounds; names that occur twice.
 */
export async function* evaluate(options: EvaluateOptions): AsyncGenerator<EvaluateRecord, void> {
  yield* answerProblems(options);
  yield* timeSystems(options);
}

/** The answers of {@link evaluate} alone. */
export async function* answerProblems(
  options: EvaluateOptions,
): AsyncGenerator<EvaluateRecord, void> {
  checkNames(options.systems);
  for (const problems of batchesOf(options.problems, options.batchSize ?? 32)) {
    yield* missing('answer', problems, options, () => answerBatch(problems, options));
  }
}

/** The timings of {@link evaluate} alone: all of them are one unit of work. */
export async function* timeSystems(options: EvaluateOptions): AsyncGenerator<EvaluateRecord, void> {
  checkNames(options.systems);
  const timed = options.problems.slice(0, options.timed ?? 20);
  yield* missing('timing', timed, options, () => timeProblems(timed, options));
}

/** Runs a unit of work unless all its records exist; yields those that do not. */
async function* missing(
  kind: EvaluateRecord['kind'],
  problems: readonly Problem[],
  options: EvaluateOptions,
  work: () => AsyncGenerator<EvaluateRecord>,
): AsyncGenerator<EvaluateRecord> {
  const done = new Set(Array.from(options.done ?? [], recordKey));
  const keys = options.systems.flatMap((system) =>
    problems.map((problem) => recordKey({ kind, system: system.name, problem: problem.id })),
  );
  if (keys.every((key) => done.has(key))) return;
  for await (const record of work()) if (!done.has(recordKey(record))) yield record;
}

async function* answerBatch(
  problems: readonly Problem[],
  options: EvaluateOptions,
): AsyncGenerator<AnswerRecord> {
  const upstream = memoiseUpstream(options.upstream);
  for (const system of options.systems) {
    const answers = await askSystem(system, problems, { ...options, upstream });
    for (const [index, problem] of problems.entries()) {
      yield toRecord(system, problem, answerAt(answers, index, system), options.judge);
    }
  }
}

async function* timeProblems(
  problems: readonly Problem[],
  options: EvaluateOptions,
): AsyncGenerator<TimingRecord> {
  const timing = { ...options, timing: true };
  // The first run of a session pays for what later ones find ready.
  for (const system of options.systems) await askSystem(system, problems.slice(0, 1), timing);
  // All systems in turn, so that a machine that slows down for a while is slow for all of them.
  for (const problem of problems) {
    for (const system of options.systems) {
      const [answer] = await askSystem(system, [problem], timing);
      if (!answer) throw new Error(`evaluate: ${system.name} gave no answer to ${problem.id}`);
      const { tokens, milliseconds, firstTextMilliseconds } = answer;
      const names = { system: system.name, problem: problem.id };
      yield { kind: 'timing', ...names, tokens, milliseconds, firstTextMilliseconds };
    }
  }
}

function askSystem(
  system: System,
  problems: readonly Problem[],
  options: EvaluateOptions & { timing?: boolean },
): Promise<SystemAnswer[]> {
  const { upstream, signal, timing = false } = options;
  const clock = options.clock ?? ((): number => performance.now());
  signal?.throwIfAborted();
  const questions = problems.map(({ question }) => question);
  return system.answer({ questions, upstream, clock, timed: timing, ...(signal && { signal }) });
}

function answerAt(answers: readonly SystemAnswer[], index: number, system: System): SystemAnswer {
  const answer = answers[index];
  if (!answer) {
    throw new Error(`evaluate: ${system.name} left questions open (got ${answers.length} answers)`);
  }
  return answer;
}

function toRecord(
  system: System,
  problem: Problem,
  answer: SystemAnswer,
  judge: Judge,
): AnswerRecord {
  return {
    kind: 'answer',
    system: system.name,
    problem: problem.id,
    unseenFamily: problem.unseenFamily,
    right: judge.isRight(problem, answer.text),
    answer: answer.text,
    stop: answer.stop,
    revisions:
      system.unit === 'sentence'
        ? answer.revisions.map((revision) => judgeRevision(problem, revision, judge))
        : answer.revisions,
  };
}

/** What the judge says of a sentence, and of its correction in the same place. */
export function judgeRevision(
  problem: Problem,
  revision: Revision,
  { annotate }: Pick<Judge, 'annotate'>,
): JudgedRevision {
  const { prefix, last, correction } = revision;
  const { quality, fault } = annotate({ problem, prefix, last });
  const after = correction === '' ? null : annotate({ problem, prefix, last: correction }).quality;
  return { prefix, last, correction, quality, fault, after };
}

/** What a record is about; two runs of one command make the same keys. */
export function recordKey(record: Pick<EvaluateRecord, 'kind' | 'system' | 'problem'>): string {
  return `${record.kind}/${record.system}/${record.problem}`;
}

function checkNames(systems: readonly System[]): void {
  const names = systems.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Error(`evaluate: two systems are called ${twice}; give their models other names`);
  }
}
