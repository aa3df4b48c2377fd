/** Seeds that follow from what a row is, not from where it stands in a batch. */
import { createRandom } from '../math/random.js';
import type { Sampling } from '../runtime/decoder.js';

/**
 * Sampling with one seed per row, from the sampling's own seed and the row's key. Rows that leave a
 * batch, or share one with others, then draw the same numbers as alone.
 * @returns what a request takes: nothing where `sampling` is absent (greedy).
 */
export function rowSampling(
  sampling: Sampling | undefined,
  keys: readonly string[],
): { sampling?: Sampling } {
  if (!sampling) return {};
  const rowSeeds = keys.map((key) => createRandom(`${sampling.seed}/${key}`).integer(2 ** 32));
  return { sampling: { ...sampling, rowSeeds } };
}
