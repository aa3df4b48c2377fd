/** Steering by hand: one direction, some layers, one number. */
import type { DecoderInfo } from '../../runtime/decoder.js';
import type { PositionRule, Steering } from '../../runtime/steering.js';
import type { Directions } from '../directions.js';
import { UsageError } from '../../text/usageError.js';

/** One push along a direction. */
export interface Steer {
  /**
   * Directions of every layer, or float32 `[L, D]`, or one `[D]` for all steered layers. Taken as it
   * is: of unit length, the coefficient is the norm that is added.
   */
  direction: Directions | Float32Array;
  /** Steered layers, from 0. */
  layers: readonly number[];
  /** Signed strength: positive is towards `correct`. Default 0. */
  coefficient?: number;
  /** Share of the projection that is removed before, 0 … 1. Default 0. */
  ablation?: number;
  /**
   * `[L]`, mean norms of the residual stream, see {@link meanNorms}: coefficient 1 is then one mean
   * norm in all, shared equally among the steered layers, as in a sweep. Default: the coefficient is
   * the norm added at every steered layer.
   */
  unit?: readonly number[];
  /** Default {@link defaultPositions}, the prompt's. */
  positions?: PositionRule;
}

/** @throws where a layer is unknown, or direction or unit are of another size than the model. */
export function toSteering(steer: Steer, model: Pick<DecoderInfo, 'layers' | 'width'>): Steering {
  const { layers, coefficient = 0, ablation = 0, unit, positions } = steer;
  checkLayers(layers, model.layers);
  if (unit && unit.length !== model.layers) {
    throw new Error(
      `steer: unit has ${unit.length} numbers (expected ${model.layers}, one per layer)`,
    );
  }
  const at = new Float32Array(model.layers);
  const removed = new Float32Array(model.layers);
  for (const layer of layers) {
    // In this order, as in a sweep: so both add the same, to the last digit.
    at[layer] = unit ? coefficient * ((unit[layer] ?? NaN) / layers.length) : coefficient;
    removed[layer] = ablation;
  }
  const direction = perLayer(steer.direction, model);
  return { direction, coefficient: at, ablation: removed, positions };
}

/** @throws on an unknown or repeated layer, and on none. */
export function checkLayers(layers: readonly number[], count: number): void {
  if (layers.length === 0) throw new UsageError('layers: none given (expected at least 1)');
  for (const [i, layer] of layers.entries()) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= count || layers.indexOf(layer) !== i) {
      throw new UsageError(`layers: ${layer} is unknown or repeated (expected 0 … ${count - 1})`);
    }
  }
}

/** `[L, D]` */
function perLayer(
  direction: Directions | Float32Array,
  { layers, width }: Pick<DecoderInfo, 'layers' | 'width'>,
): Float32Array {
  if (!(direction instanceof Float32Array)) return direction.vectors;
  if (direction.length !== width) return direction;
  const repeated = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) repeated.set(direction, layer * width);
  return repeated;
}
