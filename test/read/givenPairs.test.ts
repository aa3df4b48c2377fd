/** Pairs that are given stay pairs: what both members share is larger than what tells them apart. */
import { describe, expect, it } from 'vitest';
import { cosine } from '../../src/math/linear.js';
import { createRandom } from '../../src/math/random.js';
import { makeDirections, trainingStates } from '../../src/read/directions.js';
import { assessHealth } from '../../src/read/health.js';
import { methodNames, type Method } from '../../src/read/methods/names.js';
import { pairStimuli } from '../../src/read/pairs.js';
import type { States } from '../../src/read/states.js';
import type { GivenStimulus, Label } from '../../src/read/stimuli.js';

const width = 32;
const pairs = 120;

/** Each pair has an offset of its own, ten times as large as the contrast; wordings differ in length. */
function planted(): { stimuli: GivenStimulus[]; states: States; truth: Float32Array } {
  const random = createRandom('given pairs');
  const truth = random.unitVector(width);
  const values = new Float32Array(2 * pairs * width);
  const stimuli: GivenStimulus[] = [];
  for (let i = 0; i < 2 * pairs; i++) {
    const [pair, positive] = [i >> 1, i % 2 === 0];
    const own = createRandom(`offset ${pair}`);
    for (let j = 0; j < width; j++) {
      const contrast = (positive ? 1 : -1) * (truth[j] ?? 0);
      values[i * width + j] = contrast + 10 * own.normal() + 0.1 * random.normal();
    }
    stimuli.push({
      id: `s${i}`,
      problem: `pair ${pair}`,
      pair: `${pair}`,
      half: pair % 2 === 0 ? 'train' : 'heldOut',
      label: positive ? 'positive' : 'negative',
      text: 'x'.repeat(1 + random.integer(60)),
    });
  }
  return { stimuli, states: { count: 2 * pairs, layers: 1, width, values }, truth };
}

const byPairs: readonly Method[] = ['pca', 'pca-uncentered', 'pca-pairwise'];

describe('given pairs', () => {
  it.each(byPairs)('%s finds the direction by them, and not by pairing anew', (method) => {
    const { stimuli, states, truth } = planted();
    const training = trainingStates(stimuli, states);
    const kept = makeDirections({ training, method, seed: 1 });
    expect(cosine(kept.vectors, truth)).toBeGreaterThan(0.98);
    const torn = makeDirections({ training: { ...training, pairs: undefined }, method, seed: 1 });
    expect(Math.abs(cosine(torn.vectors, truth))).toBeLessThan(0.6);
  });

  it('explain the most of the differences, and are what the health compares with', () => {
    const { stimuli, states } = planted();
    const directions = makeDirections({ training: trainingStates(stimuli, states), seed: 1 });
    expect(directions.explainedVariance[0]).toBeGreaterThan(0.8);
    const tokenize = (text: string): number[] => [text.length];
    const health = assessHealth({ directions, stimuli, states, tokenize, seed: 1 });
    expect(health.perLayer[0]?.cosines['pca-pairwise']).toBeGreaterThan(0.98);
    expect(Object.keys(health.perLayer[0]?.withinKind ?? {})).toEqual(['negative', 'positive']);
    expect(health.methods.map(({ method }) => method)).toEqual(methodNames);
  });
});

describe('pairStimuli', () => {
  const labels: Label[] = ['positive', 'negative', 'positive', 'negative', 'positive'];

  it('keeps the pairs and pairs the rest', () => {
    const names = ['a', undefined, undefined, 'a', undefined];
    const made = pairStimuli({ labels, pairs: names, random: createRandom(1) });
    expect(made[0]).toEqual({ positive: 0, negative: 3 });
    expect(made).toHaveLength(2);
    expect(made[1]?.negative).toBe(1);
  });

  it('pairs a stimulus anew whose partner is not there', () => {
    const made = pairStimuli({
      labels: labels.slice(0, 2),
      pairs: ['a', 'b'],
      random: createRandom(1),
    });
    expect(made).toEqual([{ positive: 0, negative: 1 }]);
  });

  it('refuses a pair of one label', () => {
    const names = ['a', undefined, 'a', undefined, undefined];
    expect(() => pairStimuli({ labels, pairs: names, random: createRandom(1) })).toThrow(
      'pair a is not one stimulus of either label (got positive, positive)',
    );
  });
});
