/** From a batch's outputs to its rows; padding is dropped, and what is not finite is refused. */
import { outputs } from '../../onnx/names.js';
import type { PlainTensor } from '../session.js';
import { reusedTokens, slotOf, type Batch } from './batches.js';
import { floats } from './feeds.js';

/** `[outer, B, slots, inner]`, of which one row's `count` slots from `start` are wanted. */
export interface RowWindow {
  outer: number;
  rows: number;
  slots: number;
  inner: number;
  /** Row of the batch. */
  row: number;
  start: number;
  count: number;
}

/** Copies a row's window out: `[outer, count, inner]`. */
export function takeRow(data: Float32Array, window: RowWindow): Float32Array {
  const { outer, rows, slots, inner, row, start, count } = window;
  const block = count * inner;
  const taken = new Float32Array(outer * block);
  for (let o = 0; o < outer; o++) {
    const from = ((o * rows + row) * slots + start) * inner;
    taken.set(data.subarray(from, from + block), o * block);
  }
  return taken;
}

/** One row of a batch, of `length` tokens; `index` is its number in the request. */
export interface BatchRow {
  batch: Batch;
  row: number;
  length: number;
  index: number;
}

/**
 * Projections of the tokens that were fed, `[layers, fed tokens of the row, inner]`.
 * @throws naming layer and position where a hidden state of them is not finite.
 */
export function fedProjections(
  results: Readonly<Record<string, PlainTensor>>,
  { layers, inner }: { layers: number; inner: number },
  { batch, row, length, index }: BatchRow,
): Float32Array {
  const first = reusedTokens(batch, length);
  const count = length - first;
  const taken = takeRow(floats(results[outputs.projections], outputs.projections), {
    ...{ outer: layers, rows: batch.rows.length, slots: batch.fed, inner, row, count },
    start: slotOf(batch, length, first),
  });
  const bad = firstNonFinite(taken);
  if (bad >= 0) {
    const read = Math.floor(bad / inner);
    refuseHidden(index, Math.floor(read / count), first + (read % count));
  }
  return taken;
}

/** Index of the first number that is NaN or infinite, −1 where all are finite. */
export function firstNonFinite(data: Float32Array): number {
  // x − x is 0 for finite numbers only; one addition per number, no branch in the loop.
  let sum = 0;
  for (const x of data) sum += x - x;
  return sum === 0 ? -1 : data.findIndex((x) => !Number.isFinite(x));
}

/** @throws naming layer and row where a hidden state is not finite. */
export function refuseHidden(row: number, layer: number, position: number): never {
  throw new Error(
    `model: hidden state is not finite (row ${row}, layer ${layer}, position ${position}); lower the coefficient, or use a float32 model`,
  );
}

/** @throws naming the row where logits are not finite. */
export function refuseLogits(row: number, position: number): never {
  throw new Error(
    `model: logits are not finite (row ${row}, after the last layer, position ${position}); lower the coefficient, or use a float32 model`,
  );
}
