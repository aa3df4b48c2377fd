/** The locks that this process holds in Redis, kept by a thread of its own. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Held, LockMessage, LockThreadData } from './lockThread.js';

export interface Locks extends AsyncDisposable {
  hold(held: Held): void;
  drop(held: Held): void;
}

export function openLocks(workerData: LockThreadData): Locks {
  const thread = new Worker(threadFile(), { execArgv: [], workerData });
  thread.unref();
  // Without it locks run out, and units are done twice: slower, and right.
  thread.on('error', () => undefined);
  const say = (message: LockMessage): void => thread.postMessage(message);
  return {
    hold: (held) => say({ hold: held }),
    drop: (held) => say({ drop: held }),
    [Symbol.asyncDispose]: async () => void (await thread.terminate()),
  };
}

function threadFile(): string {
  const source = import.meta.url.endsWith('.ts');
  const file = source ? '../../../dist/machines/redis/lockThread.js' : './lockThread.js';
  return fileURLToPath(new URL(file, import.meta.url));
}
