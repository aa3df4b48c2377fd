/** The caller's fault in how a command was called: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;
