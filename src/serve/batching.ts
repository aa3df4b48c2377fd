/**
 * Corrections of concurrent requests in one run. While a model runs, whoever wants a sentence waits in
 * a line; the next run takes those that wait. Nobody waits for a batch to fill. A row's result is what
 * it is alone: rows have their own coefficients and their own caches, and where a run of several fails,
 * each is tried alone, so that a fault stays with its own request. Where more wait than a run takes, or
 * rows have very unequal amounts to read, the first in line goes with those that are most like it.
 */
import type { Correction, Corrector, CorrectionInput, CorrectOptions } from '../align/corrector.js';
import type { Upstream, UpstreamInput, UpstreamOptions, UpstreamText } from '../align/upstream.js';
import { Unread } from './unread.js';

export interface BatchOptions {
  /** Most rows of a run. */
  most: number;
  /** Most letters that rows of a run are filled up with to the longest of them. Default: any number. */
  filling?: number;
  /** Told of every run. */
  onRun?: (run: { rows: number; milliseconds: number }) => void;
  clock?: () => number;
}

/** What a run is asked for; `signal` aborts once nobody wants any of its rows. */
type Run<I, H, O> = (inputs: I[], how: H, signal: AbortSignal) => Promise<O[]>;

interface Job<I, H, O> {
  input: I;
  /** What rows of one run have in common, and its name: jobs of one name may share a run. */
  how: H;
  group: string;
  /** Letters that the model has yet to read; see {@link Unread}. */
  unread: number;
  signal: AbortSignal | undefined;
  resolve: (value: O) => void;
  reject: (reason: unknown) => void;
}

/** A line in front of something that takes many rows at once. */
export class Batcher<I, H, O> {
  readonly #run: Run<I, H, O>;
  readonly #options: BatchOptions;
  #waiting: Job<I, H, O>[] = [];
  #running = false;

  constructor(run: Run<I, H, O>, options: BatchOptions) {
    this.#run = run;
    this.#options = options;
  }

  /**
   * One row. A row that is aborted while it waits leaves the line at once; one that runs is rejected
   * when its run is over, since until then the model writes to its cache.
   * @throws why its run failed; the signal's reason.
   */
  ask(input: I, asked: Pick<Job<I, H, O>, 'how' | 'group' | 'unread' | 'signal'>): Promise<O> {
    const { signal } = asked;
    return new Promise<O>((resolve, reject) => {
      if (signal?.aborted) return reject(toError(signal.reason));
      const job: Job<I, H, O> = { ...asked, input, resolve, reject };
      const leave = (): void => {
        if (!this.#waiting.includes(job)) return;
        this.#waiting = this.#waiting.filter((other) => other !== job);
        reject(toError(signal?.reason));
      };
      signal?.addEventListener('abort', leave, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', leave);
      job.resolve = (value) => (settled(), resolve(value));
      job.reject = (reason) => (settled(), reject(toError(reason)));
      this.#waiting.push(job);
      this.#start();
    });
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    // Whoever asks within the same turn of the event loop comes along.
    setImmediate(() => void this.#work());
  }

  async #work(): Promise<void> {
    for (let jobs = this.#take(); jobs.length > 0; jobs = this.#take()) await this.#perform(jobs);
    this.#running = false;
  }

  /** The first in line, and those behind it that may share its run: the most alike, in their order. */
  #take(): Job<I, H, O>[] {
    const [first] = this.#waiting;
    if (!first) return [];
    const { most, filling = Infinity } = this.#options;
    const unlike = ({ unread }: Job<I, H, O>): number => Math.abs(unread - first.unread);
    const alike = this.#waiting
      .filter((job) => job.group === first.group)
      .sort((a, b) => unlike(a) - unlike(b));
    const jobs = filledUpTo(filling, alike.slice(0, most));
    const taken = new Set(jobs);
    this.#waiting = this.#waiting.filter((job) => !taken.has(job));
    return jobs;
  }

  async #perform(jobs: readonly Job<I, H, O>[]): Promise<void> {
    const [first] = jobs;
    if (!first) return;
    const { onRun, clock = (): number => performance.now() } = this.#options;
    const start = clock();
    const { signal, release } = whenAllAbort(jobs);
    try {
      const inputs = jobs.map(({ input }) => input);
      const results = await this.#run(inputs, first.how, signal);
      jobs.forEach((job, i) => settle(job, results[i]));
      onRun?.({ rows: jobs.length, milliseconds: clock() - start });
    } catch (error) {
      if (jobs.length === 1 || signal.aborted)
        jobs.forEach((job) => job.reject(reasonFor(job, error))); // prettier-ignore
      else for (const job of jobs) await this.#perform([job]);
    } finally {
      release();
    }
  }
}

/** The first rows, as many as are filled up with no more than so many letters. */
function filledUpTo<J extends { unread: number }>(filling: number, jobs: readonly J[]): J[] {
  let [longest, letters] = [0, 0];
  const end = jobs.findIndex(({ unread }, i) => {
    longest = Math.max(longest, unread);
    letters += unread;
    return (i + 1) * longest - letters > filling;
  });
  return end < 0 ? [...jobs] : jobs.slice(0, end);
}

function settle<I, H, O>(job: Job<I, H, O>, result: O | undefined): void {
  if (job.signal?.aborted) job.reject(job.signal.reason);
  else if (result === undefined) job.reject(new Error('batch: a row got no answer from its model'));
  else job.resolve(result);
}

type Waiting = Pick<Job<unknown, unknown, unknown>, 'signal'>;

function reasonFor({ signal }: Waiting, error: unknown): unknown {
  return signal?.aborted ? signal.reason : error;
}

/** Aborts once nobody wants any of the rows. */
function whenAllAbort(jobs: readonly Waiting[]): {
  signal: AbortSignal;
  release: () => void;
} {
  const ending = new AbortController();
  const check = (): void => {
    if (jobs.every(({ signal }) => signal?.aborted)) ending.abort(jobs[0]?.signal?.reason);
  };
  jobs.forEach(({ signal }) => signal?.addEventListener('abort', check));
  check();
  const release = (): void =>
    jobs.forEach(({ signal }) => signal?.removeEventListener('abort', check));
  return { signal: ending.signal, release };
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** A corrector whose callers share runs. Closing it leaves the corrector open. */
export function batchedCorrector(corrector: Corrector, options: BatchOptions): Corrector {
  const names = new GroupNames();
  const unread = new Unread();
  type How = Omit<CorrectOptions, 'signal'>;
  const batcher = new Batcher(
    (inputs: CorrectionInput[], how: How, signal) => corrector.correct(inputs, { ...how, signal }),
    options,
  );
  return {
    ...corrector,
    ...(corrector.caches && { caches: withoutWaiting(corrector.caches) }),
    correct: async (inputs, { signal, ...how } = {}) => {
      const asked = { how, group: names.of(how), signal };
      const ask = (input: CorrectionInput): Promise<Correction> => {
        const { cache, question, prefix, last } = input;
        // Its prompt ends with y1, and y1 is another in every round.
        const letters = unread.next(cache, question + prefix) + last.length;
        return batcher.ask(input, { ...asked, unread: letters });
      };
      return await Promise.all(inputs.map(ask));
    },
  };
}

/** An upstream whose callers share runs. Closing it leaves the upstream open. */
export function batchedUpstream(upstream: Upstream, options: BatchOptions): Upstream {
  const names = new GroupNames();
  const unread = new Unread();
  type How = Omit<UpstreamOptions, 'signal'>;
  const each = (ask: Upstream['nextSentences']): Upstream['nextSentences'] => {
    const batcher = new Batcher(
      (inputs: UpstreamInput[], how: How, signal) => ask(inputs, { ...how, signal }),
      options,
    );
    return async (inputs, { signal, ...how } = {}) => {
      const asked = { how, group: names.of(how), signal };
      const one = async (input: UpstreamInput): Promise<UpstreamText> => {
        const { cache, question, prefix } = input;
        const letters = unread.next(cache, question + prefix);
        const written = await batcher.ask(input, { ...asked, unread: letters });
        unread.wrote(cache, written.text);
        return written;
      };
      return await Promise.all(inputs.map(one));
    };
  };
  return {
    ...upstream,
    ...(upstream.caches && { caches: withoutWaiting(upstream.caches) }),
    nextSentences: each((...given) => upstream.nextSentences(...given)),
    finish: each((...given) => upstream.finish(...given)),
  };
}

/** Names of what rows must have in common. Directions are told apart by identity: there are few. */
class GroupNames {
  readonly #numbers = new WeakMap<object, number>();
  #next = 0;

  of(how: object): string {
    return JSON.stringify(how, (_, value: unknown) =>
      ArrayBuffer.isView(value) ? this.#number(value) : value,
    );
  }

  #number(array: object): number {
    const number = this.#numbers.get(array) ?? ++this.#next;
    this.#numbers.set(array, number);
    return number;
  }
}

type Caches = NonNullable<Corrector['caches']>;

/** An answer that is over does not wait for its cache to be freed behind the others' runs. */
function withoutWaiting(caches: Caches): Caches {
  return {
    ...(caches.anywhere !== undefined && { anywhere: caches.anywhere }),
    openCache: () => caches.openCache(),
    closeCache: (cache) => {
      void caches.closeCache(cache).catch(() => undefined);
      return Promise.resolve();
    },
  };
}
