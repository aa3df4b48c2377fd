/**
 * Claims on units through BullMQ: a queue for each list of units, a job for each unit. The queue says
 * who may compute what now; whether a unit is done, the store says alone. A job that the queue calls
 * failed, or knows nothing of, may be done.
 */
import { Queue, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Holder } from '../../disk/leases.js';
import type { Claim, OpenClaims, UnitList } from '../../record/claims.js';
import { sha256 } from '../../record/hash.js';
import type { Told } from '../told.js';
import { prefix, steadily } from './connection.js';
import type { Locks } from './locks.js';

/** Of failures, and of deaths. */
const mostAttempts = 3;
const jobsAtOnce = 1000;

export interface QueueOptions {
  redis: Redis;
  locks: Locks;
  holder: Holder;
  /** What results depend on beside their keys, as a part of the queue's name. */
  scope: string;
  /** Whether this machine computes. */
  computes: boolean;
  /** Whether it is the first one, which has tried in vain what an earlier run left as failed. */
  first: boolean;
  lockMilliseconds: number;
  stalledMilliseconds: number;
  told: Told;
}

export class QueueClaims implements OpenClaims {
  readonly givenUp = new Map<string, string>();
  readonly #list: UnitList;
  readonly #options: QueueOptions;
  readonly #queue: Queue;
  readonly #worker: Worker;
  #claims = 0;
  /** Whether there was nothing the last time, since when the store has been looked through. */
  #idle: boolean;
  #isOver = false;

  private constructor(list: UnitList, options: QueueOptions) {
    const { redis: connection, holder, lockMilliseconds, stalledMilliseconds } = options;
    const name = queueName(list, options.scope);
    this.#list = list;
    this.#options = options;
    this.#idle = options.first;
    this.#queue = new Queue(name, { connection, prefix });
    this.#worker = new Worker(name, null, {
      ...{ connection, prefix, name: JSON.stringify(holder), autorun: false },
      ...{ lockDuration: lockMilliseconds, stalledInterval: stalledMilliseconds },
      maxStalledCount: mostAttempts - 1,
    });
    // What goes wrong with the connection is asked again; the rest is thrown where it is asked.
    this.#queue.on('error', () => undefined);
    this.#worker.on('error', () => undefined);
  }

  static async open(list: UnitList, options: QueueOptions): Promise<QueueClaims> {
    const claims = new QueueClaims(list, options);
    try {
      await claims.#begin();
      return claims;
    } catch (error) {
      // An open connection would keep the process.
      await claims[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    if (this.#options.first) await this.#steadily(() => this.#queue.clean(0, 0, 'failed'));
    // It waits for the connection by itself, and looks for dead machines' jobs from now on.
    void this.#worker.startStalledCheckTimer().catch(() => undefined);
  }

  #steadily<T>(ask: () => Promise<T>): Promise<T> {
    return steadily(this.#options.redis, ask);
  }

  async next(wanted: (key: string) => boolean): Promise<Claim | null> {
    await this.#options.told.check();
    const taken = await this.#take();
    const wasIdle = this.#idle;
    this.#idle = taken === null;
    if (taken) return taken;
    await this.#lookForFailed();
    // Else what others have done meanwhile would be queued again.
    if (!wasIdle) return null;
    return (await this.#fill(wanted)) ? await this.#take() : null;
  }

  async #take(): Promise<Claim | null> {
    const { computes, holder } = this.#options;
    if (!computes) return null;
    const token = `${holder.id}:${++this.#claims}`;
    const job = await this.#steadily(() => this.#worker.getNextJob(token, { block: false }));
    // The types leave out that there may be none.
    return (job as Job | undefined) ? this.#claimOf(job, token) : null;
  }

  #claimOf(job: Job, token: string): Claim {
    const { locks } = this.#options;
    const key = job.id ?? '';
    const held = { queue: this.#queue.name, job: key, token };
    locks.hold(held);
    const end = async (say: () => Promise<unknown>): Promise<void> => {
      locks.drop(held);
      // Where the lock was lost, another has the job: the store says who was first.
      await say().catch(() => undefined);
    };
    return {
      key,
      done: () => end(() => job.moveToCompleted(null, token, false)),
      release: () => end(() => job.moveToWait(token)),
      fail: (reason) => end(() => job.moveToFailed(new Error(reason), token)),
    };
  }

  async #lookForFailed(): Promise<void> {
    const failed = await this.#steadily(() => this.#queue.getFailed());
    for (const { id, failedReason } of failed) {
      if (id !== undefined) this.givenUp.set(id, failedReason || 'no reason given');
    }
  }

  /**
   * Queues what is wanted where nothing is queued: at the beginning, and where Redis has lost it.
   * @returns whether anything is queued now, by this machine or another
   */
  async #fill(wanted: (key: string) => boolean): Promise<boolean> {
    const kinds = ['waiting', 'active', 'delayed', 'prioritized'] as const;
    const counts = await this.#steadily(() => this.#queue.getJobCounts(...kinds));
    const { active = 0, ...queued } = counts;
    if (Object.values(queued).some((count) => count > 0)) return true;
    if (active > 0) return false;
    const keys = this.#list.keys.filter((key) => wanted(key) && !this.givenUp.has(key));
    for (let at = 0; at < keys.length; at += jobsAtOnce) {
      const jobs = keys.slice(at, at + jobsAtOnce).map((jobId) => ({
        name: this.#list.kind,
        data: null,
        // A job of that name that is there already stays as it is.
        opts: { jobId, attempts: mostAttempts, removeOnComplete: true },
      }));
      await this.#steadily(() => this.#queue.addBulk(jobs));
    }
    return keys.length > 0;
  }

  tell(done: number): void {
    this.#isOver = done === this.#list.keys.length;
    this.#options.told.tell({ kind: this.#list.kind, done, total: this.#list.keys.length });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.close(true).catch(() => undefined);
    // What others have queued again, who had not seen the last results.
    if (this.#isOver && this.#options.first) {
      await this.#queue.obliterate({ force: true }).catch(() => undefined);
      await this.#steadily(() => this.#options.redis.hdel(queuesName, this.#queue.name));
    }
    await this.#queue.close().catch(() => undefined);
  }
}

/** A hash of the queues there are, by the run that uses each. */
export const queuesName = `${prefix}:queues`;

/** The same on every machine. */
export function queueName({ kind, keys }: UnitList, scope: string): string {
  return `${kind.replaceAll(/\W/g, '-')}-${scope}-${sha256(keys.join('\n')).slice(0, 16)}`;
}
