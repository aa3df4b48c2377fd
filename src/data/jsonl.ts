/**
 * Small files of rows, read at once: JSON Lines, or one JSON array. Data sets are read as streams, see
 * `files/rows.ts`; both cut rows alike and name file and line alike.
 */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { checkedRow } from './checkedRow.js';
import { createRowCutter, type Placed } from './files/cutter.js';
import { reasonOf } from '../text/errorSentence.js';

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
  const cutter = createRowCutter(source);
  return [...cutter.push(text), ...cutter.finish()].map(({ row, place }) => ({
    row: checkedRow(row, shape, place),
    place,
  }));
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
