/** How much is computed at once. It follows from device and model alone, never from the machine. */
import type { CacheTensor, DecoderLayout } from '../../onnx/layout.js';
import type { Device } from '../decoder.js';
import { rowsAtOnce } from '../rowsAtOnce.js';
import type { BatchLimits } from './batches.js';

/**
 * Slots bound the memory of the cache and of the attention's scores. Of SmolLM2 a run reads the weights
 * in the time that 12 to 32 slots take; batches of 1 and of 16 rows of one length cost the same a slot.
 */
export const cpuLimits: BatchLimits = { rows: rowsAtOnce('cpu'), slots: 16_384, run: 16 };

/** Bytes of keys and values in one batch on a GPU; a step copies them once. */
const gpuCache = 4 * 2 ** 30;

export function batchLimits(device: Device, { cache }: Pick<DecoderLayout, 'cache'>): BatchLimits {
  if (device === 'cpu') return cpuLimits;
  const slotBytes = cache.reduce((sum, tensor) => sum + bytesPerSlot(tensor), 0);
  const slots = Math.max(cpuLimits.slots, Math.floor(gpuCache / Math.max(1, slotBytes)));
  return { rows: rowsAtOnce(device), slots };
}

/**
 * Keys and values leave the runtime between a draft and what is written after it, and come back. A
 * row whose they are beyond this share of the weights' bytes, which each token reads, would lose
 * more by that than its draft saves (on a CPU, 1.2 MB of 5 MB lost a tenth, 7 MB of 540 MB nothing
 * that could be measured).
 */
const draftedShare = 1 / 8;

/** The most tokens of a row with a draft. */
export function mostDrafted(weights: number, { cache }: Pick<DecoderLayout, 'cache'>): number {
  const slotBytes = cache.reduce((sum, tensor) => sum + bytesPerSlot(tensor), 0);
  return (draftedShare * weights) / Math.max(1, slotBytes);
}

function bytesPerSlot({ heads, headDim, type }: CacheTensor): number {
  return heads * headDim * (type === 'float16' ? 2 : 4);
}
