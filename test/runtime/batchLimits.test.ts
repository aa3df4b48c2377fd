import { describe, expect, it } from 'vitest';
import type { CacheTensor } from '../../src/onnx/layout.js';
import { batchLimits, cpuLimits } from '../../src/runtime/engine/batchLimits.js';

/** Keys and values of `layers` attentions. */
function cacheOf(
  layers: number,
  heads: number,
  headDim: number,
  type: CacheTensor['type'],
): CacheTensor[] {
  return Array.from({ length: layers }, (_, layer) =>
    (['key', 'value'] as const).map((part) => ({
      past: '',
      present: '',
      layer,
      part,
      heads,
      headDim,
      type,
    })),
  ).flat();
}

describe('batchLimits', () => {
  it('is fixed on a CPU, whatever the model', () => {
    expect(batchLimits('cpu', { cache: cacheOf(32, 8, 128, 'float16') })).toEqual(cpuLimits);
    expect(cpuLimits).toEqual({ rows: 32, slots: 16_384, run: 16 });
  });

  it('fills 4 GiB with the cache on a GPU', () => {
    // Llama 3 8B: 2 · 32 · 8 · 128 numbers of 2 bytes are 128 KiB a slot.
    const large = batchLimits('cuda', { cache: cacheOf(32, 8, 128, 'float16') });
    expect(large).toEqual({ rows: 256, slots: 32_768 });
    // SmolLM2-135M in float32: 2 · 30 · 3 · 64 numbers of 4 bytes are 45 KiB.
    const small = batchLimits('cuda', { cache: cacheOf(30, 3, 64, 'float32') });
    expect(small.slots).toBe(Math.floor(2 ** 32 / (45 * 1024)));
  });

  it('never takes fewer slots than a CPU does', () => {
    const { slots } = batchLimits('cuda', { cache: cacheOf(80, 64, 128, 'float32') });
    expect(slots).toBe(cpuLimits.slots);
  });
});
