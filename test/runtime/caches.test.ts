/** Cached rows that stay behind keep no more than their own, and are the same rows. */
import { expect, it } from 'vitest';
import { Caches } from '../../src/runtime/engine/caches.js';
import { joinPast, type CachedRow } from '../../src/runtime/engine/keyValues.js';
import type { CacheTensor } from '../../src/onnx/layout.js';

const [rows, heads, slots, headDim] = [4, 2, 6, 3];
const layout = (['key', 'value'] as const).map((part): CacheTensor => ({ past: `past.${part}`, present: `present.${part}`, layer: 0, part, heads, headDim, type: 'float32' })); // prettier-ignore

/** Windows on the tensors of one run; row r has 3 + r tokens, padded on the left. */
function run(first: number): CachedRow[] {
  const tensors = layout.map((_, index) => {
    const data = Float32Array.from({ length: rows * heads * slots * headDim }, (__, i) => first + 1000 * index + i); // prettier-ignore
    return { data, rows, slots };
  });
  return Array.from({ length: rows }, (_, row) => {
    const ids = Array.from({ length: 3 + row }, (__, i) => i);
    return { ids, treatments: ids.map(() => ''), tensors, row, start: slots - ids.length };
  });
}

/** What another batch would be given of a row. */
function read(cached: CachedRow): unknown {
  const past = cached.ids.length;
  return layout.map((tensor, index) => joinPast([{ cached, reused: past }], index, { ...tensor, past, padding: 'right' })); // prettier-ignore
}

const bytes = (row: CachedRow | undefined): number => row?.tensors.reduce((sum, { data }) => sum + data.byteLength, 0) ?? NaN; // prettier-ignore

it('are copied out once less than half of their run is in use', () => {
  const caches = new Caches(layout);
  const before = run(0);
  before.forEach((row, id) => caches.set(id, row));
  const after = run(1e6);
  // 3 + 5 of 24 slots are left.
  for (const id of [1, 3]) caches.set(id, after[id] as CachedRow);
  caches.trim();
  for (const id of [0, 2]) {
    const [old, kept] = [before[id] as CachedRow, caches.get(id) as CachedRow];
    expect(kept.tensors).not.toBe(old.tensors);
    expect(bytes(kept)).toBe(2 * heads * old.ids.length * headDim * 4);
    expect([kept.ids, read(kept)]).toEqual([old.ids, read(old)]);
  }
  // 4 + 6 of 24: no neighbour of theirs has left.
  expect(caches.get(1)?.tensors).toBe(after[1]?.tensors);
});

it('stay where they are while most of their run is in use, and when all go on', () => {
  const caches = new Caches(layout);
  const before = run(0);
  before.forEach((row, id) => caches.set(id, row));
  caches.delete(0);
  caches.trim();
  expect(caches.get(3)).toBe(before[3]);
  run(1e6).forEach((row, id) => caches.set(id, row));
  caches.trim();
  expect(caches.get(3)?.tensors).toBe(caches.get(1)?.tensors);
  caches.clear();
  expect(caches.get(3)).toBeUndefined();
});
