import { describe, expect, it } from 'vitest';
import {
  accuracyAt,
  auc,
  bestThreshold,
  correctAt,
  repeatedAuc,
} from '../../src/math/classification.js';
import { createRandom } from '../../src/math/random.js';

describe('auc', () => {
  it('equals the share of ordered pairs, ties counting half', () => {
    const random = createRandom('auc');
    const scores = Array.from({ length: 80 }, () => random.integer(12));
    const labels = scores.map((score) => random.next() < score / 14);
    let wins = 0;
    let pairs = 0;
    labels.forEach((a, i) => {
      labels.forEach((b, j) => {
        if (!a || b) return;
        pairs++;
        const difference = (scores[i] ?? 0) - (scores[j] ?? 0);
        wins += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
      });
    });
    expect(auc({ scores, labels })).toBeCloseTo(wins / pairs, 12);
    const flipped = labels.map((label) => !label);
    expect(auc({ scores, labels: flipped })).toBeCloseTo(1 - wins / pairs, 12);
  });

  it('of cases that stand several times is that of their copies', () => {
    const random = createRandom('repeated');
    const scores = Array.from({ length: 60 }, () => random.integer(9));
    const labels = scores.map((score) => random.next() < score / 9);
    const areaOf = repeatedAuc({ scores, labels });
    for (let draw = 0; draw < 20; draw++) {
      const times = scores.map(() => random.integer(4));
      const drawn = times.flatMap((count, i) => new Array<number>(count).fill(i));
      const copies = { scores: drawn.map((i) => scores[i] ?? 0), labels: drawn.map((i) => labels[i] ?? false) }; // prettier-ignore
      expect(areaOf(times)).toBe(auc(copies));
    }
    expect(areaOf(labels.map((label) => (label ? 2 : 0)))).toBeNull();
  });

  it('is null without both classes and refuses NaN', () => {
    expect(auc({ scores: [1, 2], labels: [true, true] })).toBeNull();
    expect(() => auc({ scores: [1, NaN], labels: [true, false] })).toThrow('score 1 is NaN');
    expect(() => auc({ scores: [1], labels: [true, false] })).toThrow('1 scores have 2 labels');
  });
});

describe('thresholds', () => {
  it('puts the threshold in the middle of the widest separating gap', () => {
    const scores = [0, 1, 4, 5];
    const labels = [false, false, true, true];
    const threshold = bestThreshold({ scores, labels });
    expect(threshold).toBe(2.5);
    expect(accuracyAt({ scores, labels, threshold })).toBe(1);
    expect(correctAt({ scores, labels, threshold: 4 })).toBe(3);
  });

  it('maximises balanced accuracy, not mere accuracy, with unequal classes', () => {
    const scores = [...Array.from({ length: 98 }, (_, i) => i), 90.5, 97.5];
    const labels = scores.map((_, i) => i >= 98);
    const threshold = bestThreshold({ scores, labels });
    expect(threshold).toBeGreaterThanOrEqual(90);
    expect(threshold).toBeLessThan(90.5);
  });

  it('agrees with trying every threshold', () => {
    const random = createRandom('threshold');
    for (let trial = 0; trial < 50; trial++) {
      const scores = Array.from({ length: 12 }, () => random.integer(8));
      const labels = scores.map((_, i) => i % 3 === 0);
      const balanced = (threshold: number): number => {
        const of = (wanted: boolean): number => {
          const members = scores.filter((_, i) => labels[i] === wanted);
          return members.filter((s) => s > threshold === wanted).length / members.length;
        };
        return (of(true) + of(false)) / 2;
      };
      const best = Math.max(...[-1, 0, 1, 2, 3, 4, 5, 6, 7, 8].map((t) => balanced(t + 0.5)));
      expect(balanced(bestThreshold({ scores, labels }))).toBeCloseTo(best, 12);
    }
    expect(() => bestThreshold({ scores: [1], labels: [true] })).toThrow('both classes');
  });
});
