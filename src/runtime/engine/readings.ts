/** From a batch's outputs to its rows; padding is dropped, and what is not finite is refused. */

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
