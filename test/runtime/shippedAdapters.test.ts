/** The adapters that ship are read, and fit the base that their cards name. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAdapter } from '../../src/onnx/adapter/file.js';
import { adapterPaths, embeddedAdapters, isAdapter } from '../../src/runtime/adapterFiles.js';

describe('shipped adapters', () => {
  const names = readdirSync(embeddedAdapters);

  it('are there', () => {
    expect(names.sort()).toEqual(['gsm8k-corrector', 'gsm8k-corrector-seed2', 'gsm8k-upstream']);
  });

  it.each(names)('%s has seven matrices in each of 30 layers', (name) => {
    const folder = join(embeddedAdapters, name);
    const [config, weights] = adapterPaths(folder);
    const files = { config: readFileSync(config, 'utf8'), weights: readFileSync(weights) };
    const adapter = readAdapter(files, name);
    expect(adapter.size).toBe(7 * 30);
    const down = adapter.get('model.layers.29.mlp.down_proj');
    expect([down?.a.shape, down?.b.shape, down?.scale]).toEqual([[16, 1536], [576, 16], 2]); // prettier-ignore
    expect(isAdapter(name)).toBe(true);
    expect(existsSync(join(folder, 'README.md'))).toBe(true);
  });
});
