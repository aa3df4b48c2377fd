/**
 * Two texts as sequences of small numbers, one per Unicode code point, equal where the code points
 * are. UTF-16 would count a character outside the basic plane twice.
 */

export interface CodedPair {
  a: number[];
  b: number[];
  /** Number of different code points. */
  symbols: number;
}

export function codePair(a: string, b: string): CodedPair {
  const codes = new Map<string, number>();
  const code = (text: string): number[] =>
    Array.from(text, (character) => {
      const known = codes.get(character) ?? codes.size;
      codes.set(character, known);
      return known;
    });
  const coded = { a: code(a), b: code(b) };
  return { ...coded, symbols: codes.size };
}

/** Number of Unicode code points. */
export function codePointLength(text: string): number {
  return Array.from(text).length;
}
