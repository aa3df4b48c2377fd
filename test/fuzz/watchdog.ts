/** Ends a test that hangs: a loop without end blocks the thread that would time it out. */
import { Worker } from 'node:worker_threads';

const source = `
const { workerData: { beats, seconds } } = require('node:worker_threads');
let last = -1;
setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now === last) {
    require('node:fs').writeSync(2, 'watchdog: nothing came of case ' + now + ' in ' + seconds + ' s\\n');
    process.kill(process.pid, 'SIGKILL');
  }
  last = now;
}, seconds * 1000);
`;

/** A thread that kills this process where `beat` is not called for too long (generous: see seconds). */
export function startWatchdog(seconds: number): { beat(i: number): void; stop(): Promise<void> } {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(source, { eval: true, workerData: { beats, seconds } });
  return {
    beat: (i) => void Atomics.store(beats, 0, i),
    stop: async () => void (await thread.terminate()),
  };
}
