/** Win rates: AlpacaEval's published tables from its published annotations, and planted lengths. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Preferred } from '../../src/judge/preference.js';
import { lengthControlledRate, winRates, type ComparedPair } from '../../src/judge/winRates.js';
import { fitLogisticLine, logistic } from '../../src/math/fractionalLogistic.js';
import { createRandom } from '../../src/math/random.js';

interface Golden {
  model: string;
  judge: string;
  weighted: boolean;
  counts: [number, number][];
  winRate: number;
  standardError: number;
  wins: number;
  losses: number;
  ties: number;
  n: number;
}
const goldens = JSON.parse(
  readFileSync(new URL('../goldens/alpacaEval.json', import.meta.url), 'utf8'),
) as Golden[];

const random = createRandom(1);
const word = (p: number): Preferred => (p > 0.5 ? 'first' : p < 0.5 ? 'second' : 'tie');

describe('win rates of AlpacaEval', () => {
  it.each(goldens)('$model by $judge', (golden) => {
    const { weighted, counts, ...published } = golden;
    const shares = counts.flatMap(([value, count]) => {
      // 0 and 1.5 are draws.
      const share = weighted ? value : value === 1 ? 0 : value === 2 ? 1 : 0.5;
      return Array.from({ length: count }, () => share);
    });
    const pairs = shares.map((probability, i): ComparedPair => ({
      ...{ problem: String(i), preferred: word(probability), lengthDifference: 0 },
      ...(weighted && { probability }),
    }));
    const { n, wins, ties, losses, ...rates } = winRates(pairs, { random });
    expect(n).toBe(published.n);
    const { rate, standardError, ci } = weighted ? rates.probability : rates.winHalfTie;
    // Weighted preferences are kept to three digits.
    const digits = weighted ? 2 : 9;
    expect(100 * (rate ?? NaN)).toBeCloseTo(published.winRate, digits);
    expect(100 * (standardError ?? NaN)).toBeCloseTo(published.standardError, digits);
    // The bootstrap agrees with the standard error.
    const [low, high] = ci ?? [NaN, NaN];
    expect((100 * (high - low)) / 2 / 1.96 / published.standardError).toBeCloseTo(1, 1);
    if (!weighted) expect({ wins, ties, losses }).toEqual({ wins: published.wins, ties: published.ties, losses: published.losses }); // prettier-ignore
  });
});

describe('win rates', () => {
  it('count what was asked in both orders, and what was not asked', () => {
    const pair = (problem: string, preferred: Preferred, orders?: [Preferred, Preferred]) => ({
      ...{ problem, preferred, lengthDifference: 0, ...(orders && { orders }) },
    });
    const rates = winRates(
      [
        pair('a', 'first', ['first', 'first']),
        pair('b', 'tie', ['first', 'second']),
        pair('c', null, ['first', null]),
        { ...pair('d', 'tie'), identical: true },
        pair('e', 'second', ['second', 'second']),
        pair('f', 'tie', ['tie', 'first']),
      ],
      { random },
    );
    expect(rates).toMatchObject({
      ...{ n: 5, unjudged: 1, wins: 1, ties: 3, losses: 1, identical: 1 },
      winRate: { rate: 0.2 },
      winHalfTie: { rate: 0.5 },
      netWin: { rate: 0 },
      probability: { rate: null, n: 0 },
      orderConsistency: { rate: 0.5, n: 4 },
      // a: first, second; b: first, first; c: first; e: second, first; f: second.
      shownFirst: { rate: 5 / 8, n: 8 },
      lengthControlled: null,
    });
    expect(rates.byLength.map(({ n }) => n)).toEqual([0, 0, 5, 0, 0]);
  });

  it('have no rate without pairs', () => {
    const { n, winRate, netWin, byLength } = winRates([], { random });
    expect({ n, winRate, netWin, byLength }).toEqual({
      ...{ n: 0, winRate: { rate: null, ci: null }, netWin: { rate: null, ci: null } },
      byLength: [],
    });
  });

  it('draw pairs of one question together', () => {
    const once = Array.from({ length: 40 }, (_, i): ComparedPair => ({
      ...{ problem: String(i), preferred: i % 2 ? 'first' : 'second', lengthDifference: 0 },
    }));
    const thrice = [...once, ...once, ...once];
    const width = (pairs: ComparedPair[]) => {
      const [low, high] = winRates(pairs, { random }).winRate.ci ?? [0, 0];
      return high - low;
    };
    expect(width(thrice)).toBeCloseTo(width(once), 10);
  });

  it('are controlled for length: a judge that likes length alone sees equals', () => {
    const drawn = createRandom(7);
    const pairs = Array.from({ length: 600 }, (_, i): ComparedPair & { preferred: 'first' } => {
      // Mostly longer.
      const lengthDifference = Math.round(300 * (drawn.next() - 0.2));
      const p = logistic(2 * Math.tanh(lengthDifference / 90));
      const preferred = (drawn.next() < p ? 'first' : 'second') as 'first';
      return { problem: String(i), preferred, lengthDifference };
    });
    const rates = winRates(pairs, { random });
    expect(rates.winHalfTie.rate).toBeGreaterThan(0.6);
    const { rate, ci } = rates.lengthControlled ?? { rate: NaN, ci: null };
    expect(Math.abs((rate ?? NaN) - 0.5)).toBeLessThan(0.07);
    expect(ci?.[0]).toBeLessThan(0.5);
    expect(ci?.[1]).toBeGreaterThan(0.5);
    const shares = rates.byLength.flatMap(({ winHalfTie }) => winHalfTie ?? []);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(lengthControlledRate(pairs.map((pair) => ({ ...pair, preferred: 'first' })))).toBe(1);
  });
});

describe('the logistic line', () => {
  it('meets the fractions of its own curve, and both sums of a fit', () => {
    const x = Array.from({ length: 21 }, (_, i) => (i - 10) / 5);
    const exact = x.map((at) => logistic(0.4 - 1.3 * at));
    const line = fitLogisticLine(x, exact);
    expect(line?.intercept).toBeCloseTo(0.4, 1);
    expect(line?.slope).toBeCloseTo(-1.3, 1);
    const y = x.map((at, i) => (i % 3 === 0 ? 1 : Number(at > 0)));
    const { intercept, slope } = fitLogisticLine(x, y) ?? { intercept: NaN, slope: NaN };
    const off = x.map((at, i) => logistic(intercept + slope * at) - (y[i] ?? 0));
    // At the minimum the residuals sum to 0, and with x to what the ridge holds back.
    expect(off.reduce((sum, one) => sum + one, 0)).toBeCloseTo(0, 8);
    const along = off.reduce((sum, one, i) => sum + one * (x[i] ?? 0), 0) / x.length;
    expect(along).toBeCloseTo(-1e-3 * slope, 8);
  });

  it('stays finite where x tells all apart, and has no line where all are the same', () => {
    const { slope } = fitLogisticLine([-2, -1, 1, 2], [0, 0, 1, 1]) ?? { slope: NaN };
    expect(Number.isFinite(slope)).toBe(true);
    expect(fitLogisticLine([1, 2], [1, 1])).toBeNull();
  });
});
