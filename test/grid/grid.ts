/**
 * Decoders as people export them (make.py), each compared with PyTorch (compare.ts). Writes the
 * largest differences as tables: `grid.md` in the first folder.
 */
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { compareExport, exportedModels } from './compare.js';
import { emptyLine, overview, wholeTable } from './report.js';
import type { Line } from './report.js';

/** Folders of make.py, separated as those of PATH. */
const roots = (process.env.GRID ?? 'grid').split(delimiter);
const lines: Line[] = [];

describe.each(roots.flatMap(exportedModels))('$architecture', (model) => {
  it.each(model.exporters)('%s', async (exporter) => {
    const line = emptyLine(model.architecture, exporter);
    lines.push(line);
    await compareExport(model, exporter, line);
  });
});

afterAll(() => {
  writeFileSync(join(roots[0] ?? '.', 'grid.md'), `${overview(lines)}\n\n${wholeTable(lines)}\n`);
});
