/**
 * Parts of a large run, one after the other: what is complete is kept, what fails is reported and
 * costs no other part. Where a part's files lie and how it is computed is handed in.
 */

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

/** Told when a part begins. */
export interface PartStart<P> {
  part: P;
  /** From 1, of all parts. */
  index: number;
  total: number;
  /** Milliseconds until all are done, if the rest goes as what was done so far; null before. */
  left: number | null;
}

export interface RunPartsOptions<P, S> {
  parts: readonly P[];
  /** Which to compute. Default: all; of the others, only what is there is taken. */
  wanted?: (part: P) => boolean;
  /** The summary of a part that is complete, without loading a model; null where it is not. */
  find: (part: P) => Promise<S | null>;
  /** Computes a part, or goes on where an earlier run of it stopped. */
  run: (part: P) => Promise<S>;
  onStart?: (start: PartStart<P>) => void;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
  signal?: AbortSignal;
}

/**
 * The outcome of every part, in their order.
 * @throws the signal's reason, before a part and where a part ends by it; whatever else a part
 * throws becomes its outcome.
 */
export async function* runParts<P extends { expected: number }, S>(
  options: RunPartsOptions<P, S>,
): AsyncGenerator<PartOutcome<P, S>, void> {
  const { parts, wanted = () => true, signal } = options;
  const clock = options.clock ?? ((): number => performance.now());
  const found = new Map<P, PartOutcome<P, S>>();
  for (const part of parts) {
    const outcome = await findPart(part, options);
    if (outcome) found.set(part, outcome);
    else if (!wanted(part)) found.set(part, over(part, 'left out', {}));
  }
  const open = parts.filter((part) => !found.has(part));
  const pace = { expected: 0, spent: 0 };
  for (const [i, part] of parts.entries()) {
    signal?.throwIfAborted();
    const known = found.get(part);
    if (known) {
      yield known;
      continue;
    }
    const rest = open.slice(open.indexOf(part)).reduce((sum, { expected }) => sum + expected, 0);
    options.onStart?.({ part, index: i + 1, total: parts.length, left: timeLeft(pace, rest) });
    const start = clock();
    const outcome = await runPart(part, options, () => clock() - start);
    pace.expected += part.expected;
    pace.spent += clock() - start;
    yield outcome;
  }
}

/** What remains, at the pace of what was done; null while nothing was. */
function timeLeft(pace: { expected: number; spent: number }, rest: number): number | null {
  return pace.expected === 0 ? null : (pace.spent / pace.expected) * rest;
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
  part: P,
  { run, signal }: RunPartsOptions<P, S>,
  elapsed: () => number,
): Promise<PartOutcome<P, S>> {
  try {
    const summary = await run(part);
    return over(part, 'done', { summary, milliseconds: elapsed() });
  } catch (error) {
    // An interruption is no failure of the part: it goes on from its records another time.
    if (signal?.aborted) throw error;
    return over(part, 'failed', { error: messageOf(error), milliseconds: elapsed() });
  }
}

function over<P, S>(
  part: P,
  state: PartState,
  of: Partial<Pick<PartOutcome<P, S>, 'summary' | 'error' | 'milliseconds'>>,
): PartOutcome<P, S> {
  return { part, state, summary: null, error: null, milliseconds: null, ...of };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
