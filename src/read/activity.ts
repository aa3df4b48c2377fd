/** Mean readings per layer over many runs, with intervals: how active a layer is. */
import { bootstrapMean } from '../math/bootstrap.js';
import type { Interval } from '../math/interval.js';
import type { Random } from '../math/random.js';
import type { Label } from './stimuli.js';

/** Mean reading per layer, over a run's tokens and then over runs. */
export interface Activity {
  label: Label;
  /** Runs; for forced outputs, pairs. */
  n: number;
  /** `[L]` */
  mean: number[];
  /** `[L]`, over runs (forced: pairs). */
  ci: (Interval | null)[];
}

/** @param options.values per run, `[L]`; at least one run, else the means are empty. */
export function meanActivity(options: {
  label: Label;
  values: readonly (readonly number[])[];
  layers: number;
  random: Random;
}): Activity {
  const { label, values, layers, random } = options;
  const activity: Activity = { label, n: values.length, mean: [], ci: [] };
  for (let layer = 0; layer < layers && values.length > 0; layer++) {
    const { mean, ci } = bootstrapMean({
      values: values.map((row) => row[layer] ?? NaN),
      random: random.fork(`${label}/${layer}`),
      resamples: 500,
    });
    activity.mean.push(mean ?? NaN);
    activity.ci.push(ci);
  }
  return activity;
}
