/**
 * The methods: from labelled hidden states of *one* layer to a vector. Each is a function of the
 * same shape; sign and norm are given afterwards, alike for all (directions.ts).
 *
 * Why several: PCA over *ordered* differences centres away the very concept, a consistent offset
 * (measured |cos| with a planted direction 0.018, against 0.99 for the methods here). RepE escapes
 * by shuffling each pair; llama.cpp and steering-vectors by not centring; repeng by centring each
 * pair on its own.
 */
import { fitLogistic } from '../math/logistic.js';
import { principalComponents } from '../math/pca.js';
import type { Pair } from './pairs.js';
import type { Label } from './stimuli.js';

export type Method = 'pca' | 'pca-uncentered' | 'pca-pairwise' | 'mean-difference' | 'probe';

/** Training stimuli at one layer. */
export interface Contrast {
  /** `N` hidden states `[D]`. */
  states: readonly Float32Array[];
  /** `[N]` */
  labels: readonly Label[];
  pairs: readonly Pair[];
  /** Per pair, +1 for `correct − copy`, −1 for the reverse: RepE's random order, recorded. */
  orders: readonly (1 | -1)[];
}

/** `[D]`, of any length and sign. */
export type MethodFunction = (contrast: Contrast) => Float32Array;

/**
 * RepE's (`andyzoujm/representation-engineering`): differences of pairs in random order, centred,
 * first principal component. With all `orders` equal it is the trap described above.
 */
export function pca({ states, pairs, orders }: Contrast): Float32Array {
  return component(differences(states, pairs, orders), true);
}

/** First right singular vector of `correct − copy`, as in llama.cpp and steering-vectors. */
export function pcaUncentered({ states, pairs }: Contrast): Float32Array {
  return component(differences(states, pairs), false);
}

/** Both members of each pair about the pair's own middle, then PCA, as in repeng's `pca_center`. */
export function pcaPairwise({ states, pairs }: Contrast): Float32Array {
  const rows = differences(states, pairs).flatMap((difference) => [
    difference.map((x) => x / 2),
    difference.map((x) => -x / 2),
  ]);
  return component(rows, true);
}

/** Mean of the `correct` states minus mean of the `copy` states, pairs aside. */
export function meanDifference({ states, labels }: Contrast): Float32Array {
  const width = states[0]?.length ?? 0;
  const sum = new Float64Array(width);
  const count = { correct: 0, copy: 0 };
  for (const label of labels) count[label]++;
  states.forEach((state, i) => {
    const label = labels[i] ?? 'copy';
    const weight = (label === 'correct' ? 1 : -1) / count[label];
    for (let j = 0; j < width; j++) sum[j] = (sum[j] ?? 0) + weight * (state[j] ?? 0);
  });
  return Float32Array.from(sum);
}

/** Weights of a ridge-regularised logistic regression of the label on the state, pairs aside. */
export function probe({ states, labels }: Contrast): Float32Array {
  return fitLogistic({ ...stack(states), labels: labels.map((l) => l === 'correct'), ridge: 0.1 })
    .weights;
}

/** All methods by name. */
export const methods: Readonly<Record<Method, MethodFunction>> = {
  pca,
  'pca-uncentered': pcaUncentered,
  'pca-pairwise': pcaPairwise,
  'mean-difference': meanDifference,
  probe,
};

export function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name);
}

/** Differences `correct − copy` per pair, times the pair's order where given. */
export function differences(
  states: readonly Float32Array[],
  pairs: readonly Pair[],
  orders?: readonly (1 | -1)[],
): Float32Array[] {
  return pairs.map((pair, i) => {
    const correct = states[pair.correct];
    const copy = states[pair.copy];
    if (!correct || !copy) {
      throw new Error(
        `pairs: pair ${i} names stimuli ${pair.correct} and ${pair.copy} (expected 0 … ${states.length - 1})`,
      );
    }
    const sign = orders?.[i] ?? 1;
    return correct.map((x, j) => sign * (x - (copy[j] ?? 0)));
  });
}

function component(rows: readonly Float32Array[], centred: boolean): Float32Array {
  return principalComponents({ ...stack(rows), centred }).components;
}

function stack(rows: readonly Float32Array[]): { data: Float32Array; rows: number; width: number } {
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => data.set(row, i * width));
  return { data, rows: rows.length, width };
}
