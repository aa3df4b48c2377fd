/**
 * What a caller asks of the residual stream: the plain data behind every intervention.
 *
 * At layer l, after the block, in this order: *patch*, *ablate* `h ← h − a·⟨h, d⟩·d`,
 * *add* `h ← h + c·d`; only then is the hidden state read.
 *
 * Dimensions: `B` rows of the batch, `L` layers, `D` width.
 */

/** Which positions are steered: every one, those of the prompt, or those the model generated. */
export type PositionRule = 'all' | 'prompt' | 'generated';

/**
 * Where none is named, everywhere: the decision, made at the prompt's last token, is pushed, and the
 * text after it is written unsteered. Steering every position garbles text much sooner.
 */
export const defaultPositions: PositionRule = 'prompt';

/** Replaces one hidden state, before ablation and addition. */
export interface Patch {
  /** Row of the batch. */
  row: number;
  /** Block index, 0 … L−1; its output is replaced. */
  layer: number;
  /** Absolute position in the row's sequence, counted without padding. */
  position: number;
  /** `[D]` */
  vector: Float32Array;
}

/** One intervention on one batch. */
export interface Steering {
  /**
   * `[L, D]` row-major, one unit direction per layer; the rows of unsteered layers may be zero.
   * Needed for a coefficient or an ablation; patches alone need none.
   */
  direction?: Float32Array;
  /**
   * Added norm, in units of the residual stream: `[L]` for every row alike, or `[B, L]`. Default:
   * none.
   */
  coefficient?: Float32Array;
  /** Share of the projection that is removed, 0 … 1: `[L]` or `[B, L]`. Default: none. */
  ablation?: Float32Array;
  /** Default {@link defaultPositions}. Patches are placed by their own position and ignore this. */
  positions?: PositionRule;
  /** At most one per row, layer and position. */
  patches?: readonly Patch[];
}
