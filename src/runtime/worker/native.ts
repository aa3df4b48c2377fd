/**
 * A thread that ends inside native code takes the process along: ONNX Runtime's binding then throws
 * a C++ exception (`Napi::Error`) that nobody catches. Node ends all threads when the process ends,
 * by whatever way: an uncaught error, `process.exit`, or nothing left to do.
 *
 * So a worker says when it is in native code, and the end of the process waits until none is.
 */

/** Shared between a worker and the thread that started it: `[in native code, the process ends]`. */
export type NativeState = Int32Array;

const [inside, ending] = [0, 1] as const;

const started = new Set<NativeState>();
let listens = false;

/** The state of a worker about to be started; the process's end waits for its native code. */
export function watchNative(): NativeState {
  const state = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  started.add(state);
  if (!listens) process.on('exit', awaitNative);
  listens = true;
  return state;
}

/** The worker has ended. */
export function forgetNative(state: NativeState): void {
  started.delete(state);
}

/** Blocks: nothing asynchronous happens any more once a process exits. */
function awaitNative(): void {
  for (const state of started) Atomics.store(state, ending, 1);
  for (const state of started) Atomics.wait(state, inside, 1);
}

let own: NativeState | undefined;

/** In a worker: the state that it was started with. */
export function useNativeState(state: NativeState): void {
  own = state;
}

/** Calls native code. @throws where the process is about to end. */
export async function callNative<T>(call: () => T | Promise<T>): Promise<T> {
  const state = own;
  if (!state) return await call();
  // First said, then asked: the other side does the reverse, so one of them sees the other.
  Atomics.store(state, inside, 1);
  try {
    if (Atomics.load(state, ending) === 1) throw new Error('session: the process ends');
    return await call();
  } finally {
    Atomics.store(state, inside, 0);
    Atomics.notify(state, inside);
  }
}
