/** How much is computed at once. It follows from device and model alone, never from the machine. */
import type { CacheTensor, DecoderLayout } from '../../onnx/layout.js';
import type { Device } from '../decoder.js';
import { rowsAtOnce } from '../rowsAtOnce.js';
import type { BatchLimits } from './batches.js';

/** Slots bound the memory of the cache and of the attention's scores. */
export const cpuLimits: BatchLimits = { rows: rowsAtOnce('cpu'), slots: 16_384 };

/** Bytes of keys and values in one batch on a GPU; a step copies them once. */
const gpuCache = 4 * 2 ** 30;

export function batchLimits(device: Device, { cache }: Pick<DecoderLayout, 'cache'>): BatchLimits {
  if (device === 'cpu') return cpuLimits;
  const slotBytes = cache.reduce((sum, tensor) => sum + bytesPerSlot(tensor), 0);
  const slots = Math.max(cpuLimits.slots, Math.floor(gpuCache / Math.max(1, slotBytes)));
  return { rows: rowsAtOnce(device), slots };
}

function bytesPerSlot({ heads, headDim, type }: CacheTensor): number {
  return heads * headDim * (type === 'float16' ? 2 : 4);
}
