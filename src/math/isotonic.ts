/**
 * Isotonic regression by pooling adjacent violators: the non-decreasing values nearest to the given
 * ones in weighted squares (Barlow, Bartholomew, Bremner and Brunk, 1972).
 */

/**
 * @param values in the order in which they should not fall
 * @param weights as many, each above 0. Default: 1
 * @returns as many, non-decreasing
 */
export function isotonic(values: readonly number[], weights?: readonly number[]): number[] {
  const pools: { value: number; weight: number; count: number }[] = [];
  values.forEach((value, i) => {
    let pool = { value, weight: weights?.[i] ?? 1, count: 1 };
    for (let last = pools.at(-1); last && last.value >= pool.value; last = pools.at(-1)) {
      const weight = last.weight + pool.weight;
      const mean = (last.value * last.weight + pool.value * pool.weight) / weight;
      pool = { value: mean, weight, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  });
  return pools.flatMap(({ value, count }) => Array.from({ length: count }, () => value));
}
