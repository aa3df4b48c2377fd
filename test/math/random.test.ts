import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/math/random.js';

const draw = (seed: number | string, n: number): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: n }, () => random.next());
};

describe('createRandom', () => {
  it('gives the same numbers for the same seed, everywhere (golden)', () => {
    const random = createRandom(0);
    expect(Array.from({ length: 4 }, () => random.integer(1_000_000))).toMatchInlineSnapshot(`
      [
        363247,
        446798,
        207572,
        176046,
      ]
    `);
    expect(createRandom('a').next()).toMatchInlineSnapshot(`0.7968701180563549`);
  });

  it('tells seeds apart, near ones and permuted ones too', () => {
    const seeds = [0, 1, 2, 10, '01', 'ab', 'ba', '', 'a', -1, 0.5];
    const firsts = seeds.map((seed) => createRandom(seed).next());
    expect(new Set(firsts).size).toBe(seeds.length);
    expect(draw(7, 3)).toEqual(draw('7', 3));
  });

  it('is uniform: mean, variance, serial correlation and ten bins', () => {
    const n = 100_000;
    const values = draw('uniform', n);
    const mean = values.reduce((a, b) => a + b) / n;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    const lagged = values.slice(1).reduce((sum, x, i) => {
      return sum + (x - mean) * ((values[i] ?? 0) - mean);
    }, 0);
    expect(Math.abs(lagged / n / variance)).toBeLessThan(0.015);
    for (let bin = 0; bin < 10; bin++) {
      const count = values.filter((x) => Math.floor(x * 10) === bin).length;
      expect(Math.abs(count - n / 10)).toBeLessThan(4 * Math.sqrt(n * 0.09));
    }
  });

  it('is uniform over seeds too: the first number of neighbouring seeds', () => {
    const firsts = Array.from({ length: 10_000 }, (_, seed) => createRandom(seed).next());
    const mean = firsts.reduce((a, b) => a + b) / firsts.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / firsts.length));
  });

  it('draws integers below the bound, each as often', () => {
    const random = createRandom(3);
    const draws = Array.from({ length: 30_000 }, () => random.integer(3));
    for (const value of [0, 1, 2]) {
      const count = draws.filter((x) => x === value).length;
      expect(Math.abs(count - 10_000)).toBeLessThan(4 * Math.sqrt(30_000 * (2 / 9)));
    }
    expect(Math.max(...draws)).toBe(2);
    expect(random.integer(1)).toBe(0);
    expect(() => random.integer(0)).toThrow('bound');
    expect(() => random.integer(1.5)).toThrow('bound');
  });

  it('draws standard normals', () => {
    const random = createRandom('normal');
    const values = Array.from({ length: 50_000 }, () => random.normal());
    const mean = values.reduce((a, b) => a + b) / values.length;
    const moment = (k: number): number =>
      values.reduce((sum, x) => sum + x ** k, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(4)).toBeCloseTo(3, 0);
  });

  it('shuffles into every order and leaves the input alone', () => {
    const random = createRandom(5);
    const items = [1, 2, 3];
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const key = random.shuffle(items).join('');
      orders.set(key, (orders.get(key) ?? 0) + 1);
    }
    expect(items).toEqual([1, 2, 3]);
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('draws unit vectors', () => {
    const random = createRandom(6);
    for (const d of [1, 2, 160]) {
      const vector = random.unitVector(d);
      expect(vector.length).toBe(d);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
    }
    expect(() => random.unitVector(0)).toThrow('width');
  });

  it('forks by label, whatever was drawn before', () => {
    const fresh = createRandom(9).fork('controls');
    const used = createRandom(9);
    for (let i = 0; i < 100; i++) used.normal();
    expect(used.fork('controls').next()).toBe(fresh.next());
    expect(createRandom(9).fork(1).next()).not.toBe(createRandom(9).fork(2).next());
    expect(createRandom(9).fork(1).fork(2).next()).toBe(createRandom('9/1/2').next());
  });

  it('refuses what has no meaning', () => {
    expect(() => createRandom(NaN)).toThrow('seed is not a finite number');
    expect(() => createRandom(1).pick([])).toThrow('empty');
  });
});
