/**
 * The rows of files of data, one after the other: JSON Lines, one JSON array, either of them packed with
 * gzip, or parquet. Which it is, the first bytes say. Of a text no more than a row is held, of parquet
 * one row group.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { reasonOf } from '../../text/errorSentence.js';
import { createRowCutter, type Placed } from './cutter.js';
import { parquetRows } from './parquet.js';
import { placeOf, type DataSource } from './place.js';

/**
 * Rows of a source, as JSON has them.
 * @throws where a file cannot be read or is damaged, with its name and, of a text, the line
 */
export async function* streamRows(source: DataSource): AsyncGenerator<Placed<unknown>> {
  const { files } = await placeOf(source);
  for (const file of files) {
    const kind = await kindOf(file);
    if (kind === 'parquet') yield* parquetRows(file);
    else yield* textRows(file, kind);
  }
}

type Kind = 'parquet' | 'gzip' | 'text';

async function kindOf(file: string): Promise<Kind> {
  const bytes = await beginning(file);
  if (bytes.toString('latin1') === 'PAR1') return 'parquet';
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? 'gzip' : 'text';
}

async function beginning(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file, 'r');
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function* textRows(file: string, kind: 'gzip' | 'text'): AsyncGenerator<Placed<unknown>> {
  const cutter = createRowCutter(file);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (error) {
      // What does not decode would be replaced in silence.
      throw new Error(`${file}: not a text in UTF-8; save it as UTF-8`, { cause: error });
    }
  };
  for await (const bytes of bytesOf(file, kind)) yield* cutter.push(decode(bytes));
  yield* cutter.push(decode());
  yield* cutter.finish();
}

async function* bytesOf(file: string, kind: 'gzip' | 'text'): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(file, { highWaterMark: 2 ** 18 });
  const stream: Readable = kind === 'gzip' ? raw.pipe(createGunzip()) : raw;
  raw.once('error', (error) => stream.destroy(error));
  try {
    for await (const bytes of stream) yield bytes as Uint8Array;
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    raw.destroy();
  }
}

function unreadable(file: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = /^Z_|^ERR_.*Z_/.test(code)
    ? `it is damaged or cut off (gzip: ${error instanceof Error ? error.message : code}); fetch or pack it again`
    : reasonOf(error);
  return new Error(`${file}: cannot be read: ${reason}`, { cause: error });
}
