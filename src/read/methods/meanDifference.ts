import { isPositive } from '../stimuli.js';
import type { Contrast } from './contrast.js';

/** Mean of the positive states minus mean of the negative ones, pairs aside. */
export function meanDifference({ states, labels }: Contrast): Float32Array {
  const width = states[0]?.length ?? 0;
  const sum = new Float64Array(width);
  const positive = labels.filter(isPositive).length;
  const negative = labels.length - positive;
  states.forEach((state, i) => {
    const weight = isPositive(labels[i]) ? 1 / positive : -1 / negative;
    for (let j = 0; j < width; j++) sum[j] = (sum[j] ?? 0) + weight * (state[j] ?? 0);
  });
  return Float32Array.from(sum);
}
