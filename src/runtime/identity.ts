/** What tells one model, server, file or function from another: plain JSON, never a key or token. */

/** What a manifest holds, and what the key of a unit of work is made of. */
export interface Identity {
  kind: 'model' | 'server' | 'recorded' | 'function';
  /** Short name for records and figures. */
  name: string;
  /**
   * Hexadecimal SHA-256 of the weights, of the file, or of server, model and probe; of a function:
   * as its maker says, else of its name.
   */
  sha256: string;
  /** Where it comes from: a folder, `org/name@commit`, a file, or the address of a server. */
  source?: string;
  /** Where it runs, e.g. `cpu`; absent where that is not known. */
  device?: string;
  /** What else decides what it writes: limits, sampling, prompt. */
  settings?: Readonly<Record<string, unknown>>;
}
