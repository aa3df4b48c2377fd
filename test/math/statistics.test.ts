import { corr, lusolve, mean as meanOf, multiply, quantileSeq, std, transpose } from 'mathjs';
import { describe, expect, it } from 'vitest';
import { fitLine, rankCorrelation } from '../../src/math/fit.js';
import { rateOf, wilsonInterval } from '../../src/math/interval.js';
import { averageRanks } from '../../src/math/ranks.js';
import { createRandom } from '../../src/math/random.js';
import { mean, median, quantile, standardDeviation } from '../../src/math/summary.js';

describe('agreement with mathjs', () => {
  const random = createRandom('mathjs');
  const samples = Array.from({ length: 20 }, (_, i) =>
    Array.from({ length: 5 + i }, () => random.normal() * 10 ** (i % 4)),
  );

  it('mean, deviation and quantiles', () => {
    for (const values of samples) {
      expect(mean(values)).toBeCloseTo(meanOf(values), 9);
      expect(standardDeviation(values)).toBeCloseTo(Number(std(values, 'uncorrected')), 9);
      for (const share of [0, 0.025, 0.5, 0.975, 1]) {
        expect(quantile(values, share)).toBeCloseTo(Number(quantileSeq(values, share)), 9);
      }
    }
  });

  it('line, R² and rank correlation', () => {
    for (const y of samples) {
      const x = y.map((_, i) => i / 3 + random.next());
      const rows = x.map((value) => [1, value]);
      const normal = multiply(transpose(rows), rows);
      const weights = lusolve(normal, multiply(transpose(rows), y)) as number[][];
      const fit = fitLine(x, y);
      expect(fit.intercept).toBeCloseTo(weights[0]?.[0] ?? NaN, 6);
      expect(fit.slope).toBeCloseTo(weights[1]?.[0] ?? NaN, 6);
      expect(fit.r2).toBeCloseTo(Number(corr(x, y)) ** 2, 9);
      const ranks = [x, y].map((values) => [...averageRanks(values)]);
      expect(rankCorrelation(x, y)).toBeCloseTo(Number(corr(ranks[0] ?? [], ranks[1] ?? [])), 9);
    }
  });
});

describe('mean, deviation, quantile', () => {
  it('matches hand-computed values', () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBe(2);
    expect(median([3, 1, 2])).toBe(2);
    // numpy.quantile([1, 2, 3, 4], [0.1, 0.25, 0.9]) = 1.3, 1.75, 3.7
    expect(quantile([4, 3, 2, 1], 0.1)).toBeCloseTo(1.3, 12);
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([1, 2, 3, 4], 0.9)).toBeCloseTo(3.7, 12);
    expect(quantile([10, 9, 100], 1)).toBe(100);
  });

  it('refuses no values, NaN and shares outside 0 … 1', () => {
    expect(() => mean([])).toThrow('no values');
    expect(() => quantile([], 0.5)).toThrow('no values');
    expect(() => quantile([1, NaN], 0.5)).toThrow('NaN');
    expect(() => quantile([1], 1.5)).toThrow('not in 0 … 1');
  });
});

describe('wilsonInterval', () => {
  it('matches published values', () => {
    // Newcombe (1998), table I: 81/263 and 15/148, 0/20, 1/29.
    const cases: [number, number, number, number][] = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ];
    for (const [successes, n, low, high] of cases) {
      const interval = wilsonInterval(successes, n);
      expect(interval?.[0]).toBeCloseTo(low, 4);
      expect(interval?.[1]).toBeCloseTo(high, 4);
    }
  });

  it('mirrors successes and failures, and is null without trials', () => {
    const [low, high] = wilsonInterval(3, 10) ?? [NaN, NaN];
    expect(wilsonInterval(7, 10)?.[0]).toBeCloseTo(1 - high, 12);
    expect(wilsonInterval(7, 10)?.[1]).toBeCloseTo(1 - low, 12);
    expect(wilsonInterval(10, 10)?.[1]).toBe(1);
    expect(rateOf(0, 0)).toEqual({ rate: null, ci: null });
    expect(rateOf(1, 4).rate).toBe(0.25);
    expect(() => wilsonInterval(5, 4)).toThrow('5 of 4');
  });
});

describe('averageRanks', () => {
  it('gives ties their average place', () => {
    expect([...averageRanks([10, 20, 20, 5])]).toEqual([2, 3.5, 3.5, 1]);
    expect([...averageRanks([])]).toEqual([]);
  });
});
