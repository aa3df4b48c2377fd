/** The check of the notebooks: errors that tslab reports as mere text are found and said. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkNotebooks } from '../../notebooks/tools/check.js';
import { formatNotebook, readNotebook, type Cell } from '../../notebooks/tools/notebookFile.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

function code(source: string, index: number): Cell {
  return { id: `cell-${index}`, cell_type: 'code', source, outputs: [] };
}

/** Writes a notebook of these cells, after a line of text; returns its name. */
function writeCells(name: string, ...sources: string[]): string {
  const text: Cell = { id: 'text', cell_type: 'markdown', source: 'Text.', outputs: [] };
  const cells = [text, ...sources.map(code)];
  writeFileSync(join(folder.path, `${name}.ipynb`), formatNotebook({ cells }));
  return name;
}

async function check(name: string, write = false): Promise<string[]> {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  await checkNotebooks({ folder: folder.path, names: [name], write, say });
  return said;
}

describe('a failing cell stops the check, with its number, message and source', () => {
  it('compile error', async () => {
    const name = writeCells('compile', 'const a = 1;', 'const b: string = a;', 'console.log(a)');
    await expect(check(name)).rejects.toThrow(
      /compile\.ipynb, cell 3: 1:7 - Type 'number' is not assignable to type 'string'[^]*const b: string = a;/,
    );
  });

  it('thrown error', async () => {
    const name = writeCells('thrown', "throw new Error('planted: it broke');");
    const failed = check(name);
    await expect(failed).rejects.toThrow(/thrown\.ipynb, cell 2: Error: planted: it broke/);
    await expect(failed).rejects.not.toThrow(/tslab|evalmachine/);
  });

  it('rejected promise that the cell waits for', async () => {
    const name = writeCells('rejected', "await Promise.reject(new Error('planted: later'));");
    await expect(check(name)).rejects.toThrow(/rejected\.ipynb, cell 2: Error: planted: later/);
  });

  it('rejected promise that nobody waits for', async () => {
    const source = "setTimeout(() => { void Promise.reject(new Error('planted: lost')); }, 20);";
    const name = writeCells('lost', source);
    await expect(check(name)).rejects.toThrow(/lost\.ipynb[^]*planted: lost/);
  });

  it('a kernel that ends', async () => {
    const name = writeCells('ended', 'process.exit(3);');
    await expect(check(name)).rejects.toThrow(/ended\.ipynb, cell 2: kernel: tslab ended.*3/);
  });
});

describe('a sound notebook', () => {
  it('keeps what its cells show, and is the same when run again', async () => {
    const source = "import * as tslab from 'tslab'; tslab.display.html('<b>shown</b>');";
    const name = writeCells('sound', source, "console.log('one'); console.log('two');");
    const path = join(folder.path, `${name}.ipynb`);
    expect(await check(name, true)).toContain('  cell 2 of 2');
    const first = readFileSync(path, 'utf8');
    const [, shown, printed] = readNotebook(path).cells;
    expect(shown?.outputs).toEqual([
      { output_type: 'display_data', data: { 'text/html': '<b>shown</b>' }, metadata: {} },
    ]);
    expect(printed?.outputs).toEqual([
      { output_type: 'stream', name: 'stdout', text: 'one\ntwo\n' },
    ]);
    await check(name, true);
    expect(readFileSync(path, 'utf8')).toBe(first);
  });

  it('is not touched by a check', async () => {
    const name = writeCells('untouched', 'console.log(1);');
    await check(name);
    expect(readNotebook(join(folder.path, `${name}.ipynb`)).cells[1]?.outputs).toEqual([]);
  });

  it('is not written where it shows a path of this machine', async () => {
    const name = writeCells('path', 'console.log(process.cwd());');
    await expect(check(name, true)).rejects.toThrow(/path\.ipynb: cell 2 shows .*print what holds/);
  });
});

it('an unknown name lists the notebooks', async () => {
  await expect(check('missing')).rejects.toThrow(/none is called "missing".*expected .*\.ipynb/);
});
