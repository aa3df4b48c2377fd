/**
 * Keys and values as the graph returns them, and their way back into the next call.
 *
 * A cached row is a window on the tensors of the run that computed it; nothing is copied until
 * rows meet again in another batch.
 */
import type { CacheTensor, DecoderLayout } from '../../onnx/layout.js';
import type { TreatedTokens } from './prefixCache.js';
import type { PlainTensor } from '../session.js';

export type CacheData = Float32Array | Uint16Array;

/** One keys or values tensor of a run, `[B, heads, slots, headDim]`; float16 as its bits. */
export interface KeyValues {
  data: CacheData;
  rows: number;
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

export interface PastLayout extends Pick<CacheTensor, 'heads' | 'headDim' | 'type'> {
  /** Cached slots of the batch. */
  past: number;
  padding: 'left' | 'right';
}

/**
 * Past tensor number `index` for a batch, `[B, heads, past, headDim]`: every row's reused tokens
 * beside its padding, which is zeros.
 */
export function joinPast(
  rows: readonly PastRow[],
  index: number,
  { heads, headDim, type, past, padding }: PastLayout,
): CacheData {
  const whole = wholePast(rows, index, past);
  if (whole) return whole;
  const size = rows.length * heads * past * headDim;
  const data = type === 'float16' ? new Uint16Array(size) : new Float32Array(size);
  rows.forEach(({ cached, reused }, b) => {
    const source = cached?.tensors[index];
    if (!cached || !source || reused === 0) return;
    for (let head = 0; head < heads; head++) {
      const from = ((cached.row * heads + head) * source.slots + cached.start) * headDim;
      const first = padding === 'left' ? past - reused : 0;
      const to = ((b * heads + head) * past + first) * headDim;
      data.set(source.data.subarray(from, from + reused * headDim), to);
    }
  });
  return data;
}

/** The tensor itself where the batch goes on with all of a run's rows and slots: then nothing moves. */
function wholePast(rows: readonly PastRow[], index: number, past: number): CacheData | undefined {
  const tensors = rows[0]?.cached?.tensors;
  const source = tensors?.[index];
  if (!source || source.slots !== past || source.rows !== rows.length) return undefined;
  const same = rows.every(
    ({ cached, reused }, b) => cached?.tensors === tensors && cached?.row === b && reused === past,
  );
  return same ? source.data : undefined;
}

/** The present tensors of a run, in the layout's order. */
export function presentTensors(
  layout: Pick<DecoderLayout, 'cache'>,
  results: Readonly<Record<string, PlainTensor>>,
): KeyValues[] {
  return layout.cache.map(({ present }) => {
    const tensor = results[present];
    const data = floatData(present, tensor);
    return { data, rows: tensor?.shape[0] ?? 0, slots: tensor?.shape[2] ?? 0 };
  });
}

/** The data of an output in floats. @throws where it is another type, or missing. */
export function floatData(name: string, tensor: PlainTensor | undefined): CacheData {
  const data = tensor?.data;
  if (data instanceof Float32Array || data instanceof Uint16Array) return data;
  const type = tensor?.type ?? 'none';
  throw new Error(`session: output "${name}" has type ${type} (expected a float type)`);
}
