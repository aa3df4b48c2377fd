/** Services that are not there yet when a machine comes up. */
import pRetry from 'p-retry';

/** What is asked for is not there now, and may be in a while. */
export class Away extends Error {}

export interface Patience {
  milliseconds: number;
  /** Told once, where it waits. */
  onWait: (reason: string) => void;
  signal: AbortSignal;
}

/** Of the system: a host, a service or a network drive does not answer. */
const passing =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|ENOTCONN|ESTALE|EIO)$/;

/** Whether an error, or what caused it, may pass by itself. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return error instanceof Away || passing.test(code) || isPassing(error.cause);
}

/**
 * Asks until there is an answer, at most so long.
 * @throws the last error that {@link isPassing}; any other at once; the signal's reason.
 */
export async function untilThere<T>(
  ask: () => Promise<T>,
  { milliseconds, onWait, signal }: Patience,
): Promise<T> {
  return await pRetry(ask, {
    ...{ retries: Infinity, maxRetryTime: milliseconds, minTimeout: 250, maxTimeout: 2000, signal },
    shouldRetry: ({ error }) => isPassing(error),
    onFailedAttempt: ({ error, attemptNumber }) => {
      if (attemptNumber === 1 && milliseconds > 0 && isPassing(error)) onWait(error.message);
    },
  });
}
