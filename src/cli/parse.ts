/** From commands as data to a parser with help (commander). */
import { Argument, Command as Parser, Option } from 'commander';
import type { Command, CommandEntry } from './command.js';
import { defaultOf, helpOf, type OptionHelp, type OptionShape } from '../shape/options.js';
import { flagFor, flagOf, readOption } from './options.js';
import { UsageError } from '../text/usageError.js';

/** A call that the parser understood. */
export interface Call {
  name: string;
  command: Command;
  options: Record<string, unknown>;
  argument: string | undefined;
  /** What is to be said of how it was called. */
  notes: readonly string[];
}

/** A command that was loaded. */
export interface NamedCommand extends Pick<CommandEntry, 'name' | 'summary'> {
  command: Command;
}

export interface ParserOptions {
  name: string;
  version: string;
  commands: readonly Pick<CommandEntry, 'name' | 'summary'>[];
  /** The command that is called, if any; of the others the list alone is shown. */
  called: NamedCommand | null;
  write: (text: string) => void;
  columns: number;
}

const columnsOfHelp = { least: 60, most: 100 };
const widestChoices = 24;

/**
 * A parser of one command (where `name` is its name) or of a program with subcommands. It calls
 * `onCall` and throws CommanderError where the line cannot be understood or help was shown.
 */
export function buildParser(options: ParserOptions, onCall: (call: Call) => void): Parser {
  const { called, name } = options;
  if (called?.name === name) return prepared(addCommand(called, onCall), options);
  const program = prepared(new Parser(name), options)
    .description(
      'A lab for correctors: small models that rewrite or copy, sentence by sentence, what a larger upstream writes. Where is the decision made, along which direction, and what happens when it is pushed?',
    )
    .addHelpText('after', `\nEach command has its own help: ${name} <command> --help`);
  for (const entry of options.commands) {
    const child =
      called?.name === entry.name
        ? addCommand(called, onCall)
        : new Parser(entry.name).usage('[options]').summary(entry.summary);
    program.addCommand(prepared(child, { ...options, name: entry.name }));
  }
  return program;
}

function prepared(parser: Parser, { version, write, columns }: ParserOptions): Parser {
  const helpWidth = Math.min(columnsOfHelp.most, Math.max(columnsOfHelp.least, columns));
  return parser
    .version(version, '--version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth })
    .configureOutput({ writeOut: write, writeErr: () => undefined, outputError: () => undefined });
}

/** Lines of one paragraph joined, so that they are wrapped to the terminal; indented ones stay. */
function unwrapped(text: string): string {
  return text.replace(/(?<=[^\n])\n(?=\S)/g, ' ');
}

function addCommand(
  { name, summary, command }: NamedCommand,
  onCall: (call: Call) => void,
): Parser {
  const parser = new Parser(name).summary(summary).description(unwrapped(command.description));
  const { argument } = command;
  if (argument) {
    const shown = argument.required ? `<${argument.name}>` : `[${argument.name}]`;
    const listed = argument.choices
      ? `${argument.help}: ${argument.choices.join(', ')}`
      : argument.help;
    parser.addArgument(new Argument(shown, listed));
  }
  for (const [key, shape] of Object.entries(command.options)) {
    parser.addOption(toOption(flagFor(key, shape), shape));
    for (const alias of helpOf(shape).aliases ?? []) {
      parser.addOption(toOption(flagOf(alias), shape).default(undefined).hideHelp());
    }
  }
  const examples = command.examples.map(([line, what]) => `  ${line}\n      ${what}`);
  if (examples.length > 0) parser.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
  return parser.action((...given: unknown[]) => {
    const [first] = given;
    onCall({
      name,
      command,
      ...byKey(command.options, parser),
      argument: argument && typeof first === 'string' ? first : undefined,
    });
  });
}

/** Values by their options' keys, whichever name they were given by. @throws where one is given twice. */
function byKey(shapes: Command['options'], parser: Parser): Pick<Call, 'options' | 'notes'> {
  const given = parser.opts<Record<string, unknown>>();
  const options: Record<string, unknown> = {};
  const notes: string[] = [];
  for (const [key, shape] of Object.entries(shapes)) {
    const { flag = key, aliases = [] } = helpOf(shape);
    options[key] = given[flag];
    for (const alias of aliases.filter((name) => given[name] !== undefined)) {
      const [old, now] = [flagOf(alias), flagOf(flag)];
      if (parser.getOptionValueSource(flag) === 'cli') {
        throw new UsageError(`${old}: is another name of ${now}; give one of them`);
      }
      options[key] = given[alias];
      notes.push(`note: ${old} is called ${now} now`);
    }
  }
  return { options, notes };
}

/** Choices that would leave no room for the help beside them stand in it. */
function shownHelp({ value, help }: OptionHelp): OptionHelp {
  if (value === undefined || value.length <= widestChoices) return { value, help };
  return { value: 'name', help: `${help}: ${value.replaceAll('|', ', ')}` };
}

function toOption(name: string, shape: OptionShape): Option {
  const { value, help } = shownHelp(helpOf(shape));
  const option = new Option(value === undefined ? name : `${name} <${value}>`, help);
  if (value !== undefined) option.argParser((given: string) => readOption(shape, given, name));
  const usual = defaultOf(shape);
  // A switch's own name says what it does.
  if (usual !== undefined && typeof usual !== 'boolean') {
    option.default(usual, Array.isArray(usual) ? usual.join(',') : undefined);
  }
  return option;
}
