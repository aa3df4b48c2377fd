import { beforeAll, describe, expect, it } from 'vitest';
import type { InferenceSession } from 'onnxruntime-node';
import { instrument } from '../../src/onnx/instrument.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { loopOutputs } from '../../src/onnx/names.js';
import { data, decoderFeeds, loopFeeds, open, steerFeeds, tokenRows } from './session.js';
import { tinyDecoder } from './tinyDecoder.js';

const [B, T] = [4, 12];
const prompts = [[3, 1, 4], [1, 5, 9, 2, 6], [5], [3, 5, 8, 9]];
/** A Weyl sequence: evenly spread over [0, 1). */
const uniforms = Array.from({ length: T * B }, (_, i) => (0.37 + i * 0.6180339887) % 1);

interface Cuts {
  temperature: number;
  topP: number;
  topK: number;
}

/** Hugging Face's order: temperature, top-k, top-p, then inverse CDF over the sorted tokens. */
function reference(
  logits: ArrayLike<number>,
  { temperature, topP, topK }: Cuts,
  u: number,
): number {
  const all = Array.from(logits, (logit, id) => ({ id, x: logit / temperature }));
  all.sort((a, b) => b.x - a.x || a.id - b.id);
  const kept = topK > 0 ? all.slice(0, topK) : all;
  const weights = kept.map(({ x }) => Math.exp(x - (kept[0]?.x ?? 0)));
  const sum = weights.reduce((a, b) => a + b);
  let [mass, size] = [0, 0];
  while (size < kept.length && (topP >= 1 || mass / sum < topP)) mass += weights[size++] ?? 0;
  let passed = 0;
  for (let i = 0; i < size; i++) {
    passed += weights[i] ?? 0;
    if (passed > u * mass) return kept[i]?.id ?? -1;
  }
  return kept[size - 1]?.id ?? -1;
}

describe('sampling', () => {
  const file = tinyDecoder({ seed: 5, sharpness: 1 });
  const { model, layout } = instrument(file);
  let forward: InferenceSession;
  let loop: InferenceSession;
  beforeAll(async () => {
    forward = await open(model);
    loop = await open(instrumentLoop(file).model);
  });

  const draw = async (cuts: Cuts, numbers: readonly number[] = uniforms): Promise<number[][]> => {
    const sampling = { ...cuts, uniforms: numbers };
    const out = await loop.run(loopFeeds(layout, prompts, { maxNewTokens: T, sampling }));
    return tokenRows(out, loopOutputs.tokens);
  };

  const stepByStep = async (
    prompt: readonly number[],
    row: number,
    cuts: Cuts,
  ): Promise<number[]> => {
    const tokens = [...prompt];
    for (let t = 0; t < T; t++) {
      const asked = { logits: [[tokens.length - 1]] };
      const feeds = steerFeeds(layout, [1, tokens.length], asked);
      const out = await forward.run({ ...decoderFeeds(layout, [tokens]), ...feeds });
      tokens.push(reference(data(out, 'logits'), cuts, uniforms[t * B + row] ?? 0));
    }
    return tokens.slice(prompt.length);
  };

  it.each([
    { temperature: 1, topP: 1, topK: 0 },
    { temperature: 0.7, topP: 0.95, topK: 40 },
    { temperature: 1.5, topP: 0.6, topK: 0 },
    { temperature: 2, topP: 1, topK: 5 },
    { temperature: 1, topP: 1, topK: 1000 },
  ])('draws what the reference draws for %o', async (cuts) => {
    const drawn = await draw(cuts);
    for (const [b, prompt] of prompts.entries()) {
      expect(drawn.map((row) => row[b])).toEqual(await stepByStep(prompt, b, cuts));
    }
  });

  it('repeats itself with the same numbers and not with others', async () => {
    const cuts = { temperature: 1.3, topP: 1, topK: 0 };
    const first = await draw(cuts);
    expect(await draw(cuts)).toEqual(first);
    expect(
      await draw(
        cuts,
        uniforms.map((u) => 1 - u),
      ),
    ).not.toEqual(first);
  });

  it('is greedy where one token is kept, and at temperature 0', async () => {
    const greedy = await draw({ temperature: 0, topP: 1, topK: 0 });
    expect(await draw({ temperature: 1, topP: 1, topK: 1 })).toEqual(greedy);
    expect(await draw({ temperature: 1, topP: 1e-6, topK: 0 })).toEqual(greedy);
  });

  it('keeps to the tokens there are at the ends of [0, 1)', async () => {
    const last = Math.fround(1 - 2 ** -24);
    const numbers = uniforms.map((_, i) => (i % 2 === 0 ? 0 : last));
    const drawn = await draw({ temperature: 1, topP: 1, topK: 0 }, numbers);
    expect(drawn.flat().every((id) => id >= 0 && id < layout.vocabulary)).toBe(true);
    const greedy = await draw({ temperature: 0, topP: 1, topK: 0 });
    expect(drawn.map((row) => row[0])).toEqual(greedy.map((row) => row[0]));
  });
});
