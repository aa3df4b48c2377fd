import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/math/random.js';
import {
  formatDirections,
  loadDirections,
  parseDirections,
  saveDirections,
} from '../../src/read/files/directionFile.js';
import { readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.js';
import type { StateSignature, StoredDirections } from '../../src/read/files/storedDirections.js';

const model = {
  source: 'models/small',
  sha256: 'cd'.repeat(32),
  device: 'cpu' as const,
  layers: 2,
  width: 128,
  vocabulary: 10,
};

function stored(width = 128): StoredDirections {
  const random = createRandom(1);
  const vectors = new Float32Array(2 * width);
  for (const layer of [0, 1]) vectors.set(random.unitVector(width), layer * width);
  return {
    directions: { method: 'pca', layers: 2, width, vectors, explainedVariance: [0.25, 0.5] },
    origin: { model: 'small', modelSha256: model.sha256, stimuliSha256: 'ef', seed: '1' },
  };
}

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'directions-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('direction files', () => {
  it('come back as they were written', async () => {
    const path = join(folder, 'a.safetensors');
    await saveDirections(path, stored());
    expect(await loadDirections(path, model)).toEqual(stored());
  });

  it('keep mean norms and accuracies to the last digit, and what the labels are called', () => {
    const measured = {
      ...stored(),
      meanNorms: [0.1 + 0.2, 1e-7 / 3],
      heldOutAccuracy: [2 / 3, 1],
      heldOutN: 96,
      labels: { positive: 'happy', negative: 'sad, or not' },
    };
    measured.directions.method = 'one of my own';
    const bytes = formatDirections(measured);
    expect(parseDirections(bytes, 'a.safetensors')).toEqual(measured);
    expect(readSafetensors(bytes, 'a').metadata.sign).toBe(
      'positive = happy, negative = sad, or not',
    );
  });

  it('with norms or accuracies that cannot be are refused', () => {
    const parse = (change: Partial<StoredDirections>) => (): StoredDirections =>
      parseDirections(formatDirections({ ...stored(), ...change }), 'a.safetensors');
    expect(parse({ meanNorms: [1] })).toThrow(/mean_norms is not usable \(expected 2 numbers/);
    expect(parse({ meanNorms: [1, NaN] })).toThrow(/mean_norms is not usable/);
    expect(parse({ heldOutAccuracy: [0.5, 93] })).toThrow(/held_out_accuracy is not usable/);
    expect(parse({ heldOutN: 0.5 })).toThrow(/held_out_n is not usable/);
  });

  it('keep what their model makes of a few tokens, whole or not at all', () => {
    const { layers, width } = stored().directions;
    const states = Float32Array.from({ length: layers * width }, (_, i) => i / 8);
    const signature = { tokens: [3, 1], states, logits: Float32Array.of(0.5, -1) };
    const parse = (change: Partial<StateSignature>) => (): StoredDirections =>
      parseDirections(formatDirections({ ...stored(), signature: { ...signature, ...change } }), 'a.safetensors'); // prettier-ignore
    expect(parse({})().signature).toEqual(signature);
    expect(parseDirections(formatDirections(stored()), 'a.safetensors').signature).toBeUndefined();
    for (const change of [
      { tokens: [3] },
      { tokens: [3, -1] },
      { tokens: [3, 0.5] },
      { tokens: [], logits: new Float32Array(0) },
      { states: states.map(() => NaN) },
      { logits: Float32Array.of(1, Infinity) },
    ]) {
      expect(parse(change), JSON.stringify(change)).toThrow(/a\.safetensors: its model's signature is not usable/); // prettier-ignore
    }
    const file = readSafetensors(formatDirections({ ...stored(), signature }), 'a');
    file.tensors.delete('signature_logits');
    expect(() => parseDirections(writeSafetensors(file), 'a.safetensors')).toThrow(/signature is not usable/); // prettier-ignore
  });

  it('are refused by a model of another width, depth or weights', async () => {
    const path = join(folder, 'a.safetensors');
    await saveDirections(path, stored(768));
    await expect(loadDirections(path, model)).rejects.toThrow(
      'direction: width 768 does not fit model models/small (expected 128)',
    );
    await saveDirections(path, stored());
    await expect(loadDirections(path, { ...model, layers: 8 })).rejects.toThrow(
      'direction: 2 layers do not fit model models/small (expected 8)',
    );
    await expect(loadDirections(path, { ...model, sha256: '00' })).rejects.toThrow(
      /made from another model than models\/small/,
    );
  });

  it('are refused where missing, damaged or of another kind', async () => {
    await expect(loadDirections(join(folder, 'none'), model)).rejects.toThrow(/cannot read/);
    const path = join(folder, 'a.safetensors');
    await writeFile(path, formatDirections(stored()).subarray(0, 700));
    await expect(loadDirections(path, model)).rejects.toThrow(/truncated/);
    const other = writeSafetensors({ tensors: new Map(), metadata: { format: 'pt' } });
    expect(() => parseDirections(other, 'b.safetensors')).toThrow(
      /^b\.safetensors: not a direction file .*got no tensor/,
    );
    const text = join(folder, 'a.jsonl');
    await writeFile(text, '{}');
    await expect(loadDirections(text, model)).rejects.toThrow(
      /a\.jsonl ends in no known format \(expected \.safetensors, \.gguf, \.npy\)/,
    );
  });

  it('are refused where a row is not a unit vector', () => {
    const bad = stored();
    bad.directions.vectors.fill(1, 128);
    expect(() => parseDirections(formatDirections(bad), 'b.safetensors')).toThrow(
      /direction of layer 1 has norm 11\.3\d* \(expected 1\)/,
    );
  });

  it('say which layers are absent; another row of zeros is refused', () => {
    const without = stored();
    without.directions.vectors.fill(0, 128);
    const bytes = formatDirections(without);
    expect(parseDirections(bytes, 'b.safetensors')).toEqual(without);
    const text = Buffer.from(bytes).toString('latin1');
    const other = text.replace('"absent_layers":"1"', '"absent_layers":"0"');
    expect(() => parseDirections(Buffer.from(other, 'latin1'), 'b.safetensors')).toThrow(
      /direction of layer 1 has norm 0 \(expected 1\)/,
    );
  });
});

describe('safetensors', () => {
  it('has the layout of the specification', () => {
    const bytes = writeSafetensors({
      tensors: new Map([['a', { shape: [1, 2], values: Float32Array.of(1, -2) }]]),
      metadata: { k: 'v' },
    });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: { k: 'v' },
      a: { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] },
    });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 192]);
  });

  it('refuses what is not safetensors', () => {
    const file = (header: string, data = 0): Uint8Array => {
      const bytes = new Uint8Array(8 + header.length + data);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
      bytes.set(new TextEncoder().encode(header), 8);
      return bytes;
    };
    expect(() => readSafetensors(new Uint8Array(3), 'f')).toThrow(/at least 8 bytes, got 3/);
    expect(() => readSafetensors(new Uint8Array(20).fill(255), 'f')).toThrow(/exceeds the 12/);
    expect(() => readSafetensors(file('nonsense'), 'f')).toThrow(/not JSON/);
    const whole = '{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}';
    expect(() => readSafetensors(file(whole, 8), 'f')).toThrow(/dtype I64 \(expected F32, F64, /);
    const twice =
      '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    expect(() => readSafetensors(file(twice, 8), 'f')).toThrow(/b lies at .* 8 bytes of its own/);
    const short = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    expect(() => readSafetensors(file(short, 4), 'f')).toThrow(/truncated or damaged/);
    const negative = '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}';
    expect(() => readSafetensors(file(negative, 8), 'f')).toThrow(/no dtype, shape/);
  });
});
