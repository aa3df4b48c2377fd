/** Several sizes of small models. */

/**
 * Short names of correctors, for ids and figures: what remains of their names without the beginning
 * that all share, e.g. `m` of `corrector-arithmetic-m`.
 */
export function sizeLabels(correctors: readonly string[]): string[] {
  const parts = correctors.map((name) => name.split('-'));
  const first = parts[0] ?? [];
  const differs = (i: number): boolean =>
    parts.some((part) => part[i] !== first[i] || i >= part.length - 1);
  const shared = parts.length > 1 ? [...first.keys(), first.length].find(differs) : 0;
  return parts.map((part) => part.slice(shared).join('-'));
}

/** 1, 2, 4, … up to the most: numbers of samples that are voted on. */
export function doublings(most: number): number[] {
  const counts = Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, i) => 2 ** i);
  return counts.at(-1) === most ? counts : [...counts, most];
}
