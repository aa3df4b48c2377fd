/**
 * The stream loop over models: many answers in lockstep, or one streamed sentence by sentence. The
 * rules are in `loop.ts`; here the models are asked.
 *
 * Rows that are over leave the batch and none joins it, so that which rows are computed together
 * follows from their order and the batch size, never from speed.
 */
import type { Turn } from '../data/types.js';
import type { PrefixCache } from '../runtime/decoder.js';
import { describeContext } from '../runtime/contextLimit.js';
import { notesOf } from '../text/notes.js';
import type { CacheOwner, Correction, Corrector, CorrectOptions } from './corrector.js';
import type { LoopLimits, LoopState, LoopStep, Round, RoundOutcome, StopReason } from './loop.js';
import { applyRound, checkLimits, nextStep, startLoop } from './loop.js';
import {
  requireGoingOn,
  type Upstream,
  type UpstreamOptions,
  type UpstreamText,
} from './upstream.js';

/** Question and prefix leave a model no room for a first word. */
export class NoRoom extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoRoom';
  }
}

/** One answer to be written. */
export interface LoopRow {
  question: string;
  /** Of a conversation: its turns, of which `question` is the text that the corrector reads. */
  turns?: readonly Turn[] | undefined;
  /** Which of several samples is wanted, where the upstream samples. Default 0. */
  sample?: number | undefined;
  /** What already stands in the answer; rounds are counted from there. Default: nothing. */
  prefix?: string;
  /** `[L]`, this row's own; needs `steering`. Default: zeros. */
  coefficient?: Float32Array;
}

/** What one loop needs beside its questions. `sampling` is the corrector's. */
export interface LoopOptions extends LoopLimits, CorrectOptions {
  upstream: Upstream;
  corrector: Corrector;
  /** Replaces the upstream's own. */
  upstreamSampling?: UpstreamOptions['sampling'];
  /**
   * Keep the models' keys and values from round to round, where they can. Default true. With false they
   * are kept where any caller may, of up to 48 rows.
   */
  caches?: boolean;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
}

export interface AlignedAnswer {
  question: string;
  text: string;
  rounds: Round[];
  stop: StopReason;
  /** Wall time of the calls that this answer took part in. */
  milliseconds: number;
  /** Until the upstream's first text (what would be shown without a corrector). */
  firstUpstreamMilliseconds: number | null;
  /** Until the first corrected sentence (the first text a reader sees). */
  firstVisibleMilliseconds: number | null;
}

/** What a batch reports as it happens; `row` is the index into the rows given. */
export type LoopEvent =
  | { kind: 'round'; row: number; round: Round }
  | { kind: 'answer'; row: number; answer: AlignedAnswer };

interface Run {
  row: number;
  input: LoopRow;
  state: LoopState;
  caches: { upstream?: PrefixCache; corrector?: PrefixCache };
  /** Of the prefix, while all of it is the upstream's own. */
  prefixIds: readonly number[] | null;
  /** Of y1, where the upstream gave them. */
  lastIds: readonly number[] | null;
  elapsed: number;
  firstUpstream: number | null;
  firstVisible: number | null;
}

/**
 * Runs all rows at once, in lockstep, and reports every round and every finished answer.
 * @throws the signal's reason, between rounds; what was reported before stands.
 */
export async function* alignBatch(
  options: LoopOptions & { rows: readonly LoopRow[] },
): AsyncGenerator<LoopEvent, void, void> {
  requireGoingOn(options.upstream, 'align');
  const limits = checkLimits(options);
  const runs = options.rows.map((input, row) => openRun(input, row, options));
  try {
    for (;;) {
      const open = runs.filter((run) => run.state.stop === null);
      const first = open[0];
      if (!first) return;
      options.signal?.throwIfAborted();
      // In lockstep all open rows have had the same number of rounds, hence the same next step.
      const step = nextStep(first.state, limits);
      if (step === 'done') return;
      const outcomes = await ask(step, open, options);
      for (const [index, run] of open.entries()) {
        const outcome = outcomes[index];
        if (!outcome) throw new Error(`align: row ${run.row} got no answer from its models`);
        const { state, round } = applyRound(run.state, step, outcome, limits);
        run.state = state;
        run.prefixIds = idsAfter(run, round);
        yield { kind: 'round', row: run.row, round };
        if (state.stop) yield { kind: 'answer', row: run.row, answer: toAnswer(run, state.stop) };
      }
    }
  } finally {
    await closeRuns(runs, options);
  }
}

/**
 * One answer; yields every round as it is done, and returns the answer.
 * @throws {@link NoRoom} where question and prefix leave a model no room for a first word.
 */
export async function* alignStream(
  options: LoopOptions & LoopRow,
): AsyncGenerator<Round, AlignedAnswer, void> {
  const { question, turns, sample, prefix, coefficient } = options;
  const row: LoopRow = { question, turns, sample, prefix, coefficient };
  for await (const event of alignBatch({ ...options, rows: [row] })) {
    if (event.kind === 'answer') return event.answer;
    refuseTooLong(event.round, prefix ?? '');
    yield event.round;
  }
  throw new Error('align: the loop ended without an answer');
}

/** A first round in which nothing could be written says no more than this. */
function refuseTooLong({ index, correction, context }: Round, prefix: string): void {
  if (!context || index > 0 || correction !== '') return;
  const what = prefix === '' ? 'the question leaves' : 'question and prefix leave';
  throw new NoRoom(
    `align: ${what} the ${context.by} no room: ${describeContext(context)}; shorten it, or take a model with more`,
  );
}

/** All answers of one batch, in the order of its rows. */
export async function alignAnswers(
  options: LoopOptions & { rows: readonly LoopRow[] },
): Promise<AlignedAnswer[]> {
  const answers: AlignedAnswer[] = [];
  for await (const event of alignBatch(options)) {
    if (event.kind === 'answer') answers[event.row] = event.answer;
  }
  return answers;
}

/** Rows whose keys and values are kept in memory though nobody asked: some gigabytes with a large model. */
const mostKept = 48;

/** Whether caches may be kept that are not asked for. */
function mayKeep(caches: CacheOwner | undefined, { rows }: { rows: readonly LoopRow[] }): boolean {
  if (!caches?.anywhere) return false;
  return caches.anywhere === 'elsewhere' || rows.length <= mostKept;
}

function openRun(
  input: LoopRow,
  row: number,
  options: LoopOptions & { rows: readonly LoopRow[] },
): Run {
  const caches: Run['caches'] = {};
  const { upstream, corrector, caches: wanted = true } = options;
  if (wanted || mayKeep(upstream.caches, options)) caches.upstream = upstream.caches?.openCache();
  if (wanted || mayKeep(corrector.caches, options)) {
    caches.corrector = corrector.caches?.openCache();
  }
  const state = startLoop(input.question, input.prefix);
  const prefixIds = state.prefix === '' ? [] : null;
  return {
    ...{ row, input, state, caches, prefixIds, lastIds: null },
    ...{ elapsed: 0, firstUpstream: null, firstVisible: null },
  };
}

/** An upstream goes on from its own ids until a sentence is not as it wrote it. */
function idsAfter({ prefixIds, lastIds }: Run, { last, correction }: Round): Run['prefixIds'] {
  return prefixIds && lastIds && last === correction ? [...prefixIds, ...lastIds] : null;
}

async function closeRuns(
  runs: readonly Run[],
  { upstream, corrector }: LoopOptions,
): Promise<void> {
  for (const { caches } of runs) {
    if (caches.upstream) await upstream.caches?.closeCache(caches.upstream);
    if (caches.corrector) await corrector.caches?.closeCache(caches.corrector);
  }
}

function toAnswer(run: Run, stop: StopReason): AlignedAnswer {
  return {
    question: run.input.question,
    text: run.state.prefix,
    rounds: run.state.rounds,
    stop,
    milliseconds: run.elapsed,
    firstUpstreamMilliseconds: run.firstUpstream,
    firstVisibleMilliseconds: run.firstVisible,
  };
}

/** One round of the open rows. */
async function ask(
  step: Exclude<LoopStep, 'done'>,
  open: readonly Run[],
  options: LoopOptions,
): Promise<RoundOutcome[]> {
  const clock = options.clock ?? ((): number => performance.now());
  const start = clock();
  const written =
    step === 'continue-corrector' ? open.map(() => null) : await askUpstream(step, open, options);
  const middle = clock();
  const lasts = written.map((text) => text?.text ?? '');
  const corrections =
    step === 'continue-upstream' ? null : await askCorrector(open, written, options);
  const end = clock();
  return open.map((run, index) => {
    const text = written[index];
    const correction = corrections?.[index];
    const last = lasts[index] ?? '';
    const context = contextOf(text, correction);
    const outcome: RoundOutcome = {
      last,
      correction: corrections ? (correction?.text ?? '') : last,
      upstreamEnded: text?.ended ?? false,
      finish: context ? 'context' : (correction?.finish ?? 'stop'),
      ...(context && { context }),
      tokens: { upstream: text?.tokens ?? 0, corrector: correction?.tokens ?? 0 },
      milliseconds: { upstream: middle - start, corrector: end - middle },
      rows: open.length,
      readings: correction?.readings ?? null,
      ...(correction?.written !== undefined && { written: correction.written }),
      ...notesOf(
        text?.notes?.map(() => 'controlsInLast' as const),
        correction?.notes,
      ),
    };
    run.lastIds = text?.ids ?? null;
    const firstText = text?.firstTextMilliseconds ?? null;
    if (firstText !== null) run.firstUpstream ??= run.elapsed + firstText;
    run.elapsed += end - start;
    if (outcome.correction !== '') run.firstVisible ??= run.elapsed;
    return outcome;
  });
}

function askUpstream(
  step: LoopStep,
  open: readonly Run[],
  { upstream, upstreamSampling: sampling, signal }: LoopOptions,
): ReturnType<Upstream['nextSentences']> {
  const inputs = open.map(({ input, state, caches, prefixIds }) => ({
    question: state.question,
    ...(input.turns && { turns: input.turns }),
    ...(input.sample !== undefined && { sample: input.sample }),
    prefix: state.prefix,
    ...(prefixIds && prefixIds.length > 0 && { prefixIds }),
    cache: caches.upstream,
  }));
  return step === 'correct'
    ? upstream.nextSentences(inputs, { signal, sampling })
    : upstream.finish(inputs, { signal, sampling });
}

/** Whose positions are used up. */
function contextOf(
  text: UpstreamText | null | undefined,
  correction: Correction | undefined,
): Round['context'] {
  if (text?.context) return { ...text.context, by: 'upstream' };
  return correction?.context && { ...correction.context, by: 'corrector' };
}

/** One correction per run; none where the upstream's sentence was cut off, which is none to correct. */
async function askCorrector(
  open: readonly Run[],
  written: readonly (UpstreamText | null)[],
  { corrector, steering, project, sampling, signal }: LoopOptions,
): Promise<(Correction | undefined)[]> {
  const inputs = open.map(({ input, state, caches }, index) => ({
    question: state.question,
    prefix: state.prefix,
    last: written[index]?.text ?? '',
    coefficient: input.coefficient,
    cache: caches.corrector,
  }));
  const asked = inputs.filter((_, index) => !written[index]?.context);
  if (asked.length === 0) return inputs.map(() => undefined);
  const corrections = await corrector.correct(asked, { steering, project, sampling, signal });
  if (corrections.length === inputs.length) return corrections;
  const given = corrections.values();
  return inputs.map((_, index) => (written[index]?.context ? undefined : given.next().value));
}
