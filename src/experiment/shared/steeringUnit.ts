/**
 * The unit of a steering coefficient. 1 is a total added norm, shared equally among the steered
 * layers, each in units of the mean residual norm of that layer at the boundary token, times a
 * scale found on validation data.
 */
import { UsageError } from '../../text/usageError.js';

/** How it stands in records and figures. */
export const unitText =
  'total added norm, shared equally among the steered layers, each in units of that layer’s mean residual norm at the boundary token, times the scale';

export interface SteeringUnit {
  /** Steered layers, ascending. */
  layers: readonly number[];
  /** Per steered layer, the norm that coefficient 1 adds. */
  unitValue: readonly number[];
}

/**
 * @param options.meanNorms `[L]`, mean norm of the hidden states at the boundary token.
 * @throws on an unknown or repeated layer, no layer, and a scale that is not positive.
 */
export function steeringUnit(options: {
  layers: readonly number[];
  meanNorms: readonly number[];
  scale: number;
}): SteeringUnit {
  const { meanNorms, scale } = options;
  const layers = [...new Set(options.layers)].sort((a, b) => a - b);
  if (layers.length === 0)
    throw new UsageError('steering: no layer to steer (expected at least 1)');
  for (const layer of layers) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= meanNorms.length) {
      throw new UsageError(
        `steering: unknown layer ${layer} (expected 0 … ${meanNorms.length - 1}, counted from the first block)`,
      );
    }
  }
  if (!(scale > 0) || !Number.isFinite(scale)) {
    throw new UsageError(`steering: scale is not a positive number (got ${scale})`);
  }
  return {
    layers,
    unitValue: layers.map((layer) => (scale * (meanNorms[layer] ?? NaN)) / layers.length),
  };
}

/** float32 `[L]`: the norm added at each layer at one coefficient. */
export function layerCoefficients(
  unit: SteeringUnit,
  coefficient: number,
  layers: number,
): Float32Array {
  const result = new Float32Array(layers);
  unit.layers.forEach((layer, i) => {
    result[layer] = coefficient * (unit.unitValue[i] ?? 0);
  });
  return result;
}

/** Windows of 1 … `widest` neighbouring layers that hold at least one of the given ones. */
export function layerWindows(options: {
  layers: number;
  around: readonly number[];
  widest?: number;
}): number[][] {
  const { layers, around, widest = 3 } = options;
  const windows: number[][] = [];
  for (let size = 1; size <= Math.min(widest, layers); size++) {
    for (let first = 0; first + size <= layers; first++) {
      const window = Array.from({ length: size }, (_, i) => first + i);
      if (window.some((layer) => around.includes(layer))) windows.push(window);
    }
  }
  return windows;
}
