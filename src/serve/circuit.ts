/**
 * A circuit breaker (Nygard, *Release It!*): after several failures in a row nobody waits for what is
 * dead any more. When it has cooled down one call tries it; where that works, all do.
 */
import { isWithheld, ServerError } from '../wire/errors.js';
import { ApiError } from './apiError.js';

export interface CircuitOptions {
  /** What it leads to, for errors: `upstream` or `corrector`. */
  name: string;
  /** Failures in a row that open it. Default 5. */
  failures?: number;
  /** Milliseconds until it is tried again. Default 10,000. */
  coolDown?: number;
  clock?: () => number;
}

export type CircuitState = 'closed' | 'open' | 'trying';

export class Circuit {
  readonly #name: string;
  readonly #most: number;
  readonly #coolDown: number;
  readonly #clock: () => number;
  #failures = 0;
  /** Since when it is open; null: it is closed. */
  #opened: number | null = null;
  #trying = false;

  constructor({ name, failures = 5, coolDown = 10_000, clock }: CircuitOptions) {
    this.#name = name;
    this.#most = failures;
    this.#coolDown = coolDown;
    this.#clock = clock ?? ((): number => performance.now());
  }

  get state(): CircuitState {
    if (this.#opened === null) return 'closed';
    return this.#left() > 0 ? 'open' : 'trying';
  }

  /** @throws ApiError 503 while it is open; what the work throws. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const trying = this.#admit();
    try {
      const result = await work();
      this.#failures = 0;
      this.#opened = null;
      return result;
    } catch (error) {
      if (!signal?.aborted && isFailure(error)) this.#fail();
      throw error;
    } finally {
      if (trying) this.#trying = false;
    }
  }

  /** Whether this call is the one that tries. */
  #admit(): boolean {
    if (this.#opened === null) return false;
    const left = this.#left();
    if (left <= 0 && !this.#trying) return (this.#trying = true);
    throw new ApiError(`${this.#name}: it failed ${this.#failures} times in a row and is left alone for a while; try again later`, {
      ...{ status: 503, type: 'upstream_error', code: `${this.#name}_unavailable` },
      retryAfter: Math.max(1, Math.ceil(left / 1000)),
    }); // prettier-ignore
  }

  /** Milliseconds until it may be tried. */
  #left(): number {
    return (this.#opened ?? 0) + this.#coolDown - this.#clock();
  }

  #fail(): void {
    this.#failures++;
    if (this.#failures >= this.#most) this.#opened = this.#clock();
  }
}

/** What a request is refused for, or its answer withheld, says nothing of the state of the server. */
function isFailure(error: unknown): boolean {
  if (error instanceof ServerError && isWithheld(error)) return false;
  return !(error instanceof ServerError) || error.passing || error.status === null;
}
