/** Data sets as JSON Lines: one object a line, checked key by key; errors name file and line. */
import { readFileSync } from 'node:fs';
import type { AnnotatedQuadruple, Quadruple } from './types.js';

/** What a key of a line must hold. */
export type Field = 'string' | 'number' | 'boolean' | 'string?';

/**
 * The objects of a JSON Lines file, or of a file that is one JSON array (as the official data sets
 * are), each with the given fields.
 * @throws `<file>:<line>: …` on a line that is not JSON or lacks a field.
 */
export function readJsonl<T>(file: string, fields: Readonly<Record<string, Field>>): T[] {
  const text = readFileSync(file, 'utf8');
  if (text.trimStart().startsWith('[')) {
    return parseArray(file, text).map((value, i) =>
      checked<T>(value, fields, `${file}: item ${i}`),
    );
  }
  const rows: T[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const place = `${file}:${i + 1}`;
    rows.push(checked<T>(parseLine(line, place), fields, place));
  }
  return rows;
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

function parseArray(file: string, text: string): unknown[] {
  try {
    return JSON.parse(text) as unknown[];
  } catch (error) {
    throw new Error(`${file}: begins like a JSON array but is none (${String(error)})`, {
      cause: error,
    });
  }
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

function checked<T>(value: unknown, fields: Readonly<Record<string, Field>>, place: string): T {
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
