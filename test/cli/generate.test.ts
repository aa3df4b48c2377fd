/** `aligner-lab generate` on a tiny random model. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/math/random.js';
import { saveDirections } from '../../src/read/files/directionFile.js';
import { open, type Model } from '../../src/read/model/model.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeTinyModel } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
const path = writeTinyModel(cwd);
const small = ['--model', path, '--threads', '1', '--max-new-tokens', '6'];
const norms = [3, 4, 5];
let model: Model;
let vectors: Float32Array;

beforeAll(async () => {
  model = await open(path, { threads: 1 });
  vectors = new Float32Array(3 * 16);
  for (const layer of [0, 1, 2]) {
    vectors.set(createRandom(`layer ${layer}`).unitVector(16), 16 * layer);
  }
  const origin = { model: 'tiny', modelSha256: model.identity.sha256, stimuliSha256: '', seed: '' };
  const directions = { method: 'pca', layers: 3, width: 16, vectors, explainedVariance: [] };
  const heldOutAccuracy = [0.5, 0.9, 0.7];
  const known = { directions, origin, meanNorms: norms, heldOutAccuracy };
  await saveDirections(join(cwd, 'known.safetensors'), known);
  await saveDirections(join(cwd, 'bare.safetensors'), { directions, origin });
});
afterAll(async () => {
  await model.close();
  folder.remove();
});

interface Result {
  layers?: number[];
  unitValue?: number[];
  outputs: { coefficient?: number; text: string; finish: string }[];
}

async function generate(...argv: string[]): Promise<Result> {
  const { code, stdout, stderr } = await call(['generate', ...argv, ...small, '--json'], { cwd });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Result;
}

describe('generate', () => {
  it('answers a prompt, or goes on with a text from standard input', async () => {
    const answer = await generate('Hello');
    const expected = await model.generate('Hello', { maxNewTokens: 6 });
    expect(answer.outputs).toEqual([{ text: expected.text, finish: expected.finish }]);
    const piped = await call(['generate', '--raw', ...small], { cwd, stdin: 'Hello\n' });
    const gone = await model.generate('Hello', { maxNewTokens: 6, chat: false });
    expect(piped.stdout).toBe(`${gone.text}\n`);
  });

  it('writes a text for each coefficient, in mean norms of the file, at its best layer', async () => {
    const pushed = ['--direction', 'known.safetensors', '--coefficient', '-40,0,40'];
    const { layers, unitValue, outputs } = await generate('Hello', ...pushed, '--scale', '0.5');
    expect(layers).toEqual([1]);
    expect(unitValue).toEqual([2]);
    expect(outputs.map(({ coefficient }) => coefficient)).toEqual([-40, 0, 40]);
    const steer = { direction: vectors, layers: [1], coefficient: 80 };
    const by = await model.generate('Hello', { maxNewTokens: 6, steer });
    expect(outputs[2]?.text).toBe(by.text);
    expect(outputs[1]?.text).toBe((await model.generate('Hello', { maxNewTokens: 6 })).text);
    expect(outputs[0]?.text).not.toBe(outputs[1]?.text);
  });

  it('takes the norms at the prompt where the file has none, and layers that are named', async () => {
    const pushed = ['--direction', 'bare.safetensors', '--coefficient', '1'];
    const { layers, unitValue } = await generate('Hello', ...pushed, '--layers', '0,2');
    expect(layers).toEqual([0, 2]);
    const states = await model.read('Hello', { positions: [-1], layers: [0, 2] });
    const expected = [0, 2].map((layer) => Math.hypot(...states.at(layer, -1)) / 2);
    unitValue?.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 4));
    const unnamed = await call(['generate', 'Hello', ...pushed, ...small], { cwd });
    expect(unnamed.stderr).toMatch(/steering: how well .* give --layers/);
  });

  it('samples by the seed', async () => {
    const drawn = (seed: string) => generate('Hello', '--temperature', '2', '--seed', seed);
    expect(await drawn('1')).toEqual(await drawn('1'));
    expect(await drawn('1')).not.toEqual(await drawn('2'));
  });

  it('is called with a prompt, and steered with a direction', async () => {
    const { code, stderr } = await call(['generate', ...small], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/generate: no prompt/);
    const useless = [
      ...[
        ['--coefficient', '1'],
        ['--layers', '1'],
        ['--scale', '1'],
        ['--positions', 'prompt'],
      ],
    ];
    for (const [flag = '', value = ''] of useless) {
      const bare = await call(['generate', 'Hello', flag, value, ...small], { cwd });
      expect(bare.code, flag).toBe(2);
      expect(bare.stderr).toContain(`generate ${flag}: nothing to steer along; give --direction`);
    }
  });
});
