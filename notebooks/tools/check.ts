/**
 * Runs the notebooks headless: `check` into a temporary folder, `write` back into their files.
 * Names, or parts of them, choose some: `npm run notebooks:check -- 03`.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { executeNotebook } from './execute.js';
import { formatNotebook, readNotebook } from './notebookFile.js';
import { findTraces } from './traces.js';

export interface CheckOptions {
  /** Where the notebooks lie. */
  folder: string;
  /** Parts of names; none: all. */
  names: readonly string[];
  /** Save the outputs in place. Default false. */
  write?: boolean;
  /** Lines of progress. */
  say: (line: string) => void;
}

/**
 * Executes notebook after notebook.
 * @throws on the first error of the first notebook that has one; where no notebook has such a name;
 * and, before it writes, where an output names a path or the host of this machine.
 */
export async function checkNotebooks(options: CheckOptions): Promise<void> {
  const { folder, write = false, say } = options;
  const files = await chooseNotebooks(options);
  const temporary = await mkdtemp(join(tmpdir(), 'notebooks-'));
  try {
    for (const file of files) {
      const path = join(folder, file);
      const started = performance.now();
      say(`${file}`);
      const notebook = await executeNotebook({
        path,
        notebook: readNotebook(path),
        onCell: (cell, cells) => {
          say(`  cell ${cell} of ${cells}`);
        },
      });
      const text = formatNotebook(notebook);
      if (write) refuseTraces(file, findTraces(notebook));
      await writeFile(write ? path : join(temporary, file), text);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      say(`  done in ${seconds} s, ${Math.round(Buffer.byteLength(text) / 1024)} kB`);
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function chooseNotebooks({ folder, names }: CheckOptions): Promise<string[]> {
  const all = (await readdir(folder)).filter((name) => name.endsWith('.ipynb')).sort();
  const unknown = names.find((name) => !all.some((file) => file.includes(basename(name))));
  if (all.length === 0 || unknown !== undefined) {
    const wanted = unknown === undefined ? 'none there' : `none is called "${unknown}"`;
    const known = all.join(', ') || 'at least 1 .ipynb';
    throw new Error(`notebooks: ${wanted} in ${folder} (expected ${known})`);
  }
  if (names.length === 0) return all;
  return all.filter((file) => names.some((name) => file.includes(basename(name))));
}

function refuseTraces(file: string, traces: readonly string[]): void {
  const [first] = traces;
  if (first === undefined) return;
  throw new Error(`${file}: ${first}; print what holds on every machine, and write again`);
}
