/** Whether hidden states on a fixed prompt tell models apart. */
import { describe, expect, it } from 'vitest';
import type { Directions } from '../../src/read/directions.js';
import { signatureDifference, stateSignature } from '../../src/read/stateSignature.js';
import type { Decoder, ForwardRequest, ForwardRow } from '../../src/runtime/decoder.js';

const directions: Directions = {
  ...{ method: 'pca', layers: 2, width: 2, explainedVariance: [] },
  vectors: Float32Array.of(1, 0, 0, 1),
};

function decoder(
  states: readonly number[],
  asked: (request: ForwardRequest) => void = () => undefined,
) {
  const nothing = new Float32Array(0);
  const info = {
    source: 'm',
    sha256: '',
    device: 'cpu',
    layers: 2,
    width: 2,
    vocabulary: 100,
  } as const;
  const row: ForwardRow = {
    projections: nothing,
    logits: nothing,
    states: Float32Array.from(states),
  };
  const forward = (request: ForwardRequest): Promise<ForwardRow[]> => {
    asked(request);
    return Promise.resolve([row]);
  };
  return { info: info as Decoder['info'], forward };
}

describe('the signature of a model', () => {
  it('is norm and component along the direction at each layer, on sixteen tokens', async () => {
    let request: ForwardRequest | undefined;
    const model = decoder([3, 4, 0, -2], (given) => (request = given));
    expect(await stateSignature(model, directions)).toEqual({ norms: [5, 2], along: [3, -2] });
    const [ids = []] = request?.tokens ?? [];
    expect(new Set(ids).size).toBe(16);
    expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 100)).toBe(true);
    expect(ids.slice(0, 3)).toEqual([61, 23, 85]);
    expect(request?.states).toEqual([[15]]);
  });

  it('has as many tokens as a model has positions', async () => {
    let request: ForwardRequest | undefined;
    const model = decoder([3, 4, 0, -2], (given) => (request = given));
    const info = { ...model.info, context: { positions: 3, source: 'test' } };
    await stateSignature({ ...model, info }, directions);
    expect(request?.tokens).toEqual([[61, 23, 85]]);
  });

  it('differs by the largest difference at any layer, in norms there', () => {
    const kept = { norms: [5, 2], along: [3, -2] };
    expect(signatureDifference(kept, kept)).toBe(0);
    expect(signatureDifference(kept, { norms: [5.5, 2], along: [3, -2] })).toBeCloseTo(0.1, 12);
    expect(signatureDifference(kept, { norms: [5.5, 2], along: [3, 2] })).toBe(2);
    expect(signatureDifference(kept, { norms: [5], along: [3] })).toBeNaN();
  });
});
