/**
 * What a reading is shown in. The norm of hidden states grows with depth, so raw projections of
 * different layers cannot be compared; and output tokens differ from the boundary token whatever is
 * decided, so they are standardised against *output-token* states.
 */
import type { Run } from './readings.js';
import { bothLabels, type Label } from './stimuli.js';

/**
 * `zscore`: per layer, mean 0 and standard deviation 1 over the output tokens of the reference
 * runs; `raw`: projections; `cosine`: projections ÷ norms (taken while reading).
 */
export type Standardize = 'zscore' | 'raw' | 'cosine';

/** Reading ↦ (reading − centre) ÷ spread, per layer. */
export interface Scale {
  /** `[L]` */
  centre: number[];
  /** `[L]` */
  spread: number[];
}

/** The scale that changes nothing. */
export function identityScale(layers: number): Scale {
  return {
    centre: new Array<number>(layers).fill(0),
    spread: new Array<number>(layers).fill(1),
  };
}

/**
 * Mean and standard deviation per layer over all output tokens of the runs; both labels weigh the
 * same, however many tokens each has.
 * @throws where a label has no token, or a layer's readings do not vary.
 */
export function balancedScale(runs: readonly { run: Run; label: Label }[], layers: number): Scale {
  const scale: Scale = { centre: [], spread: [] };
  for (let layer = 0; layer < layers; layer++) {
    const moments = bothLabels(runs).map((label) => {
      let count = 0;
      let sum = 0;
      let squares = 0;
      for (const { run } of runs.filter((r) => r.label === label)) {
        for (const x of layerReadings(run, layer)) {
          count++;
          sum += x;
          squares += x * x;
        }
      }
      if (count === 0) {
        throw new Error(`zscore: no output token of a ${label} run (expected at least 1)`);
      }
      return { mean: sum / count, square: squares / count };
    });
    const centre = moments.reduce((total, m) => total + m.mean / 2, 0);
    const square = moments.reduce((total, m) => total + m.square / 2, 0);
    const spread = Math.sqrt(Math.max(0, square - centre ** 2));
    if (!(spread > 0)) throw new Error(`zscore: the readings of layer ${layer} do not vary`);
    scale.centre.push(centre);
    scale.spread.push(spread);
  }
  return scale;
}

/**
 * Of the boundary token, where the accuracy is measured: 0 is the threshold between the labels, 1 one
 * standard deviation over the runs, both labels weighing the same.
 * @param thresholds `[L]`, in projections
 */
export function boundaryScale(
  runs: readonly { run: Run; label: Label }[],
  thresholds: readonly number[],
): Scale {
  const spread = thresholds.map((_, layer) => {
    const moments = bothLabels(runs).map((label) => {
      const own = runs.flatMap((r) => (r.label === label ? (r.run.boundary?.[layer] ?? []) : []));
      const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
      return { mean, square: own.reduce((sum, x) => sum + x * x, 0) / own.length };
    });
    const centre = moments.reduce((sum, { mean }) => sum + mean / 2, 0);
    const square = moments.reduce((sum, m) => sum + m.square / 2, 0);
    const deviation = Math.sqrt(Math.max(0, square - centre ** 2));
    return deviation > 0 ? deviation : 1;
  });
  return { centre: [...thresholds], spread };
}

/** The same run in the scale's units; its boundary reading stays as it is. */
export function applyScale(run: Run, scale: Scale): Run {
  const count = run.tokens.length;
  const readings = run.readings.map((x, i) => {
    const layer = Math.floor(i / count);
    return (x - (scale.centre[layer] ?? 0)) / (scale.spread[layer] ?? 1);
  });
  return { ...run, readings };
}

/** Readings `[T]` of one layer, as a view. */
export function layerReadings(run: Run, layer: number): Float64Array {
  const count = run.tokens.length;
  return run.readings.subarray(layer * count, (layer + 1) * count);
}
