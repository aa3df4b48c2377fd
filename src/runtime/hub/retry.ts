/** When a request is sent again: what may pass, and after how long. */
import { HubUnreachable } from './errors.js';

/** Milliseconds before each further try; beyond the last one it is given up. */
export const pauses = [200, 1000, 3000, 10_000] as const;
/** A hub that asks for a longer pause is not waited for. */
const longestMilliseconds = 120_000;

const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Milliseconds until the next try, or null for none: by our own pauses, each made up to a half longer
 * at random, so that many do not come back at once, and no sooner than `Retry-After` says.
 */
export function retryDelay(
  tried: HubUnreachable | { status: number; headers: Headers },
  failures: number,
  random: () => number = Math.random,
): number | null {
  if (!(tried instanceof HubUnreachable) && !passing.has(tried.status)) return null;
  const pause = pauses[failures];
  if (pause === undefined) return null;
  const asked = tried instanceof HubUnreachable ? 0 : retryAfter(tried.headers.get('Retry-After'));
  if (asked > longestMilliseconds) return null;
  return Math.max(asked, Math.round(pause * (1 + random() / 2)));
}

/** Seconds, or a date (RFC 9110); 0 where it says neither. */
export function retryAfter(header: string | null, now = Date.now()): number {
  if (header === null) return 0;
  if (/^\s*\d+\s*$/.test(header)) return 1000 * Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
