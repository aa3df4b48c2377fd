/** A notebook from top to bottom on a fresh kernel, up to its first error. */
import { basename, dirname } from 'node:path';
import { startKernel, type Kernel } from './kernel.js';
import { outputTexts, type Cell, type NotebookFile, type Output } from './notebookFile.js';

export interface ExecuteOptions {
  /** Of the file: names errors, and cells import relative to its folder. */
  path: string;
  notebook: NotebookFile;
  /** Default 5 minutes. */
  cellTimeoutMs?: number;
  /** Code cells begun, and how many there are. */
  onCell?: (cell: number, cells: number) => void;
}

/**
 * The notebook with the outputs of this run.
 * @throws on the first error, with the cell's number (markdown counted, from 1), the message, and
 * the cell's source: a compile error, a thrown error, a rejected promise (waited for or not), a dead
 * kernel, or a cell that takes too long.
 */
export async function executeNotebook(options: ExecuteOptions): Promise<NotebookFile> {
  const { path, notebook } = options;
  await using kernel = await startKernel(dirname(path));
  const cells: Cell[] = [];
  const total = notebook.cells.filter(({ cell_type }) => cell_type === 'code').length;
  let started = 0;
  for (const [index, cell] of notebook.cells.entries()) {
    if (cell.cell_type === 'markdown') {
      cells.push(cell);
      continue;
    }
    options.onCell?.(++started, total);
    const outputs = await runCell(kernel, cell, { ...options, index });
    cells.push({ ...cell, outputs });
  }
  // Promises that nobody waited for fail a moment later.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const [late] = kernel.late();
  if (late !== undefined) throw new Error(`${basename(path)}, after its last cell: ${late}`);
  return { cells };
}

async function runCell(
  kernel: Kernel,
  cell: Cell,
  { path, index, cellTimeoutMs = 300_000 }: ExecuteOptions & { index: number },
): Promise<Output[]> {
  const where = `${basename(path)}, cell ${index + 1}`;
  const fail = (message: string, cause?: unknown): Error =>
    new Error(`${where}: ${message}\n\n${indented(cell.source)}`, { cause });
  let result;
  try {
    result = await kernel.run(cell.source, cellTimeoutMs);
  } catch (cause) {
    throw fail(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const errors = result.outputs.filter(
    (output) => output.output_type === 'stream' && output.name === 'stderr',
  );
  const [late] = kernel.late();
  if (!result.ok || late !== undefined) {
    throw fail(readable(outputTexts(errors).join('')) || late || 'failed without a message');
  }
  return result.outputs;
}

/** Without what is tslab's and Node's: the place in the compiled cell, and frames under every cell. */
function readable(text: string): string {
  const place = /^evalmachine\.<anonymous>:\d+\n.*\n *\^+\n+/;
  const frames = /^ +at .*(?:evalmachine|node:|node_modules\/tslab).*\n?/gm;
  return text.replace(place, '').replace(frames, '').trim();
}

function indented(source: string): string {
  return source.replace(/^/gm, '    ');
}
