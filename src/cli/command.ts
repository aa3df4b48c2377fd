/** What a command is: data for the parser and the help, and a body that calls and shows. */
import type { TerminalText } from '../text/show.js';
import type { Labelled } from '../text/labelled.js';
import type { Table } from '../text/table.js';
import type { Io, ShownOutput } from './io.js';
import type { OptionShapes, OptionValues } from '../shape/options.js';
import type { Progress } from './progress.js';

export interface ArgumentSpec {
  name: string;
  help: string;
  required: boolean;
  /** Valid values, where there are few. */
  choices?: readonly string[];
}

/** What a body works with beside its options. */
export interface Context {
  io: Io<ShownOutput>;
  progress: Progress;
  signal: AbortSignal;
  /** A line of the answer for people, or what is fitted to the terminal; not written under `--json`. */
  show(line?: string | TerminalText | Table | Labelled): void;
  /** A line on stderr, under `--json` too. */
  warn(line: string): void;
  /** The summary; written under `--json`. */
  result(summary: unknown): void;
  /** An absolute path, from one that is relative to the working directory. */
  path: (given: string) => string;
  /** Where what is done is kept, an absolute path or in words: named when the command is interrupted. */
  keptIn(place: string): void;
}

/** A command in the list of all, and the rest of it, which takes longer to load. */
export interface CommandEntry {
  name: string;
  /** One line in the list of commands. */
  summary: string;
  load: () => Promise<Command> | Command;
}

export interface Command {
  /** What a newcomer must know: what it does, what is written. */
  description: string;
  argument?: ArgumentSpec;
  options: OptionShapes;
  /** Command lines, each with a word on it. */
  examples: readonly (readonly [line: string, what: string])[];
  run(call: { options: unknown; argument: string | undefined; context: Context }): Promise<void>;
}

/** A command whose body sees its options with their types. */
export function defineCommand<O extends OptionShapes>(
  command: Omit<Command, 'options' | 'run'> & {
    options: O;
    run(call: {
      options: OptionValues<O>;
      argument: string | undefined;
      context: Context;
    }): Promise<void>;
  },
): Command {
  return {
    ...command,
    // The parser makes the options from this command's own specs.
    run: (call) => command.run({ ...call, options: call.options as OptionValues<O> }),
  };
}
