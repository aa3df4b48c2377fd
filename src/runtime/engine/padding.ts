/**
 * A batch's plan as tensors: ids, attention mask, positions and the steering mask.
 *
 * `B` rows of the batch, `P` cached slots, `S` fed slots.
 */
import { firstSlot, reusedTokens, slotOf } from './batches.js';
import type { Batch } from './batches.js';
import type { PositionRule } from '../steering.js';
import { isSteered } from './treatment.js';

/** A row as it is fed. */
export interface FedRow {
  ids: readonly number[];
  /** Leading tokens that count as prompt. */
  promptLength: number;
}

export interface PaddedBatch {
  /** int64 `[B, S]`; padding is id 0. */
  ids: BigInt64Array;
  /** int64 `[B, P + S]`: ones where the row has tokens, cached or fed. */
  attention: BigInt64Array;
  /** int64 `[B, S]`: absolute positions; padding is 0. */
  positions: BigInt64Array;
  /** float32 `[B, S]`: 1 where the rule steers; padding is 0. */
  steered: Float32Array;
}

/** Lays the batch's rows out. `rows` are the request's; the batch picks its own. */
export function padBatch(batch: Batch, rows: readonly FedRow[], rule: PositionRule): PaddedBatch {
  const { past, fed } = batch;
  const count = batch.rows.length;
  const padded: PaddedBatch = {
    ids: new BigInt64Array(count * fed),
    attention: new BigInt64Array(count * (past + fed)),
    positions: new BigInt64Array(count * fed),
    steered: new Float32Array(count * fed),
  };
  batch.rows.forEach((index, b) => {
    const row = rows[index];
    if (!row) throw new RangeError(`padBatch: no row ${index}`);
    const length = row.ids.length;
    const first = b * (past + fed) + firstSlot(batch, length);
    padded.attention.fill(1n, first, first + length);
    for (let position = reusedTokens(batch, length); position < length; position++) {
      const at = b * fed + slotOf(batch, length, position);
      padded.ids[at] = BigInt(row.ids[position] ?? 0);
      padded.positions[at] = BigInt(position);
      padded.steered[at] = isSteered(rule, position, row.promptLength) ? 1 : 0;
    }
  });
  return padded;
}

/**
 * Slots of wanted positions as an int64 `[B, P]` rectangle; rows that want fewer are filled with
 * their last token, and P is at least 1.
 */
export function slotRectangle(
  batch: Batch,
  lengths: readonly number[],
  wanted: readonly (readonly number[])[],
): { slots: BigInt64Array; count: number } {
  const count = Math.max(1, ...batch.rows.map((index) => wanted[index]?.length ?? 0));
  const slots = new BigInt64Array(batch.rows.length * count).fill(BigInt(batch.fed - 1));
  batch.rows.forEach((index, b) => {
    (wanted[index] ?? []).forEach((position, p) => {
      slots[b * count + p] = BigInt(slotOf(batch, lengths[index] ?? 0, position));
    });
  });
  return { slots, count };
}
