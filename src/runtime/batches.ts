/**
 * Which rows share a run, and where each row's tokens lie in it. Pure: lengths in, plan out.
 *
 * A padded batch is right-aligned: the last token of every row sits in the last slot. Of `past`
 * cached slots and `fed` slots, a row of n tokens owns the last n; whatever lies before is padding.
 * A row with a long cache in a batch that feeds many tokens has its last `fed` tokens computed
 * again instead of padded, so the attention mask is always zeros and then ones, without holes.
 */

/**
 * `padded`: rows of any lengths, by left padding and position ids. `equal`: rows of the same
 * length and cache only (GroupQueryAttention counts tokens from the left). `single`: one row
 * (per-tensor dynamic quantisation couples the rows of a batch).
 */
export type BatchPolicy = 'padded' | 'equal' | 'single';

export interface RowLength {
  /** Tokens of the row, cached ones included. */
  length: number;
  /** Leading tokens whose keys and values may be taken from a cache; less than `length`. */
  cached: number;
}

/** Largest batch: rows, and rows × slots (padding and generated tokens included). */
export interface BatchLimits {
  rows: number;
  slots: number;
}

export interface Batch {
  /** Indices into the request's rows. */
  rows: number[];
  /** Cached slots before the fed ones. */
  past: number;
  /** Slots fed in this run. */
  fed: number;
}

export interface PlanOptions {
  policy: BatchPolicy;
  limits: BatchLimits;
  /** Slots per row that generation will add. Default 0. */
  generated?: number;
}

/**
 * Splits rows into batches. Depends on lengths alone, never on speed, so the same request always
 * meets the same batch shapes.
 */
export function planBatches(rows: readonly RowLength[], options: PlanOptions): Batch[] {
  const order = rows.map((row, index) => ({ ...row, index, fresh: row.length - row.cached }));
  order.sort((a, b) => a.fresh - b.fresh || a.length - b.length || a.index - b.index);
  const batches: Batch[] = [];
  let open: Batch | undefined;
  for (const row of order) {
    const joined = open && joinRow(open, row, options);
    if (open && joined) Object.assign(open, joined);
    else batches.push((open = { rows: [row.index], past: row.cached, fed: row.fresh }));
  }
  return batches;
}

interface Candidate extends RowLength {
  index: number;
  fresh: number;
}

function joinRow(batch: Batch, row: Candidate, options: PlanOptions): Batch | undefined {
  const { policy, limits, generated = 0 } = options;
  const same = row.cached === batch.past && row.fresh === batch.fed;
  if (policy === 'single' || batch.rows.length >= limits.rows) return undefined;
  if (policy === 'equal' && !same) return undefined;
  // GroupQueryAttention on the CPU: several tokens on a cache only for a batch of one row.
  if (policy === 'equal' && row.cached > 0 && row.fresh > 1) return undefined;
  const fed = Math.max(batch.fed, row.fresh);
  const length = Math.max(batch.past + batch.fed, row.length);
  const slots = (batch.rows.length + 1) * (length + generated);
  if (slots > limits.slots) return undefined;
  return { rows: [...batch.rows, row.index], past: Math.max(0, length - fed), fed };
}

/** Leading tokens of a row that come from its cache in this batch. */
export function reusedTokens(batch: Batch, length: number): number {
  return Math.max(0, length - batch.fed);
}

/** Slot among the fed ones of the row's absolute position; negative where it is in the cache. */
export function slotOf(batch: Batch, length: number, position: number): number {
  return batch.fed - length + position;
}
