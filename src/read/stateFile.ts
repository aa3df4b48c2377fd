/**
 * Hidden states in a file: chunks of rows, each a layer after the other (`[L, rows, D]`, float32 as the
 * machine has them) and its SHA-256. It only grows, so that a run that was killed, or found the disk
 * full, goes on behind its last whole chunk; and a layer of all rows is read by one piece per chunk.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { fileError } from '../disk/fileErrors.js';

export interface StateFileOptions {
  path: string;
  /** What the rows are states of; a file of others is written over. */
  key: string;
  /** Of all rows that there will be. */
  count: number;
  layers: number;
  width: number;
  /** Of a chunk; the last one may have fewer. */
  rows: number;
}

const headerBytes = 512;
const hashBytes = 32;

/** A file of states, to be written and to be read. */
export class StateFile {
  readonly #options: StateFileOptions;
  /** Rows that are there. */
  #length = 0;
  /** Bytes of a whole chunk. */
  readonly #chunkBytes: number;

  private constructor(options: StateFileOptions) {
    this.#options = options;
    this.#chunkBytes = 4 * options.rows * options.layers * options.width + hashBytes;
  }

  /**
   * Opens or begins a file. Of one that was begun for the same states, whole chunks are kept.
   * @throws where it cannot be read or written
   */
  static async open(options: StateFileOptions): Promise<StateFile> {
    const opened = new StateFile(options);
    await opened.#with(async (file) => {
      const header = Buffer.from(headerOf(options));
      const found = await readBytes(file, headerBytes, 0);
      if (found?.equals(header) !== true) {
        await file.truncate(0);
        await writeBytes(file, header, 0);
      }
      while (opened.#length < options.count && (await opened.#isWhole(file))) {
        opened.#length += opened.#rowsOf(opened.#chunks);
      }
      await file.truncate(opened.#placeOf(opened.#chunks));
    });
    return opened;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a chunk, `[L, D]` a row. @throws where it cannot be written: what was there before stays. */
  async append(rows: readonly Float32Array[]): Promise<void> {
    const { layers, width } = this.#options;
    if (rows.length !== this.#rowsOf(this.#chunks)) {
      throw new Error(
        `states: a chunk of ${rows.length} rows (expected ${this.#rowsOf(this.#chunks)})`,
      );
    }
    const values = new Float32Array(rows.length * layers * width);
    rows.forEach((row, i) => {
      for (let layer = 0; layer < layers; layer++) {
        const state = row.subarray(layer * width, (layer + 1) * width);
        values.set(state, (layer * rows.length + i) * width);
      }
    });
    const bytes = new Uint8Array(values.buffer);
    const place = this.#placeOf(this.#chunks);
    await this.#with(async (file) => {
      await writeBytes(file, bytes, place);
      await writeBytes(file, digest(bytes), place + bytes.length);
    });
    this.#length += rows.length;
  }

  /**
   * States `[D]` of rows, in this order, at one layer.
   * @throws where the file cannot be read, or has become shorter.
   */
  layer(layer: number, rows: readonly number[]): Float32Array[] {
    const { width, rows: perChunk } = this.#options;
    const values = new Float32Array(rows.length * width);
    const order = Uint32Array.from(rows.keys()).sort((a, b) => (rows[a] ?? 0) - (rows[b] ?? 0));
    this.#read((bytesAt) => {
      let [chunk, piece]: [number, Float32Array] = [-1, new Float32Array(0)];
      for (const at of order) {
        const row = rows[at] ?? 0;
        if (Math.floor(row / perChunk) !== chunk) {
          chunk = Math.floor(row / perChunk);
          piece = bytesAt(this.#stateAt(chunk * perChunk, layer), this.#rowsOf(chunk) * width);
        }
        const start = (row % perChunk) * width;
        values.set(piece.subarray(start, start + width), at * width);
      }
    });
    return rows.map((_, i) => values.subarray(i * width, (i + 1) * width));
  }

  /** States `[L, D]` of one row. @throws as {@link layer}. */
  row(row: number): Float32Array {
    const { layers, width } = this.#options;
    const values = new Float32Array(layers * width);
    this.#read((bytesAt) => {
      for (let layer = 0; layer < layers; layer++) {
        values.set(bytesAt(this.#stateAt(row, layer), width), layer * width);
      }
    });
    return values;
  }

  get #chunks(): number {
    return Math.ceil(this.#length / this.#options.rows);
  }

  #rowsOf(chunk: number): number {
    const { count, rows } = this.#options;
    return Math.min(rows, count - chunk * rows);
  }

  #placeOf(chunk: number): number {
    const { count, rows, layers, width } = this.#options;
    const before = chunk * hashBytes + 4 * Math.min(chunk * rows, count) * layers * width;
    return headerBytes + before;
  }

  /** Where a row's state stands in the file. */
  #stateAt(row: number, layer: number): number {
    const { rows, width } = this.#options;
    const chunk = Math.floor(row / rows);
    const within = layer * this.#rowsOf(chunk) + (row % rows);
    return headerBytes + chunk * this.#chunkBytes + 4 * within * width;
  }

  async #isWhole(file: FileHandle): Promise<boolean> {
    const { layers, width } = this.#options;
    const size = 4 * this.#rowsOf(this.#chunks) * layers * width;
    const bytes = await readBytes(file, size + hashBytes, this.#placeOf(this.#chunks));
    return bytes !== null && digest(bytes.subarray(0, size)).equals(bytes.subarray(size));
  }

  async #with(work: (file: FileHandle) => Promise<void>): Promise<void> {
    const { path } = this.#options;
    try {
      await using file = await open(path, constants.O_RDWR | constants.O_CREAT);
      await work(file);
    } catch (error) {
      throw fileError({ subject: 'states', action: 'write', path, error });
    }
  }

  #read(work: (floatsAt: (place: number, count: number) => Float32Array) => void): void {
    const { path } = this.#options;
    let file: number | undefined;
    try {
      const opened = (file = openSync(path, 'r'));
      work((place, count) => {
        const floats = new Float32Array(count);
        const bytes = new Uint8Array(floats.buffer);
        for (let done = 0; done < bytes.length;) {
          const more = readSync(opened, bytes, done, bytes.length - done, place + done);
          if (more === 0) throw new Error('it has become shorter while it was used');
          done += more;
        }
        return floats;
      });
    } catch (error) {
      throw fileError({ subject: 'states', action: 'read', path, error });
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}

function headerOf({ key, count, layers, width, rows }: StateFileOptions): string {
  const header = { format: 'aligner-lab.states.v1', key, count, layers, width, rows };
  return `${JSON.stringify(header).padEnd(headerBytes - 1)}\n`;
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** Null where the file ends before. */
async function readBytes(file: FileHandle, size: number, place: number): Promise<Buffer | null> {
  const bytes = Buffer.alloc(size);
  for (let done = 0; done < size;) {
    const { bytesRead } = await file.read(bytes, done, size - done, place + done);
    if (bytesRead === 0) return null;
    done += bytesRead;
  }
  return bytes;
}

async function writeBytes(file: FileHandle, bytes: Uint8Array, place: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, place + done);
    done += bytesWritten;
  }
}
