/** What the hardware allows, and how near a measurement comes to it. */
import { blockOperations, decodedBytes } from './shapes.js';
import type { DecoderShape } from './shapes.js';

/** Measured on the GPU itself. */
export interface Ceilings {
  /** Bytes read and written by a large copy on the device, per second. */
  bytesPerSecond: number;
  /** Floating-point operations per second of a large fp16 matrix product. */
  operationsPerSecond: number;
}

/** Least milliseconds per step of decoding: every weight is read once, whatever the batch. */
export function decodeBound(shape: DecoderShape, { bytesPerSecond }: Ceilings): number {
  return (decodedBytes(shape) / bytesPerSecond) * 1000;
}

/** Least milliseconds of a scan: the blocks' products of every token. */
export function scanBound(
  shape: DecoderShape,
  tokens: number,
  { operationsPerSecond }: Ceilings,
): number {
  return (blockOperations(shape, tokens) / operationsPerSecond) * 1000;
}

/** Largest difference in units of max(1, RMS of the reference); Infinity where lengths differ. */
export function relativeDifference(a: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (a.length !== reference.length) return Infinity;
  let [largest, squares] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x = NaN, y = NaN] = [a[i], reference[i]];
    const difference = Math.abs(x - y);
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
    squares += y * y;
  }
  return largest / Math.max(1, Math.sqrt(squares / Math.max(1, a.length)));
}
