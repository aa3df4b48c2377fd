/**
 * A JSON Lines file that grows by whole, flushed lines and survives a killed process.
 *
 * Each append is flushed to disk (fdatasync) before it resolves, so that neither a kill nor a loss of
 * power costs a record whose append has returned. What was being appended may be there in part: whole
 * lines are kept, a last line without its newline is cut off when the file is opened again.
 */
import { open, readFile, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { z } from 'zod';
import { checked } from '../shape/check.js';
import { fileError } from '../disk/fileErrors.js';
import { toJson } from './json.js';
import { decodeUtf8 } from '../text/utf8.js';

export interface Journal<R> {
  /** The records that were there when it was opened, in order. */
  readonly records: readonly R[];
  /**
   * Writes records, one line each, and resolves once they are on disk. Calls may overlap; lines
   * never do.
   */
  append(...records: R[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens (or begins) a journal. A last line without its newline was torn by a kill: it is cut off.
 * @param shape what a record must be; default: anything
 * @throws on a complete line that is not JSON or no such record (file and line are named), and on
 *   file errors.
 */
export async function openJournal<R>(path: string, shape?: z.ZodType<R>): Promise<Journal<R>> {
  const { records, length, torn } = parseLines<R>(await readOrNothing(path), path, shape);
  let file: FileHandle;
  try {
    if (torn) await truncate(path, length);
    file = await open(path, 'a');
  } catch (error) {
    throw fileError({ subject: 'records', action: 'write', path, error });
  }
  return new FileJournal(path, file, { records, length });
}

/** The records of a journal that is only read; a torn last line is passed over. @throws as {@link openJournal}. */
export async function readJournal<R>(path: string, shape?: z.ZodType<R>): Promise<R[]> {
  return parseLines<R>(await readOrNothing(path), path, shape).records;
}

async function readOrNothing(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return Buffer.alloc(0);
    throw fileError({ subject: 'records', action: 'read', path, error });
  }
}

function parseLines<R>(
  bytes: Buffer,
  path: string,
  shape?: z.ZodType<R>,
): { records: R[]; length: number; torn: boolean } {
  const length = bytes.lastIndexOf(0x0a) + 1;
  const lines = textOf(bytes.subarray(0, length), path).split('\n').slice(0, -1);
  const records = lines.map((line, i) => {
    const value = parseLine(line, `${path} line ${i + 1}`);
    return shape ? checked(shape, value, `records: ${path} line ${i + 1}`) : (value as R);
  });
  return { records, length, torn: length < bytes.length };
}

function textOf(bytes: Buffer, path: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw fileError({ subject: 'records', action: 'read', path, error });
  }
}

function parseLine(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(
      `records: ${place} is not JSON (got ${JSON.stringify(line.slice(0, 60))}); ` +
        'repair or delete the file',
      { cause: error },
    );
  }
}

class FileJournal<R> implements Journal<R> {
  readonly records: readonly R[];
  readonly #path: string;
  readonly #file: FileHandle;
  /** Bytes of whole lines on disk. */
  #length: number;
  #queue: Promise<void> = Promise.resolve();

  constructor(path: string, file: FileHandle, begun: { records: R[]; length: number }) {
    this.#path = path;
    this.#file = file;
    this.records = begun.records;
    this.#length = begun.length;
  }

  append(...records: R[]): Promise<void> {
    const text = records.map((record) => `${toJson(record)}\n`).join('');
    const done = this.#queue.then(() => this.#write(text));
    // A failed write does not poison later ones: each reports its own failure.
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#file.close();
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#length += bytes.length;
    } catch (error) {
      // Half a line may be on disk: the next one must not be glued to it.
      await this.#file.truncate(this.#length).catch(() => undefined);
      throw fileError({ subject: 'records', action: 'write', path: this.#path, error });
    }
  }
}
