import { describe, expect, it } from 'vitest';
import { commonPrefix, reusableLength } from '../../src/runtime/engine/prefixCache.js';
import type { Patch, Steering } from '../../src/runtime/steering.js';
import { Treatments } from '../../src/runtime/engine/treatment.js';

const layers = 2;
const ids = [5, 6, 7, 8];
const base: Steering = {
  direction: Float32Array.of(1, 0, 0, 1),
  coefficient: Float32Array.of(0, 2),
};

function keys(steering: Steering | undefined, promptLength = 4, row = 0): string[] {
  return new Treatments(steering, layers).of({ row, promptLength }, 4);
}

function reused(before: string[], after: string[]): number {
  return commonPrefix({ ids, treatments: before }, { ids, treatments: after });
}

describe('reusableLength', () => {
  const plain = keys(undefined);
  it('is the common prefix in id, but never the whole row', () => {
    expect(reusableLength(undefined, { ids, treatments: plain })).toBe(0);
    expect(reusableLength({ ids, treatments: plain }, { ids, treatments: plain })).toBe(3);
    const other = { ids: [5, 6, 9, 8], treatments: plain };
    expect(reusableLength({ ids, treatments: plain }, other)).toBe(2);
    const longer = { ids: [...ids, 9, 9], treatments: [...plain, '', ''] };
    expect(reusableLength({ ids, treatments: plain }, longer)).toBe(4);
  });
});

describe('Treatments', () => {
  it('takes coefficient 0 for no steering at all', () => {
    expect(reused(keys(undefined), keys({ ...base, coefficient: new Float32Array(2) }))).toBe(4);
  });

  it('tells coefficients, directions and ablations apart, but only where they act', () => {
    expect(reused(keys(base), keys({ ...base, coefficient: Float32Array.of(0, 3) }))).toBe(0);
    expect(reused(keys(base), keys({ ...base, direction: Float32Array.of(1, 0, 1, 0) }))).toBe(0);
    expect(reused(keys(base), keys({ ...base, ablation: Float32Array.of(1, 0) }))).toBe(0);
    // Layer 0 adds nothing, so its direction does not matter.
    expect(reused(keys(base), keys({ ...base, direction: Float32Array.of(0, 1, 0, 1) }))).toBe(4);
  });

  it('cuts where a position changes from generated to prompt under a rule', () => {
    const generated: Steering = { ...base, positions: 'generated' };
    expect(reused(keys(generated, 2), keys(generated, 2))).toBe(4);
    expect(reused(keys(generated, 2), keys(generated, 3))).toBe(2);
    expect(reused(keys(generated, 4), keys(undefined))).toBe(4);
    expect(
      reused(keys({ ...base, positions: 'prompt' }, 2), keys({ ...base, positions: 'all' })),
    ).toBe(2);
  });

  it('knows rows by their own coefficients, wherever they stand in the batch', () => {
    const rows: Steering = { ...base, coefficient: Float32Array.of(0, 5, 0, 2) };
    expect(reused(keys(base), keys(rows, 4, 1))).toBe(4);
    expect(reused(keys(base), keys(rows, 4, 0))).toBe(0);
  });

  it('cuts at a patched position', () => {
    const patch: Patch = { row: 0, layer: 1, position: 2, vector: Float32Array.of(3, 4) };
    expect(reused(keys(base), keys({ ...base, patches: [patch] }))).toBe(2);
    expect(reused(keys(base), keys({ ...base, patches: [{ ...patch, row: 1 }] }))).toBe(4);
  });
});
