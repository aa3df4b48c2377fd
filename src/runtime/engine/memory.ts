/**
 * Rows that no machine could hold: attention scores of a row grow with the square of its length, and
 * an allocation that fails, or that the system ends the process for, says nothing of the row.
 */
import type { DecoderLayout } from '../../onnx/layout.js';
import type { Batch } from './batches.js';

/**
 * The least bytes that one layer's attention scores take in a run, float32 `[B, heads, S, past + S]`.
 * Heads that share keys and values are counted once, so that it is never too much.
 */
export function leastScoreBytes(
  { cache }: Pick<DecoderLayout, 'cache'>,
  { rows, past, fed }: Batch,
): number {
  const heads = cache[0]?.heads ?? 1;
  return rows.length * heads * fed * (past + fed) * Float32Array.BYTES_PER_ELEMENT;
}

/** @throws where a run needs more than there is. @param free bytes */
export function checkMemory(
  batch: Batch,
  { what, layout, free }: { what: string; layout: Pick<DecoderLayout, 'cache'>; free: number },
): void {
  const needed = leastScoreBytes(layout, batch);
  if (needed <= free) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const tokens = (batch.past + batch.fed).toLocaleString('en-US');
  throw new Error(
    `${what}: row ${batch.rows[0] ?? 0} has ${tokens} tokens, whose attention takes ${gigabytes(needed)} at the least (${gigabytes(free)} are free); shorten it`,
  );
}
