/** Ranges of numbers as people write them. */

/** A range is typed, not computed: a longer one is a slip. */
const longest = 1000;

/** What a range must be, for messages. */
export const rangeRule = `a range from a lower to a higher number, of ${longest} at most`;

/** `4-6` → 4, 5, 6; null where it is no range at all, empty where it is none by {@link rangeRule}. */
export function rangeOf(text: string): number[] | null {
  const [, low, high] = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(text) ?? [];
  if (low === undefined || high === undefined) return null;
  const length = Number(high) - Number(low) + 1;
  if (length < 1 || length > longest) return [];
  return Array.from({ length }, (_, i) => Number(low) + i);
}
