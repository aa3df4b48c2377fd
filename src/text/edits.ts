/**
 * How much a correction changed a sentence. Lengths and distances count Unicode code points.
 *
 * `editRatio` is the papers' shape (their plotted values exceed 1, so it cannot be normalised); the
 * other two lie in 0 … 1. Mere length inflates `editRatio`: show `lengthRatio` beside it.
 */
import { distance } from 'fastest-levenshtein';
import { codePair } from './codePoints.js';
import type { CodedPair } from './codePoints.js';

/** What two texts are compared by. A ratio to an empty original is undefined, hence null. */
export interface EditMetrics {
  /** Levenshtein distance ÷ length of the original, 0 … unbounded; null where only it is empty. */
  editRatio: number | null;
  /** Levenshtein distance ÷ length of the longer, 0 … 1. */
  normalizedDistance: number;
  /** 1 − indel distance ÷ (sum of lengths), 0 … 1. */
  indelSimilarity: number;
  /** Length of the corrected ÷ length of the original; null where only the original is empty. */
  lengthRatio: number | null;
}

/** Insertions, deletions and substitutions that turn one text into the other. */
export function levenshtein(a: string, b: string): number {
  return a === b ? 0 : codedLevenshtein(codePair(a, b));
}

/** Insertions and deletions alone: |a| + |b| − 2 · (longest common subsequence). */
export function indelDistance(a: string, b: string): number {
  return a === b ? 0 : codedIndel(codePair(a, b));
}

/**
 * Levenshtein distance ÷ length of the original.
 * Both empty: 0. Only the original empty: null, as no ratio to nothing exists.
 */
export function editRatio(original: string, corrected: string): number | null {
  if (original === corrected) return 0;
  const coded = codePair(original, corrected);
  return coded.a.length === 0 ? null : codedLevenshtein(coded) / coded.a.length;
}

/** Levenshtein distance ÷ length of the longer text, 0 (equal) … 1. Both empty: 0. */
export function normalizedDistance(a: string, b: string): number {
  if (a === b) return 0;
  const coded = codePair(a, b);
  return codedLevenshtein(coded) / Math.max(coded.a.length, coded.b.length);
}

/**
 * 1 − indel distance ÷ (|a| + |b|), 1 (equal) … 0: `ratio` of python-Levenshtein and rapidfuzz.
 * Both empty: 1.
 */
export function indelSimilarity(a: string, b: string): number {
  if (a === b) return 1;
  const coded = codePair(a, b);
  return 1 - codedIndel(coded) / (coded.a.length + coded.b.length);
}

/** Length of the corrected ÷ length of the original. Both empty: 1; only the original empty: null. */
export function lengthRatio(original: string, corrected: string): number | null {
  if (original === corrected) return 1;
  const { a, b } = codePair(original, corrected);
  return a.length === 0 ? null : b.length / a.length;
}

/** All of them at once; each is what the function of its name says. */
export function editMetrics(original: string, corrected: string): EditMetrics {
  if (original === corrected) {
    return { editRatio: 0, normalizedDistance: 0, indelSimilarity: 1, lengthRatio: 1 };
  }
  const coded = codePair(original, corrected);
  const edits = codedLevenshtein(coded);
  const before = coded.a.length;
  const after = coded.b.length;
  return {
    editRatio: before === 0 ? null : edits / before,
    normalizedDistance: edits / Math.max(before, after),
    indelSimilarity: 1 - codedIndel(coded) / (before + after),
    lengthRatio: before === 0 ? null : after / before,
  };
}

/** @throws on more different code points than UTF-16 has units. */
function codedLevenshtein({ a, b, symbols }: CodedPair): number {
  if (symbols > 0x10000) {
    throw new Error(`edits: texts with ${symbols} different characters (expected at most 65536)`);
  }
  // fastest-levenshtein compares UTF-16 units; each code point gets one of its own.
  return distance(unitText(a), unitText(b));
}

function codedIndel({ a, b }: CodedPair): number {
  return a.length + b.length - 2 * commonSubsequence(a, b);
}

function unitText(codes: readonly number[]): string {
  const portions: string[] = [];
  // `String.fromCharCode` takes a limited number of arguments.
  for (let at = 0; at < codes.length; at += 4096) {
    portions.push(String.fromCharCode(...codes.slice(at, at + 4096)));
  }
  return portions.join('');
}

/** Length of the longest common subsequence, in |a| · |b| steps and one row of memory. */
function commonSubsequence(a: readonly number[], b: readonly number[]): number {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const row = new Uint32Array(endB - start + 1);
  for (let i = start; i < endA; i++) {
    let diagonal = 0;
    for (let j = start; j < endB; j++) {
      const above = row[j - start + 1] ?? 0;
      const left = row[j - start] ?? 0;
      row[j - start + 1] = a[i] === b[j] ? diagonal + 1 : Math.max(above, left);
      diagonal = above;
    }
  }
  return start + (a.length - endA) + (row[row.length - 1] ?? 0);
}
