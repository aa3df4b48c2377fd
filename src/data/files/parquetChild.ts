/** The process that decodes parquet: one file after the other, a batch of rows for every message. */
import { Worker } from 'node:worker_threads';
import { parquetBatches } from './parquetBatches.js';
import { libraryFailed, type Batch, type Reply, type Request } from './parquetProcess.js';

/**
 * A loop without end hears of nothing: a thread ends the process where its parent is gone, or where
 * buffers, which are no part of the heap, take more than that (MiB).
 */
const watch = `
const { most, parent } = require('node:worker_threads').workerData;
setInterval(() => {
  if (process.ppid !== parent || process.memoryUsage.rss() > most * 2 ** 20) {
    process.kill(process.pid, 'SIGKILL');
  }
}, 100);
`;
const workerData = { most: Number(process.argv[2]), parent: process.ppid };
new Worker(watch, { eval: true, execArgv: [], workerData }).unref();

let batches: AsyncGenerator<Batch> | undefined;

process.on('message', (request: Request) => void answer(request));
process.on('disconnect', () => process.exit());
// Thrown in a callback of the library's, where nobody can catch it.
process.on('uncaughtException', () => process.exit(libraryFailed));
// Ctrl-C is for the parent to hear.
process.on('SIGINT', () => undefined);

async function answer({ open }: Request): Promise<void> {
  try {
    if (open !== null) batches = parquetBatches(open);
    const next = await batches?.next();
    process.send?.((next?.done === false ? next.value : { done: true }) satisfies Reply);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.send?.({ error: message } satisfies Reply);
  }
}
