/** Rows of stimuli with the place they stand at, for errors that say where. */
import { anyRow, checkedRow } from '../data/checkedRow.js';
import type { DataSource } from '../data/files/place.js';
import { streamRows } from '../data/files/rows.js';
import { parsePlaced } from '../data/jsonl.js';
import { shownValue } from '../text/given.js';

export interface Row {
  record: Readonly<Record<string, unknown>>;
  /** `source:line` */
  where: string;
}

/** JSON Lines or one JSON array. @throws with `source:line` where a row is no JSON object. */
export function jsonRows(text: string, source: string): Row[] {
  return parsePlaced(text, source, anyRow).map(({ row, place }) => ({ record: row, where: place }));
}

/** The rows of data, in any kind of file. @throws as {@link eachRow}. */
export async function dataRows(source: DataSource): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of eachRow(source)) rows.push(row);
  return rows;
}

/** The same as they are read. @throws as {@link streamRows}, and where a row is no JSON object. */
export async function* eachRow(source: DataSource): AsyncGenerator<Row, void> {
  for await (const { row, place } of streamRows(source)) {
    yield { record: checkedRow(row, anyRow, place), where: place };
  }
}

/**
 * @param hint what else to do, where there is something
 * @throws where a key holds none of the options.
 */
export function oneOf<const T extends string>(
  { record, where }: Row,
  key: string,
  options: readonly T[],
  hint = '',
): T {
  const value = record[key];
  const found = options.find((option) => option === value);
  if (found !== undefined) return found;
  throw new Error(
    `${where}: unknown ${key} (expected ${options.join(' | ')}, got ${shownValue(value)})${hint}`,
  );
}
