import { describe, expect, it } from 'vitest';
import { cosine, norm } from '../../src/math/linear.js';
import { createRandom } from '../../src/math/random.js';
import { directionAt, makeDirections } from '../../src/read/directions.js';
import { type OwnMethod } from '../../src/read/methods/table.js';
import { methodNames, type Method } from '../../src/read/methods/names.js';
import { pairStimuli } from '../../src/read/pairs.js';
import type { States } from '../../src/read/states.js';
import type { Label } from '../../src/read/stimuli.js';

const width = 32;

/** Noise plus an offset shared by all, plus ± half the strength along `truth`. */
function planted(options: { count?: number; strength?: number } = {}): {
  training: { states: States; labels: Label[] };
  truth: Float32Array;
} {
  const { count = 200, strength = 6 } = options;
  const random = createRandom('directions');
  const truth = random.unitVector(width);
  const offset = random.unitVector(width);
  const labels = Array.from({ length: count }, (_, i): Label => (i % 2 ? 'copy' : 'correct'));
  const values = new Float32Array(count * width);
  labels.forEach((label, i) => {
    const sign = label === 'correct' ? 0.5 : -0.5;
    for (let j = 0; j < width; j++) {
      const at = sign * strength * (truth[j] ?? 0) + 30 * (offset[j] ?? 0);
      values[i * width + j] = at + random.normal();
    }
  });
  return { training: { states: { count, layers: 1, width, values }, labels }, truth };
}

describe('makeDirections', () => {
  it.each(methodNames)('%s finds the planted direction, sign and unit norm included', (method) => {
    const { training, truth } = planted();
    const directions = makeDirections({ training, method, seed: 1 });
    expect(cosine(directionAt(directions, 0), truth)).toBeGreaterThan(0.95);
    expect(norm(directionAt(directions, 0))).toBeCloseTo(1, 5);
  });

  it('loses the concept where the differences are ordered and centred: the centring trap', () => {
    const { training, truth } = planted();
    const trapped = makeDirections({ training, method: 'pca', seed: 1, shuffle: false });
    const shuffled = makeDirections({ training, method: 'pca', seed: 1 });
    expect(Math.abs(cosine(trapped.vectors, truth))).toBeLessThan(0.3);
    expect(cosine(shuffled.vectors, truth)).toBeGreaterThan(0.95);
    expect(trapped.explainedVariance[0]).toBeLessThan(0.3);
    expect(shuffled.explainedVariance[0]).toBeGreaterThan(0.3);
  });

  it.each(methodNames)('%s: swapping the labels turns the direction round', (method) => {
    const { training } = planted();
    const swapped = training.labels.map((l): Label => (l === 'copy' ? 'correct' : 'copy'));
    const there = makeDirections({ training, method, seed: 1 });
    const back = makeDirections({ training: { ...training, labels: swapped }, method, seed: 1 });
    // Pairs are drawn per label, so a swap may pair otherwise: not exactly −1.
    expect(cosine(there.vectors, back.vectors)).toBeLessThan(-0.97);
  });

  it('depends on the seed alone', () => {
    const { training } = planted({ strength: 1 });
    const make = (seed: number): Float32Array => makeDirections({ training, seed }).vectors;
    expect(make(3)).toEqual(make(3));
    expect(make(3)).not.toEqual(make(4));
  });

  it('repeng’s pairwise centring and the uncentred PCA are one direction', () => {
    const { training } = planted({ strength: 2 });
    const a = makeDirections({ training, method: 'pca-uncentered', seed: 1 });
    const b = makeDirections({ training, method: 'pca-pairwise', seed: 1 });
    expect(cosine(a.vectors, b.vectors)).toBeGreaterThan(1 - 1e-5);
  });

  it('refuses one label, unknown methods, and states that do not differ', () => {
    const { training } = planted({ count: 4 });
    const one = training.labels.map((): Label => 'copy');
    expect(() => makeDirections({ training: { ...training, labels: one }, seed: 1 })).toThrow(
      /^directions: too few stimuli labelled correct \(expected at least 2 of each label there, got 0 correct and 4 copy in the training half\); give more sentences that the corrector corrects$/,
    );
    expect(() => makeDirections({ training, method: 'ica' as Method, seed: 1 })).toThrow(
      /unknown method ica \(expected pca \|/,
    );
    const states = { ...training.states, values: new Float32Array(4 * width) };
    const method = 'mean-difference';
    expect(() => makeDirections({ training: { ...training, states }, method, seed: 1 })).toThrow(
      /mean-difference finds nothing at layer 0/,
    );
  });
});

describe('a single training pair', () => {
  it.each(methodNames)('is too little for %s, and says so', (method) => {
    const { training } = planted({ count: 2 });
    expect(() => makeDirections({ training, method, seed: 1 })).toThrow(
      /too few stimuli labelled correct and copy \(expected at least 2 of each label there, got 1 correct and 1 copy/,
    );
    expect(
      makeDirections({ training: planted({ count: 4 }).training, method, seed: 1 }),
    ).toBeTruthy();
  });
});

describe('a method of one’s own', () => {
  const first: OwnMethod = {
    name: 'first-pair',
    find: ({ states, pairs }) => {
      const [pair] = pairs;
      const [a, b] = [states[pair?.positive ?? 0], states[pair?.negative ?? 0]];
      // Backwards and of norm 9: sign and norm are not its business.
      return Array.from(a ?? [], (x, j) => 9 * ((b?.[j] ?? 0) - x));
    },
  };

  it('is given the labels’ sign, unit norm, and its name in the record', () => {
    const { training, truth } = planted({ strength: 40 });
    const directions = makeDirections({ training, method: first, seed: 1 });
    expect(directions.method).toBe('first-pair');
    expect(norm(directions.vectors)).toBeCloseTo(1, 5);
    expect(cosine(directions.vectors, truth)).toBeGreaterThan(0.95);
  });

  it('is refused under a name that says something else, or with a vector of another width', () => {
    const { training } = planted({ count: 4 });
    const make = (method: OwnMethod) => () => makeDirections({ training, method, seed: 1 });
    expect(make({ ...first, name: 'pca' })).toThrow(/cannot be called "pca"/);
    expect(make({ ...first, name: 'imported' })).toThrow(/cannot be called "imported"/);
    expect(make({ name: 'short', find: () => [1, 2] })).toThrow(
      /short finds nothing at layer 0 \(its vector has 2 numbers, the hidden states have 32\)/,
    );
  });
});

describe('pairStimuli', () => {
  const labels: Label[] = ['correct', 'copy', 'correct', 'copy', 'copy', 'correct'];

  it('uses each stimulus at most once and pairs like lengths', () => {
    const lengths = [30, 11, 10, 33, 22, 20];
    const pairs = pairStimuli({ labels, lengths, random: createRandom(1) });
    expect(pairs).toEqual([
      { positive: 2, negative: 1 },
      { positive: 5, negative: 4 },
      { positive: 0, negative: 3 },
    ]);
  });

  it('pairs at random where asked', () => {
    const pairs = pairStimuli({ labels, pairing: 'random', random: createRandom(2) });
    expect(pairs.map((p) => p.positive).sort()).toEqual([0, 2, 5]);
    expect(pairs.map((p) => p.negative).sort()).toEqual([1, 3, 4]);
  });
});
