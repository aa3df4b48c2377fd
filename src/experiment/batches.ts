/** Work in portions. */

/** Consecutive batches of a fixed size; the last one may be shorter. */
export function batchesOf<T>(items: readonly T[], size: number): T[][] {
  if (!Number.isInteger(size) || size < 1) {
    throw new Error(`batches: the size is not usable (expected an integer from 1, got ${size})`);
  }
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
