/** One call of the command line: parse, run, and say what went wrong in one line. */
import { CommanderError } from 'commander';
import { isAbsolute, join, relative } from 'node:path';
import { installedVersions } from '../record/versions.js';
import { takingAdapter } from './adapter.js';
import type { Context } from './command.js';
import { commands } from './commands.js';
import { terminalText, type TerminalText } from '../text/show.js';
import {
  Interrupted,
  OutputClosed,
  OutputFailed,
  shownIo,
  type Io,
  type ShownOutput,
} from './io.js';
import { defaultOf } from '../shape/options.js';
import { flagFor } from './options.js';
import { buildParser, type Call, type NamedCommand } from './parse.js';
import { Progress } from './progress.js';
import { exitCodes } from './exitCodes.js';
import { errorSentence } from '../text/errorSentence.js';
import { Labelled, layOutLabelled } from '../text/labelled.js';
import { layOut, Table } from '../text/table.js';
import { UsageError } from '../text/usageError.js';

const program = 'aligner-lab';

/**
 * Runs a command line without the program's name, e.g. `['lat-scan', '--json']`.
 *
 * @param name `lat-scan` stands for `aligner-lab lat-scan`
 * @returns the exit code: 0 done, 1 failed, 2 called wrongly, 130 interrupted, 143 ended by SIGTERM
 */
export async function run(argv: readonly string[], given: Io, name = program): Promise<number> {
  const io = shownIo(given);
  const line = name === program ? askedForHelp(argv) : argv;
  let call: Call | null;
  try {
    call = parse(line, io, { name, called: await loadCalled(line, name) });
  } catch (error) {
    return report(error, io, { debug: line.includes('--debug'), kept: null });
  }
  if (call === null) return exitCodes.done;
  return await perform(call, io);
}

/** `help sweep` is `sweep --help`. */
function askedForHelp(argv: readonly string[]): readonly string[] {
  const [first, wanted] = argv;
  if (first !== 'help') return argv;
  return wanted === undefined ? ['--help'] : [wanted, '--help'];
}

/** The command that a line calls; null where it calls none that there is. */
async function loadCalled(argv: readonly string[], name: string): Promise<NamedCommand | null> {
  const wanted = name === program ? argv[0] : name;
  const entry = commands.find((known) => known.name === wanted);
  if (!entry) return null;
  const { name: own, summary, load } = entry;
  return { name: own, summary, command: takingAdapter(await load()) };
}

/** The call; null where help or the version was asked for and shown. */
function parse(
  argv: readonly string[],
  io: Io,
  { name, called }: { name: string; called: NamedCommand | null },
): Call | null {
  const calls: Call[] = [];
  const version = installedVersions()[program] ?? 'unknown';
  const write = (text: string): void => io.stdout.write(text);
  const columns = io.stdout.columns ?? 100;
  const shown = { name, version, commands, called, write, columns };
  const parser = buildParser(shown, (c) => calls.push(c));
  if (argv.length === 0 && name === program) {
    parser.outputHelp();
    return null;
  }
  try {
    parser.parse(known(argv, called), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return null;
    throw error instanceof CommanderError ? explained(error, called) : error;
  }
  const [call] = calls;
  if (!call) throw new UsageError(`no command given; try ${name} --help`);
  checkArgument(call);
  return call;
}

/** Of a command that there is not, its name alone: no option of it may be taken for the program's. */
function known(argv: readonly string[], called: NamedCommand | null): string[] {
  const [first = '-'] = argv;
  return called === null && !first.startsWith('-') ? [first] : [...argv];
}

/** The parser's complaint, with what would have been valid. */
function explained(error: CommanderError, called: NamedCommand | null): UsageError {
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new UsageError(`${message}; ${validOf(error, called)}`);
}

function validOf(error: CommanderError, called: NamedCommand | null): string {
  if (!called) return `commands are ${commands.map((known) => known.name).join(', ')}`;
  if (error.code !== 'commander.unknownOption') return `see ${program} ${called.name} --help`;
  const own = Object.entries(called.command.options).map(([key, shape]) => flagFor(key, shape));
  const flags = [...own, '--help'];
  return `${called.name} has ${flags.join(', ')}`;
}

function checkArgument({ name, command, argument }: Call): void {
  const choices = command.argument?.choices;
  if (argument === undefined || !choices || choices.includes(argument)) return;
  throw new UsageError(
    `${name}: unknown ${command.argument?.name} "${argument}" (expected one of ${choices.join(', ')})`,
  );
}

async function perform(call: Call, io: Io<ShownOutput>): Promise<number> {
  const kept: { place: string | null } = { place: null };
  const json = call.options.json === true;
  const progress = new Progress(io.stderr);
  const writeLine = (output: ShownOutput, line: string | TerminalText): void => {
    progress.clear();
    output.write(terminalText`${line}\n`);
  };
  const context: Context = {
    io,
    progress,
    signal: io.signal,
    show: (line = '') => (json ? undefined : writeLine(io.stdout, laidOut(line, io.stdout))),
    warn: (line) => writeLine(io.stderr, hanging(line)),
    result: (summary) =>
      json ? writeLine(io.stdout, JSON.stringify(summary, null, 2)) : undefined,
    path: (given) => (isAbsolute(given) ? given : join(io.cwd, given)),
    keptIn: (place) => (kept.place = isAbsolute(place) ? relative(io.cwd, place) || '.' : place),
  };
  try {
    const { command, options, argument } = call;
    const filled = Object.fromEntries(
      Object.entries(command.options).map(([key, shape]) => [
        key,
        options[key] ?? defaultOf(shape),
      ]),
    );
    call.notes.forEach((note) => context.warn(note));
    await command.run({ options: filled, argument, context });
    return exitCodes.done;
  } catch (error) {
    progress.clear();
    return report(error, io, { debug: call.options.debug === true, kept: kept.place });
  } finally {
    progress.clear();
  }
}

/** A pipe has any width. */
function laidOut(
  line: string | TerminalText | Table | Labelled,
  { isTTY, columns }: ShownOutput,
): string | TerminalText {
  const width = isTTY ? columns : undefined;
  if (line instanceof Labelled) return layOutLabelled(line, width);
  return line instanceof Table ? layOut(line, width) : line;
}

function report(
  error: unknown,
  io: Io<ShownOutput>,
  how: { debug: boolean; kept: string | null },
): number {
  const { aborted } = io.signal;
  const reason: unknown = io.signal.reason;
  if (aborted && reason instanceof OutputClosed) return exitCodes.done;
  if (aborted && !(reason instanceof OutputFailed)) {
    const rest = how.kept
      ? `what is done is in ${how.kept}; run the same command again to go on`
      : 'nothing was kept';
    io.stderr.write(`${program}: interrupted; ${rest}\n`);
    const terminated = reason instanceof Interrupted && reason.signal === 'SIGTERM';
    return terminated ? exitCodes.ended : exitCodes.interrupted;
  }
  const message = hanging(errorSentence(aborted ? reason : error));
  io.stderr.write(`${program}: ${message}\n`);
  if (how.debug && error instanceof Error) io.stderr.write(`${stackOf(error)}\n`);
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

/** A line break in what a file or a server said must not begin a line that looks like the lab's. */
function hanging(text: string): string {
  return text.replace(/\n(?! )/g, '\n  ');
}

/** The stack, and those of the causes. */
function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
