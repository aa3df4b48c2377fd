import { describe, expect, it } from 'vitest';
import { cosine } from '../../src/math/linear.js';
import { directionAt, makeDirections, takeHalf } from '../../src/read/directions.js';
import { extractDirections } from '../../src/read/extract.js';
import { assessHealth } from '../../src/read/health.js';
import { methodNames } from '../../src/read/methods/names.js';
import { boundaryStates, meanNorms, stateAt } from '../../src/read/states.js';
import { lengthOf } from '../../src/read/stimuli.js';
import { createPlanted, plantedStimuli, type PlantedOptions } from './planted.js';

const stimuli = plantedStimuli(80);

async function extract({
  stimuli: given = stimuli,
  ...options
}: PlantedOptions & { stimuli?: typeof stimuli } = {}) {
  const model = createPlanted(options);
  const { prompt } = model;
  return { model, ...(await extractDirections({ model, stimuli: given, prompt, seed: 1 })) };
}

describe('boundaryStates', () => {
  it('stand in the order of the prompts, whatever the batches', async () => {
    const model = createPlanted();
    const prompts = stimuli.map(model.prompt);
    const a = await boundaryStates({ decoder: model.decoder, prompts, batchSize: 1 });
    const b = await boundaryStates({ decoder: model.decoder, prompts, batchSize: 13 });
    expect(a).toEqual(b);
    const last = prompts[5] ?? [];
    const [row] = await model.decoder.forward({ tokens: [last], states: [[last.length - 1]] });
    expect(stateAt(a, 5, 2)).toEqual(row?.states.subarray(2 * 24, 3 * 24));
    expect(meanNorms(a)[0]).toBeGreaterThan(15);
  });

  it('refuse NaN and empty prompts', async () => {
    const { decoder, prompt } = createPlanted({ brokenLayer: 1 });
    await expect(
      boundaryStates({ decoder, prompts: stimuli.slice(0, 2).map(prompt) }),
    ).rejects.toThrow(/prompt \d has NaN at layer 1, component 2/);
    await expect(boundaryStates({ decoder, prompts: [[]] })).rejects.toThrow(/prompt 0 is empty/);
  });
});

describe('extractDirections', () => {
  it('finds the planted direction at every layer and reads unseen problems', async () => {
    const { model, directions, health } = await extract();
    for (let layer = 0; layer < 3; layer++) {
      const truth = model.truth.subarray(layer * 24, (layer + 1) * 24);
      expect(cosine(directionAt(directions, layer), truth)).toBeGreaterThan(0.9);
      expect(health.perLayer[layer]?.heldOutAccuracy).toBeGreaterThan(0.95);
      expect(health.perLayer[layer]?.auc).toBeGreaterThan(0.98);
      expect(health.perLayer[layer]?.cosines.pca).toBeCloseTo(1, 5);
      expect(health.perLayer[layer]?.cosines['mean-difference']).toBeGreaterThan(0.9);
    }
    expect(health.warnings).toEqual([]);
  });

  it('says where the concept begins, with intervals and kinds', async () => {
    const { health } = await extract({ fromLayer: 2, strength: 4 });
    expect(health.bestLayer).toBe(2);
    expect(health.perLayer[0]?.heldOutAccuracy).toBeLessThan(0.75);
    const best = health.perLayer[2];
    const [low, high] = best?.ci ?? [0, 0];
    expect(low).toBeLessThanOrEqual(best?.heldOutAccuracy ?? 0);
    expect(high).toBeGreaterThanOrEqual(best?.heldOutAccuracy ?? 1);
    expect(Object.keys(best?.withinKind ?? {})).toEqual([
      'good',
      'wrong-operation',
      'wrong-result',
    ]);
    const total = Object.values(best?.withinKind ?? {}).reduce((sum, k) => sum + k.n, 0);
    expect(total).toBe(80);
  });

  it('compares every method as if it were the direction', async () => {
    const { model, states, health } = await extract();
    expect(health.methods.map(({ method }) => method)).toEqual(methodNames);
    const train = takeHalf(stimuli, states, 'train');
    const labels = train.stimuli.map((s) => s.label);
    const training = { states: train.states, labels, lengths: train.stimuli.map(lengthOf) };
    const directions = makeDirections({ training, method: 'probe', seed: 1 });
    const tokenize = (text: string): number[] => model.tokenizer.encode(text);
    const probe = assessHealth({ directions, stimuli, states, tokenize, seed: 1 });
    const compared = health.methods.find(({ method }) => method === 'probe');
    expect(compared?.n).toBe(80);
    expect(compared?.perLayer).toEqual(
      probe.perLayer.map(({ layer, heldOutAccuracy, ci }) => ({ layer, heldOutAccuracy, ci })),
    );
  });

  it('leaves baselines at chance where wording tells nothing, and warns where it does', async () => {
    const { model, directions, health, states } = await extract();
    expect(health.baselines.length.heldOutAccuracy).toBeLessThan(0.7);
    expect(health.baselines.embeddings.heldOutAccuracy).toBeLessThan(0.7);
    const telling = stimuli.map((s) =>
      s.label === 'correct' ? { ...s, last: `${s.last} perhaps` } : s,
    );
    const tokenize = (text: string): number[] => model.tokenizer.encode(text);
    const warned = assessHealth({ directions, stimuli: telling, states, tokenize, seed: 1 });
    expect(warned.baselines.embeddings.heldOutAccuracy).toBe(1);
    expect(warned.baselines.length.heldOutAccuracy).toBe(1);
    expect(warned.warnings.join('\n')).toMatch(/baseline length: .*\n.*baseline embeddings: /);
  });

  it('warns where chance explains the best layer, and where few stimuli judge it', async () => {
    const { model, states } = await extract();
    const tokenize = (text: string): number[] => model.tokenizer.encode(text);
    // Labels that alternate have nothing to do with what was planted.
    const order = new Map([...new Set(stimuli.map((s) => s.problem))].map((id, i) => [id, i]));
    const random = stimuli.map((s) => {
      const odd = ((order.get(s.problem) ?? 0) >> 1) % 2 === 1;
      return { ...s, label: odd ? ('correct' as const) : ('copy' as const) };
    });
    const train = takeHalf(random, states, 'train');
    const labels = train.stimuli.map((s) => s.label);
    const directions = makeDirections({ training: { states: train.states, labels }, seed: 1 });
    const health = assessHealth({ directions, stimuli: random, states, tokenize, seed: 1 });
    expect(health.warnings.join('\n')).toMatch(
      /chance: no layer .*\[.*\] of 80, AUC 0\.\d\d, at layer/,
    );
    expect(health.warnings.join('\n')).not.toMatch(/few stimuli/);
    const few = (await extract({ stimuli: stimuli.slice(0, 24) })).health;
    expect(few.warnings).toEqual([expect.stringMatching(/^few stimuli: 12 are held out/)]);
  });

  it('warns where centring has removed the concept', async () => {
    const { model, states } = await extract();
    const train = takeHalf(stimuli, states, 'train');
    const directions = makeDirections({
      training: { states: train.states, labels: train.stimuli.map((s) => s.label) },
      seed: 1,
      shuffle: false,
    });
    const tokenize = (text: string): number[] => model.tokenizer.encode(text);
    const health = assessHealth({ directions, stimuli, states, tokenize, seed: 1 });
    expect(health.warnings[0]).toMatch(/centring has removed the concept at layer 0, 1, 2/);
  });

  it('judges no layer by a direction that a file lacks', async () => {
    const { model, directions, states } = await extract({ fromLayer: 1 });
    const without = { ...directions, method: 'imported' as const, explainedVariance: [] };
    without.vectors = directions.vectors.slice().fill(0, 2 * 24);
    const tokenize = (text: string): number[] => model.tokenizer.encode(text);
    const health = assessHealth({ directions: without, stimuli, states, tokenize, seed: 1 });
    expect(health.bestLayer).toBe(1);
    expect(health.perLayer[2]?.cosines['mean-difference']).toBe(0);
    expect(health.perLayer[2]?.auc).toBe(0.5);
    expect(health.warnings).toEqual([]);
  });
});
