/** JSON Lines to a file, or to stdout for the next program. */
import type { Draft } from '../disk/atomic.js';
import { toJson } from '../record/json.js';
import { openFile } from './files.js';
import type { Output } from './io.js';

const linesPerWrite = 256;

/**
 * Writes one row a line. A file is there with all of its rows or as it was before; what went to an
 * output stays where the rows end in an error.
 * @param target a file's path, or an output
 * @returns how many rows
 */
export async function writeLines(
  rows: AsyncIterable<unknown> | Iterable<unknown>,
  target: string | Output,
): Promise<number> {
  const draft = typeof target === 'string' ? await openFile(target, 'dataset') : toOutput(target);
  let count = 0;
  let lines = '';
  try {
    for await (const row of rows) {
      lines += `${toJson(row)}\n`;
      if (++count % linesPerWrite > 0) continue;
      await draft.write(lines);
      lines = '';
    }
    await draft.write(lines);
    lines = '';
    await draft.keep();
  } finally {
    if (typeof target !== 'string') await draft.write(lines);
    await draft.drop();
  }
  return count;
}

function toOutput(output: Output): Draft {
  return {
    // Lets other work (a Ctrl-C) in between.
    write: (lines) => {
      if (lines !== '') output.write(String(lines));
      return new Promise((resolve) => setImmediate(resolve));
    },
    keep: () => Promise.resolve(),
    drop: () => Promise.resolve(),
  };
}
