/**
 * Files of rows: JSON Lines, or one JSON array, as the official data sets are. Every reader of such
 * files goes through here, so that all accept the same and name file and line alike.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { reasonOf } from '../text/errorSentence.js';
import { shownName } from '../text/given.js';

/** A row and where it stands, as errors say it: `<file>:<line>`, in an array with its number. */
export interface Placed<T> {
  row: T;
  place: string;
}

/** A row of any keys. */
export const anyRow = z.looseObject({});

/**
 * The rows of a file, each of the given shape.
 * @throws where it cannot be read, and with its place on a row that is not JSON or does not fit.
 */
export function readJsonl<T>(file: string, shape: z.ZodType<T>): T[] {
  return readPlaced(file, shape).map(({ row }) => row);
}

/** As {@link readJsonl}, each row with its place. */
export function readPlaced<T>(file: string, shape: z.ZodType<T>): Placed<T>[] {
  return parsePlaced(readDataText(file), file, shape);
}

/** As {@link readPlaced}, of a text. @param source what errors call it, e.g. a file's path */
export function parsePlaced<T>(text: string, source: string, shape: z.ZodType<T>): Placed<T>[] {
  const plain = text.replace(/^\uFEFF/, '');
  const placed = plain.trimStart().startsWith('[')
    ? parseArray(source, plain)
    : parseLines(source, plain);
  return placed.map(({ row, place }) => ({ row: checkedRow(row, shape, place), place }));
}

/**
 * A file's text, without a byte order mark.
 * @throws where it cannot be read, and where it is not UTF-8: what does not decode would be replaced
 *   in silence.
 */
export function readDataText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Error(`${file}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Error(`${file}: not a text in UTF-8; save it as UTF-8`, { cause: error });
  }
}

function parseArray(source: string, text: string): Placed<unknown>[] {
  try {
    const rows = JSON.parse(text) as unknown[];
    const lines = itemLines(text);
    return rows.map((row, i) => ({ row, place: `${source}:${lines[i] ?? 1}, item ${i}` }));
  } catch (error) {
    throw new Error(`${source}: begins like a JSON array but is none (${messageOf(error)})`, {
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The lines, from 1, on which the items of a JSON array begin. */
function itemLines(text: string): number[] {
  const lines: number[] = [];
  // Line ends, strings as a whole (an escaped quote does not end one), brackets and commas.
  const marks = /\n|"(?:[^"\\]|\\.)*"|[[{\]},]|[^\s,[\]{}"]+/g;
  let line = 1;
  let depth = 0;
  let due = false;
  for (const [mark] of text.matchAll(marks)) {
    if (mark === '\n') {
      line++;
      continue;
    }
    const closes = mark === ']' || mark === '}';
    if (due && !closes) lines.push(line);
    due = false;
    if (closes) depth--;
    else if (mark === '[' || mark === '{') due = ++depth === 1;
    else due = mark === ',' && depth === 1;
  }
  return lines;
}

function parseLines(source: string, text: string): Placed<unknown>[] {
  return text.split('\n').flatMap((line, i) => {
    const place = `${source}:${i + 1}`;
    return line.trim() === '' ? [] : [{ row: parseLine(line, place), place }];
  });
}

function parseLine(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`${place}: not a line of JSON (${messageOf(error)}); mend or remove the line`, {
      cause: error,
    });
  }
}

/**
 * A row as its shape has it.
 * @throws with its place and what is wrong with the first key that does not fit.
 */
export function checkedRow<T>(row: unknown, shape: z.ZodType<T>, place: string): T {
  const result = shape.safeParse(row, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${place}: ${issue ? faultOf(issue) : 'not a row'}`);
}

function faultOf(issue: z.core.$ZodIssue): string {
  const key = shownName(issue.path.map(String).join('.'));
  const got = issue.input === undefined ? 'nothing' : shorten(JSON.stringify(issue.input));
  if (key === '') return `expected a JSON object, one row (got ${got})`;
  const wanted = issue.code === 'invalid_type' ? `must be a ${issue.expected}` : issue.message;
  return `"${key}" ${wanted} (got ${got})`;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
