/** What a command may touch of the world outside; tests hand in their own. */
export interface Output {
  write(text: string): void;
  /** Whether a person looks at it: then there is progress, and colour. */
  isTTY: boolean;
  columns?: number;
}

/** Nobody reads the results any more: the command ends, and that is no fault. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** The results cannot be written, e.g. to a full disk. */
export class OutputFailed extends Error {
  override readonly name = 'OutputFailed';
}

export interface Io {
  /** Results, and nothing else. */
  stdout: Output;
  /** Progress, warnings and errors. */
  stderr: Output;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborted by the first Ctrl-C, and by {@link OutputClosed} or {@link OutputFailed}. */
  signal: AbortSignal;
  /** The whole of standard input; null where it is a terminal. */
  readStdin: () => Promise<string | null>;
  /** The clock; default: the system's. */
  now?: () => Date;
}

/** Whether to colour what goes to an output (https://no-color.org). */
export function wantsColour(output: Output, env: Io['env']): boolean {
  return output.isTTY && (env.NO_COLOR ?? '') === '';
}
