/**
 * Parts of a large run: what is complete is kept, what fails is reported and costs no other part.
 * Where a part's files lie and how it is computed is handed in.
 */
import { asTheyEnd } from '../experiment/shared/batches.js';
import { Cancelled } from '../record/claims.js';
import { reasonOf } from '../text/errorSentence.js';

/** Where a part stands when it is over. */
export type PartState =
  /** Computed now. */
  | 'done'
  /** Complete before. */
  | 'kept'
  | 'failed'
  /** Not asked for, and not there from before. */
  | 'left out';

export interface PartOutcome<P, S> {
  part: P;
  state: PartState;
  /** null where it failed or was left out. */
  summary: S | null;
  /** Why it failed, in a line. */
  error: string | null;
  /** Wall time, now; null where nothing was computed. */
  milliseconds: number | null;
}

/** A part that begins, and its place among all. */
export interface PartStart<P> {
  part: P;
  /** From 1, of all parts. */
  index: number;
  total: number;
  /** Milliseconds until all are done, if the rest goes as what was done so far; null before. */
  left: number | null;
}

export interface RunPartsOptions<P, S> {
  /** Those of one turn, which stand together, may run side by side; a turn waits for the one before. */
  parts: readonly P[];
  /** Most parts at a time. Default 1. */
  atOnce?: number;
  /** Which to compute. Default: all; of the others, only what is there is taken. */
  wanted?: (part: P) => boolean;
  /** The summary of a part that is complete, without loading a model; null where it is not. */
  find: (part: P) => Promise<S | null>;
  /** Computes a part, or goes on where an earlier run of it stopped. */
  run: (start: PartStart<P>) => Promise<S>;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
  signal?: AbortSignal;
}

/**
 * The outcome of every part, as they end.
 * @throws the signal's reason, before a part and where a part ends by it, when no part runs any more;
 * whatever else a part throws becomes its outcome.
 */
export async function* runParts<P extends { turn: number; expected: number }, S>(
  options: RunPartsOptions<P, S>,
): AsyncGenerator<PartOutcome<P, S>, void> {
  const { parts, atOnce = 1, wanted = () => true, signal } = options;
  const clock = options.clock ?? ((): number => performance.now());
  const known = new Map<P, PartOutcome<P, S>>();
  for (const part of parts) {
    const outcome = await findPart(part, options);
    if (outcome) known.set(part, outcome);
    else if (!wanted(part)) known.set(part, over(part, 'left out', {}));
  }
  const open = parts.filter((part) => !known.has(part));
  const begun = clock();
  const pace = { done: 0, rest: open.reduce((sum, { expected }) => sum + expected, 0) };
  const work = async (part: P): Promise<PartOutcome<P, S>> => {
    signal?.throwIfAborted();
    const outcome = known.get(part);
    if (outcome) return outcome;
    const start = clock();
    const left = pace.done === 0 ? null : ((start - begun) / pace.done) * pace.rest;
    const place = { part, index: parts.indexOf(part) + 1, total: parts.length, left };
    const ended = await runPart(place, options, () => clock() - start);
    pace.done += part.expected;
    pace.rest -= part.expected;
    return ended;
  };
  for (const turn of new Set(parts.map((part) => part.turn))) {
    const items = parts.filter((part) => part.turn === turn);
    yield* asTheyEnd({ items, atOnce, work });
  }
}

async function findPart<P, S>(
  part: P,
  { find }: RunPartsOptions<P, S>,
): Promise<PartOutcome<P, S> | null> {
  try {
    const summary = await find(part);
    return summary === null ? null : over(part, 'kept', { summary });
  } catch (error) {
    return over(part, 'failed', { error: messageOf(error) });
  }
}

async function runPart<P, S>(
  start: PartStart<P>,
  { run, signal }: RunPartsOptions<P, S>,
  elapsed: () => number,
): Promise<PartOutcome<P, S>> {
  const { part } = start;
  try {
    const summary = await run(start);
    return over(part, 'done', { summary, milliseconds: elapsed() });
  } catch (error) {
    // An interruption is no failure of the part: it goes on from its records another time.
    if (signal?.aborted || error instanceof Cancelled) throw error;
    return over(part, 'failed', { error: messageOf(error), milliseconds: elapsed() });
  }
}

function over<P, S>(
  part: P,
  state: PartState,
  ended: Partial<Pick<PartOutcome<P, S>, 'summary' | 'error' | 'milliseconds'>>,
): PartOutcome<P, S> {
  return { part, state, summary: null, error: null, milliseconds: null, ...ended };
}

function messageOf(error: unknown): string {
  return reasonOf(error);
}
