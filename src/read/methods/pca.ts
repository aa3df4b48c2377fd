/**
 * Principal components of the differences of pairs.
 *
 * Why several: PCA over *ordered* differences centres away the very concept, a consistent offset
 * (measured |cos| with a planted direction 0.018, against 0.99 for the methods here). RepE escapes
 * by shuffling each pair; llama.cpp and steering-vectors by not centring; repeng by centring each
 * pair on its own.
 */
import { principalComponents } from '../../math/pca.js';
import { differences, stack, type Contrast } from './contrast.js';

/**
 * RepE's (`andyzoujm/representation-engineering`): differences of pairs in random order, centred,
 * first principal component. With all `orders` equal it is the trap described above.
 */
export function pca({ states, pairs, orders }: Contrast): Float32Array {
  return component(differences(states, pairs, orders), true);
}

/** First right singular vector of `positive − negative`, as in llama.cpp and steering-vectors. */
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

function component(rows: readonly Float32Array[], centred: boolean): Float32Array {
  return principalComponents({ ...stack(rows), centred }).components;
}
