/** Connections to Redis: what is asked while it is away is answered when it is back. */
import type { Redis, RedisOptions } from 'ioredis';
import { setTimeout as wait } from 'node:timers/promises';
import { reasonOf } from '../../text/errorSentence.js';

/** Every key of the lab begins so. */
export const prefix = 'aligner-lab';

/** A connection on which nothing comes back for so long is made anew, and asked again. */
const silentMilliseconds = 10_000;

const redisOptions: RedisOptions = {
  maxRetriesPerRequest: null,
  connectTimeout: 5000,
  socketTimeout: silentMilliseconds,
  retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
};

/** @throws where it cannot be reached, or is no Redis. */
export async function openRedis(url: string): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  await probe(
    new Client(url, { lazyConnect: true, connectTimeout: 5000, retryStrategy: () => null }),
    url,
  );
  return await steadyRedis(url);
}

/** It may be away now: who waits for an answer gets it when it is back. */
export async function steadyRedis(url: string): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  const redis = new Client(url, redisOptions);
  redis.on('error', () => undefined);
  return redis;
}

async function probe(redis: Redis, url: string): Promise<void> {
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw new Error(
      `redis: cannot reach ${url.replace(/\/\/[^@/]*@/, '//…@')}: ${reasonOf(error)}; start it, or give another --redis`,
      { cause: error },
    );
  } finally {
    redis.disconnect();
  }
}

/**
 * Does again what a lost connection broke off, for what may be done twice.
 * @throws what Redis itself answers.
 */
export async function steadily<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      await wait(200);
    }
  }
}

function isConnectionError(error: unknown): boolean {
  const text = error instanceof Error ? error.message : '';
  return /connection (is|was|close)|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Socket|^LOADING|Stream isn't writeable/i.test(text); // prettier-ignore
}
