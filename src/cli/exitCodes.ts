/** What the process ends with; of signals, what a shell says of a process that they ended. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130, ended: 143 } as const;
