import { describe, expect, it } from 'vitest';
import {
  bootstrapInterval,
  bootstrapMean,
  bootstrapMeans,
  bootstrapRatio,
  bootstrapSlope,
} from '../../src/math/bootstrap.js';
import { createRandom } from '../../src/math/random.js';

describe('bootstrapMean', () => {
  it('comes near the normal interval on many values, and repeats with the seed', () => {
    const random = createRandom('values');
    const values = Array.from({ length: 400 }, () => 5 + 2 * random.normal());
    const once = bootstrapMean({ values, random: createRandom(1) });
    const standardError = 2 / Math.sqrt(400);
    expect(once.n).toBe(400);
    expect((once.ci?.[1] ?? 0) - (once.ci?.[0] ?? 0)).toBeCloseTo(2 * 1.96 * standardError, 1);
    expect(bootstrapMean({ values, random: createRandom(1) })).toEqual(once);
    expect(bootstrapMean({ values, random: createRandom(2) }).ci).not.toEqual(once.ci);
  });

  it('covers the true mean about 95 times in 100', () => {
    const random = createRandom('coverage');
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const values = Array.from({ length: 50 }, () => random.normal());
      const { ci } = bootstrapMean({ values, random, resamples: 300 });
      if (ci !== null && ci[0] <= 0 && 0 <= ci[1]) covered++;
    }
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(200);
  });

  it('has no interval for one value', () => {
    expect(bootstrapMean({ values: [3], random: createRandom(1) })).toEqual({
      mean: 3,
      ci: null,
      n: 1,
    });
  });
});

describe('bootstrapMeans', () => {
  it('draws the same units for all columns and leaves missing values out', () => {
    const units = 40;
    const values = new Float64Array(units * 3);
    for (let u = 0; u < units; u++) values.set([u, u + 100, u < 4 ? NaN : 1], u * 3);
    const [a, b, c] = bootstrapMeans({ values, units, columns: 3, random: createRandom(1) });
    expect((b?.ci?.[0] ?? 0) - (a?.ci?.[0] ?? 0)).toBeCloseTo(100, 9);
    expect((b?.ci?.[1] ?? 0) - (a?.ci?.[1] ?? 0)).toBeCloseTo(100, 9);
    expect(c).toEqual({ mean: 1, ci: [1, 1], n: 36 });
  });

  it('says null for a column without values', () => {
    const values = new Float64Array([1, NaN, 2, NaN]);
    const result = bootstrapMeans({ values, units: 2, columns: 2, random: createRandom(1) });
    expect(result[1]).toEqual({ mean: null, ci: null, n: 0 });
    expect(() => bootstrapMeans({ values, units: 3, columns: 2, random: createRandom(1) })).toThrow(
      'expected 3 × 2',
    );
  });
});

describe('bootstrapRatio', () => {
  it('weighs units by their denominators', () => {
    const result = bootstrapRatio({
      numerators: [1, 0, 9],
      denominators: [1, 1, 10],
      random: createRandom(1),
    });
    expect(result.ratio).toBeCloseTo(10 / 12, 12);
    expect(result.ci?.[0]).toBeLessThan(10 / 12);
    const none = { numerators: [0], denominators: [0], random: createRandom(1) };
    expect(bootstrapRatio(none)).toEqual({ ratio: null, ci: null });
  });

  it('is wider where trials cluster in units', () => {
    const width = (numerators: number[], denominators: number[]): number => {
      const { ci } = bootstrapRatio({ numerators, denominators, random: createRandom(1) });
      return (ci?.[1] ?? 0) - (ci?.[0] ?? 0);
    };
    const single = Array.from({ length: 200 }, (_, i) => i % 2);
    const clustered = Array.from({ length: 20 }, (_, i) => 10 * (i % 2));
    const wide = width(clustered, new Array<number>(20).fill(10));
    expect(wide).toBeGreaterThan(2 * width(single, new Array<number>(200).fill(1)));
  });
});

describe('bootstrapSlope', () => {
  const x = [-1, -0.5, 0, 0.5, 1];
  const units = 60;

  it('fits the column means; a unit-wise offset does not widen the slope', () => {
    const random = createRandom('slope');
    const values = new Float64Array(units * x.length);
    for (let u = 0; u < units; u++) {
      const offset = 10 * random.normal();
      values.set(
        x.map((c) => offset + 2 * c + 0.1 * random.normal()),
        u * x.length,
      );
    }
    const table = { values, units, columns: x.length };
    const fit = bootstrapSlope({ ...table, x, random: createRandom(1) });
    expect(fit.slope).toBeCloseTo(2, 1);
    expect(fit.r2).toBeGreaterThan(0.99);
    expect(fit.ci?.[0]).toBeLessThan(fit.slope);
    expect(fit.ci?.[1]).toBeGreaterThan(fit.slope);
    expect((fit.ci?.[1] ?? 0) - (fit.ci?.[0] ?? 0)).toBeLessThan(0.1);
  });

  it('refuses a column without values and a wrong number of abscissas', () => {
    const values = new Float64Array([1, NaN, 2, NaN]);
    const table = { values, units: 2, columns: 2, random: createRandom(1) };
    expect(() => bootstrapSlope({ ...table, x: [0, 1] })).toThrow('no unit has a value at 1');
    expect(() => bootstrapSlope({ ...table, x: [0] })).toThrow('2 columns have 1 abscissas');
  });
});

describe('bootstrapInterval', () => {
  it('is null where most draws are undefined or there is one unit', () => {
    const options = { units: 5, random: createRandom(1), resamples: 100 };
    expect(bootstrapInterval({ ...options, statistic: () => null })).toBeNull();
    expect(bootstrapInterval({ ...options, units: 1, statistic: () => 1 })).toBeNull();
    expect(bootstrapInterval({ ...options, statistic: () => 1 })).toEqual([1, 1]);
  });
});
