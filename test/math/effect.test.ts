import { describe, expect, it } from 'vitest';
import { bootstrapEffect, holm, meanEffect } from '../../src/math/effect.js';
import { createRandom } from '../../src/math/random.js';

const normal = (n: number, shift: number, seed: string): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: n }, () => shift + random.normal());
};

describe('meanEffect', () => {
  it('finds a planted difference, with p and interval that agree', () => {
    const effect = meanEffect({ values: normal(200, 0.5, 'planted'), random: createRandom(1) });
    expect(effect.estimate).toBeCloseTo(0.5, 0);
    expect(effect.ci?.[0]).toBeGreaterThan(0);
    expect(effect.p).toBeLessThan(0.001);
    expect(effect.n).toBe(200);
  });

  it('is against the null value, and p is below 0.05 just where the interval leaves it out', () => {
    const values = normal(100, 0.5, 'null value');
    for (const nullValue of [0, 0.2, 0.35, 0.5, 0.65, 0.8]) {
      const { ci, p } = meanEffect({ values, random: createRandom(2), nullValue });
      const outside = ci !== null && (nullValue < ci[0] || nullValue > ci[1]);
      expect(p !== null && p < 0.05, `${nullValue}`).toBe(outside);
    }
  });

  it('is rarely significant where there is nothing', () => {
    let found = 0;
    for (let trial = 0; trial < 200; trial++) {
      const random = createRandom(trial);
      const values = normal(60, 0, `nothing ${trial}`);
      if ((meanEffect({ values, random, resamples: 500 }).p ?? 1) < 0.05) found++;
    }
    expect(found).toBeLessThan(22);
  });

  it('has no value without units, and no interval with one', () => {
    const random = createRandom(1);
    expect(meanEffect({ values: [], random })).toEqual({ n: 0, estimate: null, ci: null, p: null });
    expect(meanEffect({ values: [2], random })).toEqual({ n: 1, estimate: 2, ci: null, p: null });
  });
});

describe('bootstrapEffect', () => {
  it('takes any statistic, and says so where it has no value', () => {
    const none = bootstrapEffect({ units: 5, statistic: () => null, random: createRandom(1) });
    expect(none).toEqual({ n: 5, estimate: null, ci: null, p: null });
  });

  it('never gives p = 0', () => {
    const effect = bootstrapEffect({ units: 9, statistic: () => 1, random: createRandom(1) });
    expect(effect.p).toBeGreaterThan(0);
    expect(effect.p).toBeLessThan(0.001);
  });
});

describe('holm', () => {
  it('is the published procedure, in the order given', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  it('never exceeds 1, never falls with p, and leaves out what could not be tested', () => {
    expect(holm([0.6, 0.7, null])).toEqual([1, 1, null]);
    expect(holm([null])).toEqual([null]);
    expect(holm([0.02, null])).toEqual([0.02, null]);
  });
});
