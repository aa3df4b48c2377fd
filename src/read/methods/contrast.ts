/** What a method is given: labelled hidden states of one layer, and their pairs. */
import type { Pair } from '../pairs.js';
import type { Label } from '../stimuli.js';

/** Training stimuli at one layer. */
export interface Contrast {
  /** `N` hidden states `[D]`. */
  states: readonly Float32Array[];
  /** `[N]` */
  labels: readonly Label[];
  pairs: readonly Pair[];
  /** Per pair, +1 for `positive − negative`, −1 for the reverse: RepE's random order, recorded. */
  orders: readonly (1 | -1)[];
}

/** `[D]`, of any length and sign: norm 1 and the labels' sign are given afterwards. */
export type FindDirection = (contrast: Contrast) => ArrayLike<number>;

/** Differences `positive − negative` per pair, times the pair's order where given. */
export function differences(
  states: readonly Float32Array[],
  pairs: readonly Pair[],
  orders?: readonly (1 | -1)[],
): Float32Array[] {
  return pairs.map((pair, i) => {
    const positive = states[pair.positive];
    const negative = states[pair.negative];
    if (!positive || !negative) {
      throw new Error(
        `pairs: pair ${i} names stimuli ${pair.positive} and ${pair.negative} (expected 0 … ${states.length - 1})`,
      );
    }
    const sign = orders?.[i] ?? 1;
    return positive.map((x, j) => sign * (x - (negative[j] ?? 0)));
  });
}

/** Rows `[D]` as one matrix `[N, D]`. */
export function stack(rows: readonly Float32Array[]): {
  data: Float32Array;
  rows: number;
  width: number;
} {
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => data.set(row, i * width));
  return { data, rows: rows.length, width };
}
