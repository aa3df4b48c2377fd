/** Work that files of others can make endless, ended when it takes too long. */
import { createContext, Script } from 'node:vm';

const slot: { work: () => void } = { work: () => undefined };
const context = createContext(slot);
const script = new Script('work()');
let inside = false;

/**
 * Does synchronous work within a time: V8 ends it wherever it is, in a loop or within a regular
 * expression. It costs about 0.05 ms.
 * @param limit.seconds of the clock; generous, since other programs may have the processor;
 *   infinity for work that has its end
 * @param limit.what begins the error, e.g. `tokenizer: ./model/tokenizer.json`
 * @throws what the work throws, and where it takes longer.
 */
export function bounded<T>(work: () => T, limit: { seconds: number; what: string }): T {
  if (inside || limit.seconds === Infinity) return work();
  let done: { value: T } | undefined;
  slot.work = () => {
    done = { value: work() };
  };
  inside = true;
  try {
    script.runInContext(context, { timeout: Math.ceil(limit.seconds * 1000) });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const { what, seconds } = limit;
    throw new Error(
      `${what} takes longer than ${Number(seconds.toPrecision(2))} s; use the files of a model you trust, or a shorter text`,
      { cause: error },
    );
  } finally {
    inside = false;
    slot.work = () => undefined;
  }
  if (done) return done.value;
  throw new Error(`${limit.what} came to no end`);
}

function isTimeout(error: unknown): boolean {
  // The error is of the other context: no instance of this one's Error.
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
