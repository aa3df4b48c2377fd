/** Signs of degenerate output. */

/**
 * Whether some run of `n` words (default 4) occurs twice, overlaps included. Words are what white
 * space separates, punctuation and case as they stand.
 * @throws where n is not a whole number of at least 1.
 */
export function hasRepeatedNgram(text: string, n = 4): boolean {
  if (!Number.isInteger(n) || n < 1) {
    throw new Error(`repetition: n must be a whole number of at least 1 (got ${n})`);
  }
  const words = text.split(/\s+/u).filter((word) => word !== '');
  const seen = new Set<string>();
  for (let i = 0; i + n <= words.length; i++) {
    const gram = words.slice(i, i + n).join(' ');
    if (seen.has(gram)) return true;
    seen.add(gram);
  }
  return false;
}
