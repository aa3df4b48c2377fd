/**
 * Notebook files (nbformat 4.5) in one form, so that the same cells and outputs give the same file:
 * keys sorted, texts as lines, nothing of when, where and by which versions it was run.
 */
import { readFileSync } from 'node:fs';

/** Text, or its lines, as files have it. */
export type Lines = string | readonly string[];

/** What a cell shows. */
export type Output =
  | { output_type: 'stream'; name: 'stdout' | 'stderr'; text: string }
  | { output_type: 'display_data'; data: Readonly<Record<string, unknown>>; metadata: object };

export interface Cell {
  id: string;
  cell_type: 'code' | 'markdown';
  source: string;
  /** Of code cells; empty until they were run. */
  outputs: readonly Output[];
}

export interface NotebookFile {
  cells: readonly Cell[];
}

/** The file as it lies on disk, as far as it is looked at. */
interface Stored {
  nbformat?: unknown;
  cells?: readonly StoredCell[];
}

interface StoredCell {
  id?: string;
  cell_type?: string;
  source?: Lines;
  outputs?: readonly StoredOutput[];
}

interface StoredOutput {
  output_type: string;
  name?: string;
  text?: Lines;
  data?: Readonly<Record<string, unknown>>;
}

/** @throws where it is no notebook of format 4, or holds a cell of an unknown type. */
export function readNotebook(path: string): NotebookFile {
  const stored = parse(path);
  if (stored.nbformat !== 4 || stored.cells === undefined) {
    throw new Error(`${path}: no notebook (expected nbformat 4 with cells)`);
  }
  return { cells: stored.cells.map((cell, i) => readCell(cell, i, path)) };
}

function readCell(cell: StoredCell, index: number, path: string): Cell {
  const { id = `cell-${index + 1}`, cell_type: type, source = '', outputs = [] } = cell;
  if (type !== 'code' && type !== 'markdown') {
    throw new Error(`${path}: cell ${index + 1} is ${type} (expected code or markdown)`);
  }
  return { id, cell_type: type, source: joined(source), outputs: outputs.flatMap(readOutput) };
}

/** Other types (results, errors) come from other kernels, and the next run replaces them. */
function readOutput({ output_type, name, text = '', data = {} }: StoredOutput): Output[] {
  if (output_type === 'stream') {
    const stream = name === 'stderr' ? 'stderr' : 'stdout';
    return [{ output_type, name: stream, text: joined(text) }];
  }
  if (output_type !== 'display_data') return [];
  const shown = Object.entries(data).map(([type, value]): [string, unknown] => [
    type,
    isLines(value) ? joined(value) : value,
  ]);
  return [{ output_type, data: Object.fromEntries(shown), metadata: {} }];
}

function isLines(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((line) => typeof line === 'string');
}

function parse(path: string): Stored {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Stored;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path}: cannot be read as a notebook (${reason})`, { cause });
  }
}

/** The file's text. Code cells are counted in order, as if run once from top to bottom. */
export function formatNotebook({ cells }: NotebookFile): string {
  let count = 0;
  const stored = {
    cells: cells.map((cell) => formatCell(cell, cell.cell_type === 'code' ? ++count : count)),
    metadata: {
      kernelspec: { display_name: 'TypeScript', language: 'typescript', name: 'tslab' },
      language_info: { file_extension: '.ts', mimetype: 'text/typescript', name: 'typescript' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(stored, null, 1)}\n`;
}

function formatCell({ id, cell_type, source, outputs }: Cell, count: number): object {
  const rest = { id, metadata: {} };
  if (cell_type === 'markdown') return { cell_type, ...rest, source: lines(source) };
  const shown = outputs.map((output) => formatOutput(output));
  return { cell_type, execution_count: count, ...rest, outputs: shown, source: lines(source) };
}

function formatOutput(output: Output): object {
  if (output.output_type === 'stream') {
    return { name: output.name, output_type: 'stream', text: lines(output.text) };
  }
  const data = Object.entries(output.data).map(([type, value]): [string, unknown] => [
    type,
    type.startsWith('text/') && typeof value === 'string' ? lines(value) : value,
  ]);
  return { data: Object.fromEntries(data), metadata: {}, output_type: 'display_data' };
}

/** Every line with its end, as nbformat splits texts. */
function lines(text: string): string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== '');
}

function joined(text: Lines): string {
  return typeof text === 'string' ? text : text.join('');
}

/** Every text in a cell's outputs, images aside. */
export function outputTexts(outputs: readonly Output[]): string[] {
  return outputs.flatMap((output) =>
    output.output_type === 'stream'
      ? [output.text]
      : Object.entries(output.data).flatMap(([type, value]) =>
          type.startsWith('image/')
            ? []
            : [typeof value === 'string' ? value : JSON.stringify(value)],
        ),
  );
}
