/** What a command may touch of the world outside; tests hand in their own. */
export interface Output {
  write(text: string): void;
  /** Whether a person looks at it: then there is progress, and colour. */
  isTTY: boolean;
  columns?: number;
}

export interface Io {
  /** Results, and nothing else. */
  stdout: Output;
  /** Progress, warnings and errors. */
  stderr: Output;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborted by the first Ctrl-C. */
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
