/**
 * Which rows share a run, and where each row's tokens lie in it. Pure: lengths in, plan out.
 *
 * A batch has `past` cached slots and then `fed` slots. Padded on the left, a row of n tokens owns
 * the last n of them; a row with a long cache in a batch that feeds many tokens has its last `fed`
 * tokens computed again instead of padded, so the attention mask is zeros and then ones, without
 * holes. Padded on the right, a row's cached tokens are the first of `past`, its fed tokens the
 * first of `fed`, and only their number counts.
 */

/**
 * `left`: rows of any lengths, by left padding and position ids. `right`: GroupQueryAttention,
 * which counts tokens from the left: rows of any lengths share a fresh run or a run of one token
 * each; several tokens on a cache are a run of one row (its CPU kernel refuses more). `equal`: rows
 * of the same length and cache only. `single`: one row, since per-tensor dynamic quantisation
 * couples the rows of a batch.
 */
export type BatchPolicy = 'left' | 'right' | 'equal' | 'single';

export interface RowLength {
  /** Tokens of the row, cached ones included. */
  length: number;
  /** Leading tokens whose keys and values may be taken from a cache; less than `length`. */
  cached: number;
  /** Tokens that generation may add; a row with room for none is left out. Default: no matter. */
  room?: number;
}

/** Largest batch: rows, and rows × slots (padding and generated tokens included). */
export interface BatchLimits {
  rows: number;
  slots: number;
  /** Slots of a forward that cost as much as a run more. Default: any number. */
  run?: number;
}

export interface Batch {
  /** Indices into the request's rows. */
  rows: number[];
  /** Cached slots before the fed ones. */
  past: number;
  /** Slots fed in this run. */
  fed: number;
  /** Where the padding is. */
  padding: 'left' | 'right';
}

export interface PlanOptions {
  policy: BatchPolicy;
  /** Where rows of unequal lengths are padded. */
  padding: Batch['padding'];
  limits: BatchLimits;
  /** Slots per row that generation will add. Default 0. */
  generated?: number;
  /** Most slots of a batch, where padding counts as tokens do. Default: any number. */
  most?: number;
  /** Fed slots that cost as much as a run more. Default: any number, so that there are few runs. */
  run?: number;
}

/**
 * Splits rows into batches. Depends on lengths alone, never on speed, so the same request always
 * meets the same batch shapes.
 */
export function planBatches(rows: readonly RowLength[], options: PlanOptions): Batch[] {
  const order = rows
    .map((row, index) => ({ ...row, index, fresh: row.length - row.cached }))
    .filter(({ room }) => room !== 0);
  order.sort((a, b) => a.fresh - b.fresh || a.length - b.length || a.index - b.index);
  const join = (batch: Batch, row: Candidate): Batch | undefined => {
    const joined = fits(batch, row, { rows, options }) && joinRow(batch, row, options);
    return joined ? { ...batch, ...joined } : undefined;
  };
  const { run } = options;
  const open = (row: Candidate): Batch => openBatch(row, options);
  return run === undefined ? fewest(order, { open, join }) : cheapest(order, { open, join, run });
}

interface Joining {
  open: (row: Candidate) => Batch;
  /** Undefined where the row must stay out. */
  join: (batch: Batch, row: Candidate) => Batch | undefined;
}

/** Every row joins the batch before it where it may. */
function fewest(order: readonly Candidate[], { open, join }: Joining): Batch[] {
  const batches: Batch[] = [];
  for (const row of order) {
    const last = batches.at(-1);
    const joined = last && join(last, row);
    if (joined) batches[batches.length - 1] = joined;
    else batches.push(open(row));
  }
  return batches;
}

/** Neighbours share a batch where that costs less padding than a run: the least of both together. */
function cheapest(
  order: readonly Candidate[],
  { open, join, run }: Joining & { run: number },
): Batch[] {
  /** Of the rows from each one on: what they cost, and their first batch. */
  const plans: { cost: number; batch: Batch }[] = [];
  for (let first = order.length - 1; first >= 0; first--) {
    let least = Infinity;
    let batch: Batch | undefined;
    for (let next = first; next < order.length; next++) {
      const row = order[next];
      batch = row && (batch ? join(batch, row) : open(row));
      if (!batch) break;
      const cost = batch.rows.length * batch.fed + run + (plans[next + 1]?.cost ?? 0);
      if (cost < least) plans[first] = { cost: (least = cost), batch };
    }
  }
  const batches: Batch[] = [];
  for (let at = 0; at < order.length; at += batches.at(-1)?.rows.length ?? 1) {
    const plan = plans[at];
    if (plan) batches.push(plan.batch);
  }
  return batches;
}

interface Candidate extends RowLength {
  index: number;
  fresh: number;
}

function openBatch(row: Candidate, { padding }: PlanOptions): Batch {
  return { rows: [row.index], past: row.cached, fed: row.fresh, padding };
}

/**
 * Whether no row could go on past the most slots, with this one among them: what is short may be
 * generated long, and then its longest neighbour's padding grows along.
 */
function fits(
  batch: Batch,
  row: Candidate,
  { rows, options }: { rows: readonly RowLength[]; options: PlanOptions },
): boolean {
  const { most = Infinity } = options;
  const together = [row, ...batch.rows.map((index) => rows[index])];
  const room = Math.max(...together.map((one) => one?.room ?? 0));
  return Math.max(batch.past + batch.fed, row.length) + room <= most;
}

/** Rows and slots of the batch with the row in it; undefined where it must stay out. */
function joinRow(batch: Batch, row: Candidate, options: PlanOptions): Partial<Batch> | undefined {
  const { limits, generated = 0 } = options;
  if (!mayJoin(batch, row, options.policy)) return undefined;
  const fed = Math.max(batch.fed, row.fresh);
  const length = Math.max(batch.past + batch.fed, row.length);
  const count = batch.rows.length + 1;
  if (count > limits.rows || count * (length + generated) > limits.slots) return undefined;
  return { rows: [...batch.rows, row.index], past: length - fed, fed };
}

function mayJoin(batch: Batch, row: Candidate, policy: BatchPolicy): boolean {
  if (policy === 'left') return true;
  if (policy === 'equal') return row.cached === batch.past && row.fresh === batch.fed;
  if (policy === 'single') return false;
  const fresh = batch.past === 0 && row.cached === 0;
  return fresh || (batch.fed === 1 && row.fresh === 1);
}

/** Slots that these runs feed, padding among them. */
export function slotsOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { rows, fed }) => sum + rows.length * fed, 0);
}

/** Leading tokens of a row that come from its cache in this batch. */
export function reusedTokens(batch: Batch, length: number): number {
  return Math.max(0, length - batch.fed);
}

/** Slot among the fed ones of the row's absolute position; negative where it is in the cache. */
export function slotOf(batch: Batch, length: number, position: number): number {
  return position - reusedTokens(batch, length) + leadingPadding(batch, length);
}

/** Fed slots before the row's first fed token. */
function leadingPadding(batch: Batch, length: number): number {
  return batch.padding === 'left' ? Math.max(0, batch.fed - length) : 0;
}

/** First slot, of cached and fed ones together, that is the row's; its tokens follow it. */
export function firstSlot(batch: Batch, length: number): number {
  return batch.padding === 'left' ? batch.past + batch.fed - length : 0;
}
