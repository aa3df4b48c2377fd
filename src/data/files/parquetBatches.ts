/**
 * Rows of parquet files, a row group at a time. It runs in a process of its own (`parquetChild.ts`): no
 * check that is made here finds every count that a damaged file can make endless.
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } from 'hyparquet';
import type { AsyncBuffer, Compressors, FileMetaData, RowGroup } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { parquetHeader } from 'hyparquet/src/column.js';
import { parquetReadAsync } from 'hyparquet/src/read.js';
import { assembleAsync, asyncGroupToRows } from 'hyparquet/src/rowgroup.js';
import { reasonOf } from '../../text/errorSentence.js';
import { isSystemError } from '../../text/fileReasons.js';
import { longestRow } from './cutter.js';
import type { Batch } from './parquetProcess.js';

/**
 * Limits of what a file may claim, since memory is taken by it before anything is read: bytes of a column
 * in a row group (2 GiB is the format's own limit of a page), and rows in a group (writers make 1 Mi at
 * most).
 */
const mostBytes = 2 ** 30;
const mostRows = 2 ** 24;

/** Of a batch: its rows are sent to the process that reads them. 16 Mi UTF-16 units. */
const mostCharacters = 2 ** 24;

/**
 * The rows, with values as JSON has them: whole numbers beyond 2⁵³ are digits, dates ISO 8601, bytes that
 * are no text are left out.
 * @throws where it cannot be read, is damaged, or claims more than any data set has
 */
export async function* parquetBatches(path: string): AsyncGenerator<Batch> {
  const file = await told(path, () => asyncBufferFromFile(path));
  const metadata = await told(path, () => parquetMetadataAsync(file));
  let rowStart = 0;
  for (const group of await told(path, () => Promise.resolve(groupsOf(metadata)))) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await told(path, async () => {
      await checkGroup(file, group);
      return await readGroup(file, metadata, { rowStart, rowEnd });
    });
    const batches = batchesOf(rows, rowStart + 1);
    for (;;) {
      const { done, value } = await told(path, () => Promise.resolve(batches.next()));
      if (done) break;
      yield value;
    }
    rowStart = rowEnd;
  }
}

function* batchesOf(rows: readonly unknown[], first: number): Generator<Batch, undefined> {
  let batch: Batch = { first, rows: [] };
  let characters = 0;
  for (const [i, row] of rows.entries()) {
    const size = { characters: 0 };
    batch.rows.push(plainValue(row, size));
    if (size.characters > longestRow) throw new Error('a row is longer than 64 Mi characters');
    characters += size.characters;
    if (characters < mostCharacters) continue;
    yield batch;
    batch = { first: first + i + 1, rows: [] };
    characters = 0;
  }
  if (batch.rows.length > 0) yield batch;
}

/**
 * The rows of one group. `parquetRead` of the library does the same, but where a file is damaged it
 * leaves promises that fail and that nobody waits for, which ends the process: here none is read before
 * all of them are waited for.
 */
async function readGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  range: { rowStart: number; rowEnd: number },
): Promise<Record<string, unknown>[]> {
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const slice = async (start: number, end?: number): Promise<ArrayBuffer> => {
    await begun;
    return await file.slice(start, end);
  };
  const waiting = { byteLength: file.byteLength, slice };
  const [group] = parquetReadAsync({ file: waiting, metadata, compressors: bounded, ...range });
  if (!group) return [];
  const columns = Promise.allSettled(group.asyncColumns.map(({ data }) => data));
  begin();
  for (const column of await columns) if (column.status === 'rejected') throw column.reason;
  const assembled = assembleAsync(group, parquetSchema(metadata));
  return await asyncGroupToRows(assembled, 0, range.rowEnd - range.rowStart, undefined, 'object');
}

/** Damaged files end in any error of the language or of the reader. */
async function told<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const reason =
      error instanceof Error && !isSystemError(error) ? damaged(error) : reasonOf(error);
    throw new Error(`${path}: cannot be read: ${reason}`, { cause: error });
  }
}

/** What the language says of its own accord tells nobody anything about the file. */
function damaged(error: Error): string {
  const { message } = error;
  const says = error.constructor === Error && !/\bundefined\b|\[object /.test(message);
  const reason = says ? ` (${message.replace(/\s+/g, ' ').slice(0, 200)})` : '';
  return `it is damaged, or parquet of a kind that is not known${reason}; fetch it again`;
}

function groupsOf({ row_groups: groups }: FileMetaData): RowGroup[] {
  for (const { num_rows: rows } of groups) {
    if (rows < 0n || rows > BigInt(mostRows)) {
      throw new Error(`a row group claims ${rows} rows (expected at most ${mostRows})`);
    }
  }
  return groups;
}

/** Looks at the heads of all pages before one is read: what they claim is allocated. */
async function checkGroup(file: AsyncBuffer, { columns }: RowGroup): Promise<void> {
  for (const { meta_data: column } of columns) {
    if (!column) throw new Error('parquet column without metadata');
    const first = Number(column.dictionary_page_offset ?? column.data_page_offset);
    const start = Math.min(first || Infinity, Number(column.data_page_offset));
    const size = Number(column.total_compressed_size);
    if (!(start >= 0 && size >= 0 && start + size <= file.byteLength)) {
      throw new Error('parquet column that lies beyond the end of the file');
    }
    if (size > mostBytes) throw claims(size, 'bytes', mostBytes);
    checkPages(await file.slice(start, start + size), Number(column.num_values));
  }
}

function checkPages(bytes: ArrayBuffer, values: number): void {
  if (values > mostRows * 8) throw claims(values, 'values', mostRows * 8);
  const reader = { view: new DataView(bytes), offset: 0 };
  let seen = 0;
  // As the reader does: a last byte is no head of a page.
  while (reader.offset < bytes.byteLength - 1 && seen < values) {
    const head = parquetHeader(reader);
    const data = head.data_page_header ?? head.data_page_header_v2;
    const count = (data ?? head.dictionary_page_header)?.num_values ?? 0;
    const { compressed_page_size: packed, uncompressed_page_size: size } = head;
    if (!(packed >= 0 && reader.offset + packed <= bytes.byteLength)) {
      throw new Error('parquet page that is longer than its column');
    }
    if (!(size >= 0 && size <= mostBytes)) throw claims(size, 'bytes', mostBytes);
    if (!(count >= 0 && count <= (data ? values - seen : mostRows))) {
      throw claims(count, 'values', data ? values - seen : mostRows);
    }
    if (data) seen += count;
    reader.offset += packed;
  }
}

function claims(count: number, what: string, most: number): Error {
  return new Error(`parquet page that claims ${count} ${what} (expected at most ${most})`);
}

const bounded: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([codec, unpack]) => [
    codec,
    (input: Uint8Array, length: number): Uint8Array => {
      if (!(length >= 0 && length <= mostBytes)) throw claims(length, 'bytes', mostBytes);
      return unpack(input, length);
    },
  ]),
);

/** @param size counts what the value takes */
function plainValue(value: unknown, size: { characters: number }): unknown {
  size.characters += typeof value === 'string' ? value.length : 8;
  if (size.characters > longestRow) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) {
    return value instanceof Uint8Array || value instanceof DataView
      ? undefined
      : [...(value as unknown as Iterable<unknown>)].map((one) => plainValue(one, size));
  }
  if (Array.isArray(value)) return value.map((one) => plainValue(one, size));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const plain = plainValue(inner, size);
      return plain === undefined ? [] : [[key, plain]];
    }),
  );
}
