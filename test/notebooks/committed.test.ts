/** The committed notebooks: whole, small, of the form that is written, and of no one machine. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatNotebook, readNotebook } from '../../notebooks/tools/notebookFile.js';
import { findTraces } from '../../notebooks/tools/traces.js';

const folder = fileURLToPath(new URL('../../notebooks', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.ipynb'));
const sizeOf = (name: string): number => statSync(join(folder, name)).size;

it('are five, under 2 MB in all', () => {
  expect(names).toHaveLength(5);
  expect(names.map(sizeOf).reduce((sum, size) => sum + size, 0)).toBeLessThan(2e6);
});

describe.each(names)('%s', (name) => {
  const path = join(folder, name);
  const { cells } = readNotebook(path);

  it('has the form that notebooks:write gives, and is small', () => {
    expect(readFileSync(path, 'utf8')).toBe(formatNotebook({ cells }));
    expect(sizeOf(name)).toBeLessThan(500_000);
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
  });

  it('shows something in every code cell, and no warning', () => {
    for (const { cell_type, outputs } of cells) {
      if (cell_type === 'code') expect(outputs).not.toEqual([]);
    }
    const streams = cells.flatMap(({ outputs }) =>
      outputs.filter((output) => output.output_type === 'stream' && output.name === 'stderr'),
    );
    expect(streams).toEqual([]);
  });

  it('names no path and no host', () => {
    expect(findTraces({ cells })).toEqual([]);
  });

  it('uses the built library by its public surface alone', () => {
    const imported = cells.flatMap(({ source }) =>
      [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1] ?? ''),
    );
    const own = imported.filter((from) => from !== 'tslab' && !from.startsWith('node:'));
    expect(new Set(own)).toEqual(new Set(['../dist/index.js']));
  });
});
