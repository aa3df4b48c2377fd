/** 95 % confidence intervals. */

/** `[low, high]`, 95 %. */
export type Interval = [number, number];

/** 97.5 % point of the standard normal. */
const z = 1.959963984540054;

/**
 * Wilson's score interval for a rate of `successes` in `n` independent trials; never outside
 * 0 … 1, and of sensible width at 0 and n, where the normal approximation has none.
 * Null for n = 0. @throws where the counts are not whole or successes exceed n.
 */
export function wilsonInterval(successes: number, n: number): Interval | null {
  const whole = Number.isInteger(successes) && Number.isInteger(n);
  if (!whole || successes < 0 || successes > n) {
    throw new Error(`wilson: expected whole counts 0 ≤ successes ≤ n, got ${successes} of ${n}`);
  }
  if (n === 0) return null;
  const rate = successes / n;
  const centre = rate + z ** 2 / (2 * n);
  const spread = z * Math.sqrt((rate * (1 - rate)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  const low = successes === 0 ? 0 : (centre - spread) / scale;
  const high = successes === n ? 1 : (centre + spread) / scale;
  return [low, high];
}

/** A rate with its interval; both null where n is 0. */
export interface Rate {
  rate: number | null;
  ci: Interval | null;
}

/** `successes / n` with Wilson's interval. */
export function rateOf(successes: number, n: number): Rate {
  return { ci: wilsonInterval(successes, n), rate: n === 0 ? null : successes / n };
}
