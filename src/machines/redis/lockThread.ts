/**
 * The thread that keeps this process's locks, since a model's run may hold the main one for minutes:
 * BullMQ's own renewal runs on the main thread, loses the lock then, and has the job done twice.
 */
import { Job, Queue } from 'bullmq';
import { parentPort, workerData } from 'node:worker_threads';
import { prefix, steadyRedis } from './connection.js';

export interface Held {
  queue: string;
  job: string;
  token: string;
}

export type LockMessage = { hold: Held } | { drop: Held };

export interface LockThreadData {
  url: string;
  lockMilliseconds: number;
}

const { url, lockMilliseconds } = workerData as LockThreadData;
const redis = await steadyRedis(url);
const queues = new Map<string, Queue>();
const held = new Map<string, Held>();

parentPort?.on('message', (message: LockMessage) => {
  if ('hold' in message) held.set(message.hold.token, message.hold);
  else held.delete(message.drop.token);
});

setInterval(() => void extendAll(), lockMilliseconds / 4);

async function extendAll(): Promise<void> {
  for (const { queue, job, token } of held.values()) {
    // One that is lost stays lost: whoever finishes first has done it.
    await extend(queue, job, token).catch(() => undefined);
  }
}

async function extend(name: string, id: string, token: string): Promise<void> {
  let queue = queues.get(name);
  if (!queue) {
    queue = new Queue(name, { connection: redis, prefix });
    queue.on('error', () => undefined);
    queues.set(name, queue);
  }
  const job = await Job.fromId(queue, id);
  await job?.extendLock(token, lockMilliseconds);
}
