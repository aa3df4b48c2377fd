/** Many requests at once. */
import { setMaxListeners } from 'node:events';

/** All at once, in order; the first that fails ends the others. */
export async function inOrder<I, T>(
  inputs: readonly I[],
  ask: (input: I, signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T[]> {
  const failing = new AbortController();
  const ending = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal;
  // Every request listens.
  setMaxListeners(0, ending);
  ending.throwIfAborted();
  const asked = inputs.map(async (input) => {
    try {
      return await ask(input, ending);
    } catch (error) {
      if (!failing.signal.aborted) failing.abort(error);
      throw error;
    }
  });
  const settled = await Promise.allSettled(asked);
  signal?.throwIfAborted();
  if (failing.signal.aborted) throw failing.signal.reason;
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
