/** The caller's fault in how something was asked for; the command line then ends with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
