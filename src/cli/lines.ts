/** JSON Lines to a file, or to stdout for the next program. */
import { open, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from '../record/fileErrors.js';
import { toJson } from '../record/json.js';
import type { Output } from './io.js';

const linesPerWrite = 256;

/**
 * Writes one row a line; what is written stays where the rows end in an error.
 * @param target a file's path, or an output
 * @returns how many rows
 */
export async function writeLines(
  rows: AsyncIterable<unknown> | Iterable<unknown>,
  target: string | Output,
): Promise<number> {
  const write = typeof target === 'string' ? await openFile(target) : toOutput(target);
  let count = 0;
  let lines = '';
  try {
    for await (const row of rows) {
      lines += `${toJson(row)}\n`;
      if (++count % linesPerWrite > 0) continue;
      await write.text(lines);
      lines = '';
    }
  } finally {
    await write.text(lines);
    await write.close();
  }
  return count;
}

interface Writer {
  text(lines: string): Promise<void>;
  close(): Promise<void>;
}

async function openFile(path: string): Promise<Writer> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'w');
    return { text: (lines) => file.appendFile(lines), close: () => file.close() };
  } catch (error) {
    throw fileError({ subject: 'dataset', action: 'write', path, error });
  }
}

function toOutput(output: Output): Writer {
  return {
    // Lets other work (a Ctrl-C) in between.
    text: (lines) => {
      if (lines !== '') output.write(lines);
      return new Promise((resolve) => setImmediate(resolve));
    },
    close: () => Promise.resolve(),
  };
}
