import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/math/random.js';
import {
  editMetrics,
  editRatio,
  indelDistance,
  indelSimilarity,
  lengthRatio,
  levenshtein,
  normalizedDistance,
} from '../../src/text/edits.js';

/** The definition itself, on code points. */
function byDefinition(a: string, b: string, substitution: number): number {
  const x = [...a];
  const y = [...b];
  let row = y.map((_, j) => j);
  row.push(y.length);
  x.forEach((left, i) => {
    const next = [i + 1];
    y.forEach((right, j) => {
      const exchange = (row[j] ?? 0) + (left === right ? 0 : substitution);
      next.push(Math.min(exchange, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    });
    row = next;
  });
  return row[y.length] ?? 0;
}

describe('edit metrics: goldens', () => {
  it('state / taste and lewenstein / levenshtein', () => {
    expect(indelSimilarity('state', 'taste')).toBeCloseTo(0.8, 12);
    expect(levenshtein('lewenstein', 'levenshtein')).toBe(2);
    expect(indelSimilarity('lewenstein', 'levenshtein')).toBeCloseTo(1 - 3 / 21, 12);
    expect(editRatio('lewenstein', 'levenshtein')).toBeCloseTo(2 / 10, 12);
    expect(normalizedDistance('lewenstein', 'levenshtein')).toBeCloseTo(2 / 11, 12);
    expect(lengthRatio('lewenstein', 'levenshtein')).toBeCloseTo(11 / 10, 12);
    expect(levenshtein('kitten', 'sitting')).toBe(3);
  });

  it('counts code points, not UTF-16 units', () => {
    expect(levenshtein('😀', '😁')).toBe(1);
    expect(indelDistance('😀', '😁')).toBe(2);
    expect(editRatio('a😀b', 'ab')).toBeCloseTo(1 / 3, 12);
    expect(lengthRatio('😀', 'ab')).toBe(2);
    // 𝐀 and 𝐁 share their first UTF-16 unit.
    expect(normalizedDistance('𝐀𝐀', '𝐁𝐁')).toBe(1);
  });

  it('exceeds one where the correction is longer than the original', () => {
    expect(editRatio('ab', 'abcdef')).toBe(2);
  });

  it('states what an empty original means', () => {
    expect(editMetrics('', '')).toEqual({
      editRatio: 0,
      normalizedDistance: 0,
      indelSimilarity: 1,
      lengthRatio: 1,
    });
    expect(editMetrics('', 'ab')).toEqual({
      editRatio: null,
      normalizedDistance: 1,
      indelSimilarity: 0,
      lengthRatio: null,
    });
    expect(editMetrics('ab', '')).toEqual({
      editRatio: 1,
      normalizedDistance: 1,
      indelSimilarity: 0,
      lengthRatio: 0,
    });
  });
});

describe('edit metrics: laws', () => {
  const random = createRandom('edits');
  const text = (): string =>
    Array.from({ length: random.integer(90) }, () => random.pick([...'abcde 😀𝐀é'])).join('');

  it('agree with the definition on random texts, longer than a machine word too', () => {
    for (let trial = 0; trial < 200; trial++) {
      const a = text();
      const b = text();
      expect(levenshtein(a, b)).toBe(byDefinition(a, b, 1));
      expect(indelDistance(a, b)).toBe(byDefinition(a, b, 2));
      expect(levenshtein(b, a)).toBe(levenshtein(a, b));
      expect(editMetrics(a, a)).toEqual({
        editRatio: 0,
        normalizedDistance: 0,
        indelSimilarity: 1,
        lengthRatio: 1,
      });
    }
  });

  it('takes long texts', () => {
    const long = 'word 😀 '.repeat(2000);
    expect(levenshtein(long, long + 'x')).toBe(1);
    expect(indelDistance(long, 'x' + long)).toBe(1);
  });
});
