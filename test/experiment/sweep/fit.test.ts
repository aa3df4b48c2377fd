import { describe, expect, it } from 'vitest';
import {
  chooseFitRange,
  defaultGrid,
  metricTable,
  shapedFit,
  spreadOver,
  tableMeans,
} from '../../../src/experiment/sweep/fit.js';
import {
  answerRepeat,
  degenerateRule,
  isDegenerate,
  summariseRounds,
} from '../../../src/experiment/sweep/measure.js';
import {
  layerCoefficients,
  layerWindows,
  steeringUnit,
} from '../../../src/experiment/shared/steeringUnit.js';
import {
  randomControls,
  shuffledControls,
} from '../../../src/experiment/shared/steeringControls.js';
import { dot, norm } from '../../../src/math/linear.js';
import { createRandom } from '../../../src/math/random.js';
import { layers, sweepOptions, unitDirections, width } from './fakes.js';

describe('chooseFitRange', () => {
  it('takes the whole grid of a straight line', () => {
    expect(
      chooseFitRange(
        defaultGrid,
        defaultGrid.map((c) => 2 * c + 1),
      ),
    ).toEqual([-1, 1]);
  });

  it('leaves a flat end out', () => {
    const range = chooseFitRange(
      defaultGrid,
      defaultGrid.map((c) => Math.min(c, 0.25)),
    );
    expect(range[0]).toBe(-1);
    expect(range[1]).toBeGreaterThanOrEqual(0.25);
    expect(range[1]).toBeLessThan(0.6);
  });

  it('is not shortened for the third decimal', () => {
    const wobble = (c: number): number => c + 0.02 * Math.sin(40 * c);
    expect(chooseFitRange(defaultGrid, defaultGrid.map(wobble))).toEqual([-1, 1]);
  });

  it('keeps at least nine neighbours and zero, however sharp the step', () => {
    const [low, high] = chooseFitRange(
      defaultGrid,
      defaultGrid.map((c) => Math.tanh(20 * c)),
    );
    expect((high - low) / 0.125).toBeGreaterThanOrEqual(8);
    expect(low).toBeLessThanOrEqual(0);
    expect(high).toBeGreaterThanOrEqual(0);
  });

  it('does not prefer a straight corner without the response', () => {
    // Perfectly straight for c ≤ 0, but all of the response is above.
    const means = defaultGrid.map((c) => (c <= 0 ? 0.01 * c : Math.sqrt(c)));
    expect(chooseFitRange(defaultGrid, means)[1]).toBeGreaterThan(0.3);
  });
});

describe('spreadOver', () => {
  it.each<[[number, number], number[]]>([
    [
      [-1, 1],
      [-1, -0.5, 0, 0.5, 1],
    ],
    [
      [-1, 0],
      [-1, -0.75, -0.5, -0.25, 0],
    ],
    [
      [-0.25, 1],
      [-0.25, 0, 0.375, 0.75, 1],
    ],
  ])('of %j', (range, expected) => {
    const spread = spreadOver(defaultGrid, range, 5);
    expect(spread).toHaveLength(5);
    expect(spread).toContain(0);
    expect([spread[0], spread[4]]).toEqual(range);
    if (range[0] !== -0.25) expect(spread).toEqual(expected);
  });
});

describe('shapedFit', () => {
  it('tells a line from a parabola', () => {
    const of = (f: (c: number) => number) => {
      const outcomes = [0, 1, 2].map((unit) =>
        defaultGrid.map((c) => ({ ...summariseRounds([], null), editRatio: f(c) + unit })),
      );
      const table = metricTable(outcomes, 'editRatio');
      return shapedFit({
        table,
        coefficients: defaultGrid,
        random: createRandom(1),
        resamples: 50,
      });
    };
    const line = of((c) => 3 * c);
    expect(line.rankCorrelation).toBe(1);
    expect(line.slope).toBeCloseTo(3, 10);
    // The problems differ by a constant, which pairing takes out.
    expect(line.ci?.[0]).toBeCloseTo(3, 10);
    const parabola = of((c) => c * c);
    expect(parabola.r2).toBeLessThan(0.01);
    expect(parabola.quadraticR2).toBeCloseTo(1, 10);
  });

  it('leaves out what has no value', () => {
    const outcome = summariseRounds([], null);
    const table = metricTable([[{ ...outcome, editRatio: 2 }], [outcome]], 'editRatio');
    expect(tableMeans(table)).toEqual([2]);
  });
});

describe('summariseRounds', () => {
  it('averages over the rounds with a y1', () => {
    const round = (last: string, correction: string) =>
      ({ last, correction, finish: 'stop' }) as const;
    const outcome = summariseRounds(
      [round('abcd', 'abcd'), round('abcd', 'abxx'), round('', 'added')],
      true,
    );
    expect(outcome).toEqual({
      rounds: 2,
      editRatio: 0.25,
      normalizedDistance: 0.25,
      indelSimilarity: 0.75,
      lengthRatio: 1,
      copyRate: 0.5,
      degenerate: 0,
      right: true,
      sentences: [
        { last: 'abcd' },
        { last: 'abcd', correction: 'abxx' },
        { last: '', correction: 'added' },
      ],
    });
    const cut = { last: 'ab', correction: 'a', finish: 'context', written: 'a b' } as const;
    expect(summariseRounds([cut], null)).toMatchObject({ rounds: 0, sentences: [cut] });
    expect(summariseRounds([round('', 'added')], null)).toMatchObject({
      rounds: 0,
      editRatio: null,
      copyRate: null,
    });
  });

  it('leaves out a lone full stop, whose replacement would outweigh every sentence', () => {
    const round = (last: string, correction: string) =>
      ({ last, correction, finish: 'stop' }) as const;
    const stops = [round('.', 'She has 4 + 5 = 9 apples left over.'), round('. \n', '.')];
    const outcome = summariseRounds([round('abcd', 'abxx'), ...stops], null);
    expect(outcome).toMatchObject({ rounds: 1, editRatio: 0.5, copyRate: 0 });
    expect(outcome.sentences).toHaveLength(3);
  });

  it('knows degenerate outputs', () => {
    const repeated = 'a b c d a b c d';
    const written = { last: 'a b', correction: 'a b', finish: 'stop' } as const;
    expect(isDegenerate(written)).toBe(false);
    expect(isDegenerate({ ...written, finish: 'length' })).toBe(true);
    expect(isDegenerate({ ...written, correction: repeated })).toBe(true);
    expect(isDegenerate({ ...written, last: repeated, correction: repeated })).toBe(false);
    const answer =
      'Now Ann has 2 + 3 = 5 eggs. Now Ann has 5 + 1 = 6 eggs. Now Ann has 6 - 2 = 4 eggs.';
    expect(isDegenerate({ ...written, correction: answer })).toBe(true);
    expect(isDegenerate({ ...written, correction: answer }, answerRepeat)).toBe(false);
    const looping = { ...written, correction: `${answer} ${answer}` };
    expect(isDegenerate(looping, answerRepeat)).toBe(true);
    expect(degenerateRule(answerRepeat)).toMatch(/^a run of 12 words occurs twice/);
  });
});

describe('steeringUnit', () => {
  const meanNorms = [1, 2, 4, 8];

  it('adds the same total however many layers share it', () => {
    for (const steered of [[2], [1, 2], [1, 2, 3]]) {
      const unit = steeringUnit({ layers: steered, meanNorms, scale: 1.5 });
      const added = layerCoefficients(unit, -1, 4);
      const total = added.reduce((sum, c, layer) => sum + c / (meanNorms[layer] ?? NaN), 0);
      expect(total).toBeCloseTo(-1.5, 6);
    }
  });

  it('is linear in the coefficient and refuses what makes no sense', () => {
    const unit = steeringUnit({ layers: [3, 1, 3], meanNorms, scale: 1 });
    expect(unit).toEqual({ layers: [1, 3], unitValue: [1, 4] });
    expect([...layerCoefficients(unit, 0.5, 4)]).toEqual([0, 0.5, 0, 2]);
    expect([...layerCoefficients(unit, 0, 4)]).toEqual([0, 0, 0, 0]);
    expect(() => steeringUnit({ layers: [], meanNorms, scale: 1 })).toThrow(/no layer/);
    expect(() => steeringUnit({ layers: [-1], meanNorms, scale: 1 })).toThrow(/unknown layer -1/);
    expect(() => steeringUnit({ layers: [1], meanNorms, scale: 0 })).toThrow(/not a positive/);
  });

  it('windows hold a layer asked for', () => {
    expect(layerWindows({ layers: 4, around: [1], widest: 2 })).toEqual([[1], [0, 1], [1, 2]]);
  });
});

describe('controls', () => {
  const tested = unitDirections('truth');
  const shared = { tested, layers: [1, 2], seed: 3 };

  it('are unit and orthogonal to the tested direction, and follow from the seed', () => {
    const { training } = sweepOptions();
    const random = randomControls({ ...shared, count: 4 });
    const shuffled = shuffledControls({ ...shared, count: 3, training });
    for (const { vectors } of [...random, ...shuffled]) {
      for (let layer = 0; layer < layers; layer++) {
        const unit = vectors.subarray(layer * width, (layer + 1) * width);
        const other = tested.vectors.subarray(layer * width, (layer + 1) * width);
        expect(norm(unit)).toBeCloseTo(1, 5);
        expect(dot(unit, other)).toBeCloseTo(0, 5);
      }
    }
    expect(randomControls({ ...shared, count: 4 })).toEqual(random);
    expect(random[0]?.vectors).not.toEqual(random[1]?.vectors);
    for (const { cosine } of shuffled) expect(cosine).toBeGreaterThan(0.01);
  });
});
