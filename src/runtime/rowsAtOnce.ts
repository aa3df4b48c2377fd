/** How many rows are worth computing together on a device. */
import type { Device } from './decoder.js';

/**
 * CPU: a token of a model of 8 layers × 256 cost 2.5 ms alone, 0.81 in a batch of 8, 0.68 in one of
 * 32 (one core). GPU: a step costs its launches, and 32 rows hardly more than one (docs/cuda.md).
 */
export function rowsAtOnce(device: Device): number {
  return device === 'cpu' ? 32 : 256;
}
