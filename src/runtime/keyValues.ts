/**
 * Keys and values as the graph returns them, and their way back into the next call.
 *
 * A cached row is a window on the tensors of the run that computed it; nothing is copied until
 * rows meet again in another batch.
 */
import type { CacheTensor } from '../onnx/layout.js';
import type { TreatedTokens } from './prefixCache.js';

export type CacheData = Float32Array | Uint16Array;

/** One keys or values tensor of a run, `[B, heads, slots, headDim]`; float16 as its bits. */
export interface KeyValues {
  data: CacheData;
  slots: number;
}

/** A row's window: its tokens are the `ids.length` slots from `start` in row `row` of each tensor. */
export interface CachedRow extends TreatedTokens {
  /** In the order of the layout's cache tensors. */
  tensors: readonly KeyValues[];
  row: number;
  start: number;
}

/** A row's share in a batch: the leading tokens that are taken from its cache. */
export interface PastRow {
  cached: CachedRow | undefined;
  reused: number;
}

/**
 * Past tensor number `index` for a batch, `[B, heads, past, headDim]`: every row's reused tokens in
 * the last slots, zeros before (the attention mask hides them).
 */
export function joinPast(
  rows: readonly PastRow[],
  past: number,
  index: number,
  { heads, headDim, type }: Pick<CacheTensor, 'heads' | 'headDim' | 'type'>,
): CacheData {
  const size = rows.length * heads * past * headDim;
  const data = type === 'float16' ? new Uint16Array(size) : new Float32Array(size);
  rows.forEach(({ cached, reused }, b) => {
    const source = cached?.tensors[index];
    if (!cached || !source || reused === 0) return;
    for (let head = 0; head < heads; head++) {
      const from = ((cached.row * heads + head) * source.slots + cached.start) * headDim;
      const to = ((b * heads + head + 1) * past - reused) * headDim;
      data.set(source.data.subarray(from, from + reused * headDim), to);
    }
  });
  return data;
}
