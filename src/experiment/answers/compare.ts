/**
 * Systems compared over the same problems: the upstream alone, the loop with each corrector, the
 * Aligners, proxy-tuning, the fine-tuned upstreams, and best-of-n of the upstream (Figures 6 and 7 of
 * the paper, and its times).
 *
 * The unit of answers is a batch of problems with all systems; `atOnce` of them run side by side.
 * The timings come last and alone, one problem at a time, all as one unit.
 */
import type { Problem } from '../../data/types.js';
import { createRandom } from '../../math/random.js';
import { extractAnswer } from '../../text/answers.js';
import { batchesOf, sideBySide } from '../shared/batches.js';
import { sampleProblems } from './bestOf.js';
import { bestOfSystems, comparedSystems, sampleCounts } from './comparedSystems.js';
import { summariseCompare } from './compareSummary.js';
import type { CompareOptions, CompareRecord, CompareSummary } from './compareTypes.js';
import {
  answerProblems,
  timeSystems,
  type AnswerRecord,
  type EvaluateOptions,
} from './evaluate.js';
import type { RoundsRecord } from '../rounds/types.js';

/**
 * Yields the records that are missing, answers first, and returns the summary of all.
 * @throws the signal's reason; names that occur twice; numbers of samples that do not ascend.
 */
export async function* runCompare(
  options: CompareOptions,
): AsyncGenerator<CompareRecord, CompareSummary> {
  const { problems, seed } = options;
  const entries = comparedSystems(options);
  const all = new Map((options.done ?? []).map((record) => [compareKey(record), record]));
  const run = planRun(options, all);
  for await (const record of missingRecords(run)) {
    if (all.has(compareKey(record))) continue;
    options.signal?.throwIfAborted();
    all.set(compareKey(record), record);
    yield record;
  }
  return summariseCompare({
    upstream: options.upstream.name,
    entries: entries.map(({ system, ...entry }) => ({ name: system.name, ...entry })),
    samples: sampleCounts(options),
    problems: problems.map(({ id }) => id),
    records: [...all.values()],
    random: createRandom(seed).fork('compare'),
  });
}

/** The answers of the loops of {@link runRounds}, as its correctors' systems here would give them. */
export function streamAnswers(records: Iterable<RoundsRecord>): AnswerRecord[] {
  return Array.from(records, ({ corrector, problem, unseenFamily, classic, revisions }) => ({
    kind: 'answer',
    system: `stream-${corrector}`,
    problem,
    unseenFamily,
    right: classic.right,
    answer: classic.text,
    stop: classic.stop,
    revisions,
  }));
}

interface Run {
  options: CompareOptions;
  done: ReadonlyMap<string, CompareRecord>;
  /** Answers from elsewhere, of systems that have one for every problem. */
  given: AnswerRecord[];
  /** What the evaluation of the other systems takes. */
  answering: EvaluateOptions;
  timing: EvaluateOptions;
  finalAnswer: (text: string) => string | null;
}

function planRun(options: CompareOptions, done: Run['done']): Run {
  const { upstream, problems, judge, signal, clock, answered = [] } = options;
  const { finalAnswer = extractAnswer } = options;
  const systems = comparedSystems(options).map(({ system }) => system);
  const known = new Set(answered.map(compareKey));
  const isGiven = (system: string): boolean =>
    problems.every(({ id }) => known.has(compareKey({ kind: 'answer', system, problem: id })));
  const given = new Set(systems.map(({ name }) => name).filter(isGiven));
  const ids = new Set(problems.map(({ id }) => id));
  const evaluated = [...done.values()].filter((record) => record.kind !== 'samples');
  const shared = { upstream, problems, judge, done: evaluated, ...(signal && { signal }) };
  const timed = Math.min(options.timed ?? 20, problems.length);
  return {
    options,
    done,
    given: answered.filter(({ system, problem }) => given.has(system) && ids.has(problem)),
    answering: { ...shared, systems: systems.filter(({ name }) => !given.has(name)) },
    timing: {
      ...{ ...shared, timed, ...(clock && { clock }) },
      systems: [...systems, ...bestOfSystems(options, finalAnswer)],
    },
    finalAnswer,
  };
}

async function* missingRecords(run: Run): AsyncGenerator<CompareRecord> {
  const { options, given, timing } = run;
  yield* given;
  const items = batchesOf(options.problems, options.batchSize ?? 32);
  const count = counter(run, 'answers');
  const work = (batch: readonly Problem[]): Promise<CompareRecord[]> =>
    answerBatch(batch, run, count);
  for await (const records of sideBySide({ items, atOnce: options.atOnce ?? 1, work })) {
    yield* records;
  }
  const countTiming = counter(run, 'timing');
  for await (const record of timeSystems(timing)) {
    countTiming();
    yield record;
  }
}

/** The missing records of a batch. */
async function answerBatch(
  problems: readonly Problem[],
  { options, done, answering, finalAnswer }: Run,
  count: () => void,
): Promise<CompareRecord[]> {
  const records: CompareRecord[] = [];
  const batch = { ...answering, problems, batchSize: Math.max(1, problems.length) };
  for await (const record of answerProblems(batch)) {
    count();
    records.push(record);
  }
  const samples = Math.max(0, ...sampleCounts(options));
  const sampled = problems.every(({ id }) => done.has(`samples/${id}`));
  if (!options.sampler || sampled) return records;
  const { sampler, judge, signal } = options;
  const request = { sampler, samples, finalAnswer, judge, ...(signal && { signal }) };
  for (const record of await sampleProblems(problems, request)) {
    if (!done.has(compareKey(record))) count();
    records.push(record);
  }
  return records;
}

/** Tells how many records of a phase there are, each time that it is called. */
function counter({ options, done, answering, timing }: Run, phase: 'answers' | 'timing') {
  const { problems, sampler, onProgress } = options;
  const timed = timing.timed ?? 0;
  const total =
    phase === 'timing'
      ? timing.systems.length * timed
      : (answering.systems.length + Number(sampler !== undefined)) * problems.length;
  const systems = new Set((phase === 'timing' ? timing : answering).systems.map((s) => s.name));
  let count = [...done.values()].filter((record) =>
    phase === 'timing'
      ? record.kind === 'timing'
      : record.kind === 'samples' || (record.kind === 'answer' && systems.has(record.system)),
  ).length;
  return (): void => onProgress?.(phase, ++count, total);
}

/** What a record is about; two runs of one command make the same keys. */
function compareKey(
  record:
    | Pick<Exclude<CompareRecord, { kind: 'samples' }>, 'kind' | 'system' | 'problem'>
    | { kind: 'samples'; problem: string },
): string {
  if (record.kind === 'samples') return `samples/${record.problem}`;
  return `${record.kind}/${record.system}/${record.problem}`;
}
