/** Whether what a model makes of a few tokens tells it from others. */
import { describe, expect, it } from 'vitest';
import { parseDirections, formatDirections } from '../../src/read/files/directionFile.js';
import type { StoredDirections } from '../../src/read/files/storedDirections.js';
import { sameStates, signatureDifference, withSignature } from '../../src/read/stateSignature.js';
import type { Decoder, ForwardRequest, ForwardRow } from '../../src/runtime/decoder.js';

const stored: StoredDirections = {
  directions: {
    ...{ method: 'pca', layers: 2, width: 2, explainedVariance: [] },
    vectors: Float32Array.of(1, 0, 0, 1),
  },
  origin: { model: 'm', modelSha256: '', stimuliSha256: '', seed: '0' },
};

interface Fake {
  states?: readonly number[];
  /** Of every token. */
  logit?: (id: number) => number;
  info?: Partial<Decoder['info']>;
}

/** A model of two layers; what it was asked is kept. */
function fake({ states = [3, 4, 0, -2], logit = (id) => id / 10, info = {} }: Fake = {}) {
  const asked: ForwardRequest[] = [];
  const full: Decoder['info'] = {
    ...{ source: 'm', sha256: '', device: 'cpu', layers: 2, width: 2, vocabulary: 100 },
    ...info,
  };
  const forward = (request: ForwardRequest): Promise<ForwardRow[]> => {
    asked.push(request);
    const logits = Float32Array.from({ length: full.vocabulary }, (_, id) => logit(id));
    return Promise.resolve([
      { projections: new Float32Array(0), states: Float32Array.from(states), logits },
    ]);
  };
  return { info: full, forward, asked };
}

async function differenceTo(model: Fake): Promise<number | null> {
  const { signature } = await withSignature(stored, fake());
  if (!signature) throw new Error('no signature');
  return await signatureDifference(signature, fake(model));
}

describe('the signature of a model', () => {
  it('is states and logits at the last of sixteen tokens, and is kept with the direction', async () => {
    const model = fake();
    const { signature } = await withSignature(stored, model);
    const { tokens = [] } = signature ?? {};
    expect(new Set(tokens).size).toBe(16);
    expect(tokens.slice(0, 3)).toEqual([61, 23, 85]);
    expect(model.asked).toEqual([{ tokens: [tokens], states: [[15]], logits: [[15]] }]);
    expect(signature?.states).toEqual(Float32Array.of(3, 4, 0, -2));
    expect(signature?.logits).toEqual(Float32Array.from(tokens, (id) => id / 10));
    const signed = await withSignature(stored, model);
    expect(parseDirections(formatDirections(signed), 'a.safetensors').signature).toEqual(signature);
  });

  it('has as many tokens as a model has positions', async () => {
    const model = fake({ info: { context: { positions: 3, source: 'test' } } });
    expect((await withSignature(stored, model)).signature?.tokens).toEqual([61, 23, 85]);
  });

  it.each([
    ['the same', {}, 0],
    ['a state as long in another direction', { states: [3, -4, 0, -2] }, 1.6],
    ['a little of one state', { states: [3, 4, 0.002, -2] }, 0.001],
    [
      'what is behind the last block',
      { logit: (id: number) => id / 10 + (id === 61 ? 5 : 0) },
      0.2,
    ],
    ['a longer vocabulary alone', { info: { vocabulary: 128 } }, 0],
    ['nothing finite', { states: [NaN, 4, 0, -2] }, null],
    ['other sizes', { states: [3, 4, 0, -2, 1, 1], info: { layers: 3 } }, null],
    ['a vocabulary without these tokens', { info: { vocabulary: 90 } }, null],
  ])('differs by %s', async (_, model: Fake, expected) => {
    const difference = await differenceTo(model);
    if (expected === null) expect(difference).toBeNull();
    else if (expected < sameStates) expect(difference).toBeCloseTo(expected, 6);
    else expect(difference).toBeGreaterThan(expected - 1e-6);
  });

  it('is left out where a model makes nothing of these tokens', async () => {
    const failing = { ...fake(), forward: () => Promise.reject(new Error('not finite')) };
    expect(await withSignature(stored, failing)).toEqual(stored);
    expect(await withSignature(stored, fake({ states: [Infinity, 0, 0, 0] }))).toEqual(stored);
  });
});
