/** Connections to Redis: what is asked while it is away is answered when it is back. */
import type { Redis, RedisOptions } from 'ioredis';
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { reasonOf } from '../../text/errorSentence.js';
import { Away, isPassing } from '../away.js';

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

/** @throws {@link Away} where it cannot be reached now; where it is no Redis, or wants another password. */
export async function openRedis(url: string): Promise<Redis> {
  // The client takes what it does not know for the path of a socket.
  if (/^[a-z]+:\/\//i.test(url) && !/^rediss?:/i.test(url)) {
    throw new Error(`redis: ${shown(url)} is no address of a Redis (expected redis://host:6379, or rediss:// with TLS)`); // prettier-ignore
  }
  const { Redis: Client } = await import('ioredis');
  await probe(
    new Client(url, { ...redisOptions, lazyConnect: true, retryStrategy: () => null }),
    url,
  );
  return await steadyRedis(url);
}

/** Of each connection, whether Redis has refused it: then nothing that is asked is ever answered. */
const refused = new WeakMap<Redis, AbortSignal>();

/**
 * It may be away now: who waits for an answer gets it when it is back. Where it comes back with
 * another password, the connection is given up.
 */
export async function steadyRedis(url: string): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  const redis = new Client(url, redisOptions);
  const ending = new AbortController();
  // Each question that is on its way listens.
  setMaxListeners(0, ending.signal);
  refused.set(redis, ending.signal);
  redis.on('error', (error: Error) => {
    if (!wantsPassword(error)) return;
    ending.abort(refusal(shown(url), error));
    redis.disconnect();
  });
  return redis;
}

async function probe(redis: Redis, url: string): Promise<void> {
  // What a call throws is only that the connection was closed; the first of these says why.
  let reason: Error | null = null;
  redis.on('error', (error: Error) => (reason ??= error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw refusal(shown(url), reason ?? error);
  } finally {
    redis.disconnect();
  }
}

/** Without its password. */
function shown(url: string): string {
  return url.replace(/\/\/.*@/, '//…@');
}

function wantsPassword(error: unknown): boolean {
  return /NOAUTH|WRONGPASS|password/i.test(reasonOf(error));
}

function refusal(url: string, cause: unknown): Error {
  const reason = reasonOf(cause);
  if (isConnectionError(cause)) {
    // One without TLS waits for the rest of what it takes for a command.
    const plain = url.startsWith('rediss:') ? ' (one without TLS is redis://…)' : '';
    return new Away(`redis: cannot reach ${url}: ${reason}; start it, or give another --redis${plain}`, { cause }); // prettier-ignore
  }
  // Who wants a password speaks of the protocol, too.
  if (/RESP|SSL/.test(reason) && !wantsPassword(cause)) {
    return new Error(`redis: ${url} is no Redis (${reason.trim()}); give another --redis`, { cause }); // prettier-ignore
  }
  const remedy = wantsPassword(cause)
    ? 'give its password: redis://:password@host'
    : 'give another --redis';
  return new Error(`redis: ${url} refuses: ${reason}; ${remedy}`, { cause });
}

/**
 * Does again what a lost connection broke off, for what may be done twice.
 * @throws what Redis itself answers, and where it wants another password by now.
 */
export async function steadily<T>(redis: Redis, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await unlessRefused(redis, ask);
    } catch (error) {
      if (!isConnectionError(error)) throw answered(error);
      await wait(200);
    }
  }
}

/** What Redis itself answers to a command, with what to do about it. */
function answered(error: unknown): unknown {
  const reason = reasonOf(error);
  if (/\bOOM\b/.test(reason)) {
    return new Error(`redis: it has no memory left (${reason}); raise its maxmemory, or keep results elsewhere with --store`, { cause: error }); // prettier-ignore
  }
  if (/\bWRONGTYPE\b/.test(reason)) {
    return new Error(`redis: under a name of the lab it holds something else (${reason}); use another Redis, or delete its keys that begin with ${prefix}:`, { cause: error }); // prettier-ignore
  }
  return error;
}

/** What was on its way when the connection was given up is never answered by the client. */
async function unlessRefused<T>(redis: Redis, ask: () => Promise<T>): Promise<T> {
  const signal = refused.get(redis);
  signal?.throwIfAborted();
  let refuse: () => void = () => undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      refuse = (): void => reject(signal?.reason as Error);
      signal?.addEventListener('abort', refuse, { once: true });
      ask().then(resolve, reject);
    });
  } finally {
    signal?.removeEventListener('abort', refuse);
  }
}

function isConnectionError(error: unknown): boolean {
  const text = error instanceof Error ? error.message : '';
  return isPassing(error) || /connection (is|was|close)|ETIMEDOUT|Socket|^LOADING|max number of clients|Stream isn't writeable/i.test(text); // prettier-ignore
}
