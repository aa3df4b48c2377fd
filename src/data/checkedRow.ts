/** Rows that fit their shape, or are refused by place and key. */
import { z } from 'zod';
import { shownName } from '../text/given.js';

/** A row of any keys. */
export const anyRow = z.looseObject({});

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
