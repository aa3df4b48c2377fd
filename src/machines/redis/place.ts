/** Redis as the place where machines meet. Results may lie in a folder that they share instead. */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { hostname } from 'node:os';
import type { Attempt, Holder, OpenWork } from '../../disk/leases.js';
import { ownerMark } from '../../disk/owner.js';
import type { Store } from '../../record/store.js';
import { scopeOf, type Joining, type Place } from '../place.js';
import { openRedis, prefix, steadily } from './connection.js';
import { openLocks } from './locks.js';
import { QueueClaims, queueName, queuesName, type QueueOptions } from './queueClaims.js';
import { redisNotes, redisStore } from './store.js';

/** Longer than Redis or the network may be away: work that goes on meanwhile is not given to others. */
const lockMilliseconds = 60_000;
const stalledMilliseconds = 10_000;

export interface RedisPlaceOptions {
  url: string;
  /** Where results lie, apart by what they depend on beside their keys. Default: in Redis. */
  results?: (about: unknown) => Store;
  lockMilliseconds?: number;
  stalledMilliseconds?: number;
}

/** @throws as {@link openRedis} */
export async function redisPlace(options: RedisPlaceOptions): Promise<Place> {
  const redis = await openRedis(options.url);
  return {
    notes: redisNotes(redis),
    join(how) {
      const holder = { id: ownerMark(), host: hostname(), pid: process.pid };
      const lock = options.lockMilliseconds ?? lockMilliseconds;
      const locks = openLocks({ url: options.url, lockMilliseconds: lock });
      const given = queueOptions(how, { ...options, redis, locks, holder });
      return Promise.resolve({
        store: {
          ...(options.results?.(how.about) ?? redisStore(redis, how.about)),
          claims: {
            async open(list) {
              const name = queueName(list, given.scope);
              await steadily(redis, () => redis.hset(queuesName, name, how.run));
              return await QueueClaims.open(list, given);
            },
          },
        },
        holder,
        [Symbol.asyncDispose]: () => locks[Symbol.asyncDispose](),
      });
    },
    async work() {
      const names = await steadily(redis, () => redis.hgetall(queuesName));
      const each = Object.entries(names).map(([name, run]) => workIn(name, run, redis));
      return (await Promise.all(each)).flat();
    },
    // The queue finds that out by itself, and then a unit is not active any more.
    isDead: () => Promise.resolve(false),
    [Symbol.asyncDispose]: async () => void (await redis.quit().catch(() => undefined)),
  };
}

function queueOptions(
  { about, told, computes = true, first = true }: Joining,
  given: RedisPlaceOptions & Pick<QueueOptions, 'redis' | 'locks' | 'holder'>,
): QueueOptions {
  const { redis, locks, holder } = given;
  return {
    ...{ redis, locks, holder, told, computes, first, scope: scopeOf(about) },
    lockMilliseconds: given.lockMilliseconds ?? lockMilliseconds,
    stalledMilliseconds: given.stalledMilliseconds ?? stalledMilliseconds,
  };
}

/** Units of a queue that run, and those that were tried in vain. */
async function workIn(name: string, run: string, connection: Redis): Promise<OpenWork[]> {
  const queue = new Queue(name, { connection, prefix });
  queue.on('error', () => undefined);
  try {
    const [active, failed] = [await queue.getActive(), await queue.getFailed()];
    return [...active, ...failed].map((job) => {
      const { id = '', processedBy, processedOn = 0, failedReason } = job;
      const since = new Date(processedOn).toISOString();
      const attempt: Attempt = { ...holderIn(processedBy), run, since };
      const failures = failedReason ? [failedReason] : [];
      return { key: id, attempt, ended: failed.includes(job), failures };
    });
  } finally {
    await queue.close();
  }
}

function holderIn(name: string | undefined): Holder {
  const unknown = { id: '', host: 'unknown', pid: 0 };
  return { ...unknown, ...(JSON.parse(name ?? '{}') as Partial<Holder>) };
}
