/**
 * Small decoders as real exporters write them, in every way of masking, fusing and quantising that
 * differs: read, steered and generating as PyTorch does. The whole grid is test/grid.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compareExport, exportedModels } from '../grid/compare.js';
import { emptyLine } from '../grid/report.js';

const folder = fileURLToPath(new URL('../fixtures/decoders', import.meta.url));

describe.each(exportedModels(folder))('$architecture', (model) => {
  it.each(model.exporters)('%s', async (exporter) => {
    const line = emptyLine(model.architecture, exporter);
    await compareExport(model, exporter, line);
    expect(line.found).not.toBe('');
  });
});
