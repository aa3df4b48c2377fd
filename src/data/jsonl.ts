/** Data sets as JSON Lines: one object a line, checked key by key; errors name file and line. */
import { readFileSync } from 'node:fs';
import type { AnnotatedQuadruple, Quadruple } from './types.js';
import { reasonOf } from '../text/errorSentence.js';

/** What a key of a line must hold. */
export type Field = 'string' | 'number' | 'boolean' | 'string?';
type Fields = Readonly<Record<string, Field>>;

/** A row and where it stands, as errors say it: `<file>:<line>` or `<file>: item <index>`. */
export interface Placed<T> {
  row: T;
  place: string;
}

/**
 * The objects of a JSON Lines file, or of a file that is one JSON array (as the official data sets
 * are), each with the given fields.
 * @throws where it cannot be read, and `<file>:<line>: …` on a line that is not JSON or lacks a
 *   field.
 */
export function readJsonl<T>(file: string, fields: Fields): T[] {
  return readPlaced<T>(file, fields).map(({ row }) => row);
}

/** As {@link readJsonl}, each row with its place. */
export function readPlaced<T>(file: string, fields: Fields): Placed<T>[] {
  const text = readText(file);
  const placed = text.trimStart().startsWith('[') ? parseArray(file, text) : parseLines(file, text);
  return placed.map(({ row, place }) => ({ row: checked<T>(row, fields, place), place }));
}

/** Without a byte order mark. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new Error(`${file}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** Fields of the official Stream Aligner data set. */
export const quadrupleFields = {
  question: 'string',
  prefix: 'string',
  last: 'string',
  correction: 'string',
} as const;

export function readQuadruples(file: string): Quadruple[] {
  return readJsonl(file, quadrupleFields);
}

export function readAnnotatedQuadruples(file: string): AnnotatedQuadruple[] {
  return readJsonl(file, {
    ...quadrupleFields,
    problem: 'string',
    quality: 'string',
    fault: 'string?',
  });
}

function parseArray(file: string, text: string): Placed<unknown>[] {
  try {
    const rows = JSON.parse(text) as unknown[];
    return rows.map((row, i) => ({ row, place: `${file}: item ${i}` }));
  } catch (error) {
    throw new Error(`${file}: begins like a JSON array but is none (${String(error)})`, {
      cause: error,
    });
  }
}

function parseLines(file: string, text: string): Placed<unknown>[] {
  return text.split('\n').flatMap((line, i) => {
    const place = `${file}:${i + 1}`;
    return line.trim() === '' ? [] : [{ row: parseLine(line, place), place }];
  });
}

function parseLine(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`${place}: not a line of JSON (${String(error)}); mend or remove the line`, {
      cause: error,
    });
  }
}

function checked<T>(value: unknown, fields: Fields, place: string): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(
      `${place}: expected a JSON object with the keys ${Object.keys(fields).join(', ')}`,
    );
  }
  for (const [key, field] of Object.entries(fields)) {
    const got: unknown = (value as Record<string, unknown>)[key];
    const optional = field.endsWith('?');
    if (optional && (got === null || got === undefined)) continue;
    const type = optional ? field.slice(0, -1) : field;
    if (typeof got !== type) {
      throw new Error(
        `${place}: "${key}" must be a ${type} (got ${got === undefined ? 'nothing' : JSON.stringify(got)})`,
      );
    }
  }
  return value as T;
}
