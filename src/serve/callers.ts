/** Who may ask, and how often. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ApiError } from './apiError.js';

/** What tells one caller from another; never a key itself. */
export interface Caller {
  id: string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The keys of a file or an environment variable: one a line or between commas; `#` begins a comment. */
export function keysIn(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((key) => key !== '');
}

/**
 * Who asks, by the bearer token. Every key is compared, and whole hashes of equal length, so that how
 * long it takes says nothing of them.
 * @param keys none: whoever asks is let in
 * @throws ApiError 401
 */
export function authenticator(keys: readonly string[]): (header: string | undefined) => Caller {
  const known = keys.map(digest);
  return (header) => {
    if (known.length === 0) return { id: 'anyone' };
    const given = digest(/^Bearer\s+(.+)$/i.exec(header ?? '')?.[1]?.trim() ?? '');
    let found = -1;
    known.forEach((key, i) => {
      if (timingSafeEqual(key, given)) found = i;
    });
    if (found >= 0) return { id: `key ${found + 1}` };
    throw new ApiError('authentication: expected Authorization: Bearer <key>, with a key of this server', {
      ...{ status: 401, type: 'authentication_error', code: 'invalid_api_key' },
    }); // prettier-ignore
  };
}

/** Callers that are remembered at most. */
const mostCallers = 10_000;

/** A bucket per caller that fills evenly: a minute's requests may come at once, and no more. */
export class RateLimit {
  readonly #perMinute: number | null;
  readonly #clock: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param perMinute null: as often as they like */
  constructor(perMinute: number | null, clock = (): number => performance.now()) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** @throws ApiError 429 with the time after which one more request is free */
  take(caller: string): void {
    const most = this.#perMinute;
    if (most === null) return;
    const now = this.#clock();
    const perMillisecond = most / 60_000;
    const before = this.#buckets.get(caller) ?? { tokens: most, at: now };
    const tokens = Math.min(most, before.tokens + (now - before.at) * perMillisecond);
    // The latest stands last, so that the first is the one to be forgotten.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > mostCallers && oldest !== undefined) this.#buckets.delete(oldest);
    if (tokens >= 1) return;
    throw new ApiError(`serve: more than ${most} requests a minute; ask less often`, {
      ...{ status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
      retryAfter: Math.max(1, Math.ceil((1 - tokens) / perMillisecond / 1000)),
    });
  }
}
