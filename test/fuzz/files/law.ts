/** What a reader may do with a damaged file: read it, or say in one sentence what is wrong with it. */
import { UsageError } from '../../../src/text/usageError.js';
import { ServerError } from '../../../src/wire/errors.js';

/** What only who wrote the code understands. */
const raw = [
  /Cannot (read|set|destructure|convert|mix|assign|access ')/,
  /is not (a function|iterable|a constructor|defined)/,
  /\bundefined\b|\[object \w+\]/,
  /Maximum call stack|Invalid (array|typed array|string|regular expression|count|left)/,
  /\n\s+at |node:internal/,
  /^E[A-Z]{3,}\b|ERR_[A-Z]/,
  /a fault of the program/,
];

/** The language's own class, and the lab's for what a caller branches on. */
const classes: ReadonlySet<unknown> = new Set([Error, UsageError, ServerError]);

/** Longer messages would list a file's content. */
const mostCharacters = 2000;

/**
 * Why an error is none that a reader may throw; null where it is one.
 * @param names one of them must stand in it
 */
export function faultOf(error: unknown, names: readonly string[]): string | null {
  if (!(error instanceof Error)) return `no Error (${String(error)})`;
  const told = `${error.message}\n${error.stack ?? ''}`;
  if (!classes.has(error.constructor)) return `a ${error.constructor.name}: ${told}`;
  const { message } = error;
  const found = raw.find((pattern) => pattern.test(message));
  if (found) return `raw (${found.source}): ${told}`;
  if (!names.some((name) => message.includes(name))) return `without the file's name: ${told}`;
  if (!/^[^\n]*\S: \S/.test(message)) return `not of the form "subject: what": ${told}`;
  return message.length > mostCharacters ? `${message.length} characters long: ${told}` : null;
}

/** The message without names and numbers. */
export function kindOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const names = /"[^]*?"|\S*[\d/_.]\S*/g;
  return message.replace(names, '…').replace(/\s+/g, ' ').slice(0, 90).trim();
}
