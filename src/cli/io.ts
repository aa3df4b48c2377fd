/** What a command may touch of the world outside; tests hand in their own. */
import { show, TerminalText } from '../text/show.js';

/** Where text goes. */
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

/** A signal asked the process to end; Ctrl-C is SIGINT. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(readonly signal: NodeJS.Signals) {
    super('interrupted');
  }
}

/** An output at whose edge all text is shown, but for the lab's own sequences. */
export interface ShownOutput extends Output {
  write(text: string | TerminalText): void;
}

export interface Io<O extends Output = Output> {
  /** Results, and nothing else. */
  stdout: O;
  /** Progress, warnings and errors. */
  stderr: O;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborted by the first Ctrl-C, and by {@link OutputClosed} or {@link OutputFailed}. */
  signal: AbortSignal;
  /**
   * For a command whose work is worth more than its output, such as a server's logs: what cannot be
   * written is then told to it, and does not end it.
   */
  outlive?: (tell: (error: OutputFailed) => void) => void;
  /** The whole of standard input; null where it is a terminal. */
  readStdin: () => Promise<string | null>;
  /** The clock; default: the system's. */
  now?: () => Date;
}

/**
 * The one edge where text leaves: see {@link show}. In a pipe, too, since pipes end in terminals;
 * the exact text is in JSON, whose escapes lose nothing.
 */
export function shownIo(io: Io): Io<ShownOutput> {
  return { ...io, stdout: shownOutput(io.stdout), stderr: shownOutput(io.stderr) };
}

function shownOutput(output: Output): ShownOutput {
  return {
    ...output,
    write: (text) => output.write(text instanceof TerminalText ? text.text : show(text)),
  };
}

/** Whether to colour what goes to an output (https://no-color.org). */
export function wantsColour(output: Output, env: Io['env']): boolean {
  return output.isTTY && (env.NO_COLOR ?? '') === '';
}
