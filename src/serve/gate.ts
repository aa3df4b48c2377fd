/** How many answers are written at once, and how many wait for their turn. */
import { ApiError } from './apiError.js';

export interface GateOptions {
  /** Answers at once. */
  most: number;
  /** Requests that may wait. */
  queue: number;
  clock?: () => number;
}

interface Waiting {
  weight: number;
  enter: () => void;
  refuse: (reason: Error) => void;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #clock: () => number;
  #inside = 0;
  #waiting: Waiting[] = [];
  #closed = false;
  /** Milliseconds that an answer takes, of late. */
  #usual = 1000;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#clock = options.clock ?? ((): number => performance.now());
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for a place.
   * @param weight answers of the request
   * @returns what gives the place back
   * @throws ApiError 429 where too many wait, 503 where the server is about to end; the signal's reason
   */
  async enter(weight: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#closed) throw serverEnds();
    const size = Math.min(weight, this.#options.most);
    const free = this.#inside + size <= this.#options.most && this.#waiting.length === 0;
    if (free) this.#inside += size;
    else await this.#wait(size, signal);
    const start = this.#clock();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#usual = 0.9 * this.#usual + 0.1 * (this.#clock() - start);
      this.#inside -= size;
      this.#admit();
    };
  }

  /** Nobody enters any more; who waits is sent away. */
  close(): void {
    this.#closed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(serverEnds());
  }

  /** Resolves once nobody is inside. */
  async empty(signal: AbortSignal): Promise<void> {
    while (this.#inside > 0 && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #wait(weight: number, signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#options.queue) throw this.#full();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        const { reason } = signal as { reason: unknown };
        reject(reason instanceof Error ? reason : new Error(String(reason)));
        this.#admit();
      };
      const done = (): void => signal.removeEventListener('abort', leave);
      const waiting: Waiting = {
        weight,
        enter: () => (done(), resolve()),
        refuse: (reason) => (done(), reject(reason)),
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
    });
  }

  /** In the order of arrival, so that a large request is not overtaken for ever. */
  #admit(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (!first || this.#inside + first.weight > this.#options.most) return;
      this.#waiting.shift();
      this.#inside += first.weight;
      first.enter();
    }
  }

  #full(): ApiError {
    const turns = this.#waiting.length / this.#options.most;
    return new ApiError('serve: too many requests wait already; try again later', {
      ...{ status: 429, type: 'rate_limit_error', code: 'queue_full' },
      retryAfter: Math.max(1, Math.ceil((turns * this.#usual) / 1000)),
    });
  }
}

/** Somebody else may have time. */
export function serverEnds(): ApiError {
  return new ApiError('serve: the server is about to end; ask again, it may be another one', {
    ...{ status: 503, type: 'server_error', code: 'shutting_down', retryAfter: 1 },
  });
}
