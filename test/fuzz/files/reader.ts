/** What a reader of files is, for damage done to them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJson } from '../../../src/record/json.js';

export interface Specimen {
  /** The damaged file, within the reader's folder. */
  file: string;
  bytes: Uint8Array;
  /** What mutations know of. */
  format: 'json' | 'lines' | 'safetensors' | 'bytes';
}

export interface Reader {
  name: string;
  specimens: readonly Specimen[];
  /** Sound files that belong beside the damaged one. */
  around?: Readonly<Record<string, string | Uint8Array>>;
  /** What errors may name in place of the file. */
  names?: readonly string[];
  /** Reads the folder in which the file lies; throws or not. */
  read: (folder: string, file: string) => Promise<unknown>;
}

/** Writes what stands around the specimens of a reader. */
export function prepare({ around = {} }: Reader, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(around)) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const json = (file: string, value: unknown): Specimen => {
  return { file, bytes: bytesOf(toJson(value)), format: 'json' };
};
export const lines = (file: string, rows: readonly unknown[]): Specimen => {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return { file, bytes: bytesOf(text), format: 'lines' };
};
