/**
 * The rule of validity of a prefix cache. Pure: ids and treatments in, a length out.
 *
 * Keys and values of a position depend on every token up to it and on what was done to each of
 * them (direction, coefficient, ablation, patch, and whether the position was steered under its
 * rule). They are valid up to the first position that differs in id or in treatment.
 */

/** Tokens of a row, and the treatment key of each ({@link Treatments}). */
export interface TreatedTokens {
  ids: readonly number[];
  treatments: readonly string[];
}

/** Length of the longest common prefix in id and in treatment. */
export function commonPrefix(a: TreatedTokens, b: TreatedTokens): number {
  const limit = Math.min(a.ids.length, b.ids.length);
  let length = 0;
  while (
    length < limit &&
    a.ids[length] === b.ids[length] &&
    a.treatments[length] === b.treatments[length]
  ) {
    length++;
  }
  return length;
}

/**
 * How many leading tokens of `next` can be taken from the cache. Never all of them: the last one
 * is always fed, since its hidden state is what the next token is chosen from.
 */
export function reusableLength(cached: TreatedTokens | undefined, next: TreatedTokens): number {
  if (!cached) return 0;
  return Math.min(commonPrefix(cached, next), next.ids.length - 1);
}
