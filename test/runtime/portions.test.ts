/** The law of portions: the same tokens, readings and states whenever rows that have ended leave. */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Decoder, GenerateRequest, GenerateResult } from '../../src/runtime/decoder.js';
import { isPortioned } from '../../src/runtime/engine/portions.js';
import type { GenerateOptions } from '../../src/runtime/engine/generate.js';
import { loadDecoder } from '../../src/runtime/load.js';
import type { PositionRule } from '../../src/runtime/steering.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import type { TinyStyle } from '../onnx/tinyDecoder.js';
import { temporaryFolder, tokenRow, writeModel } from './models.js';
import { expectSame as expectSameRows, signDirections } from './sameResults.js';

const layers = 3;
const width = 32;
const vocabulary = 50;
const { path: folder, remove } = temporaryFolder();
afterAll(remove);

const direction = signDirections(layers, width);
const project = { directions: Float32Array.of(...direction, ...direction), count: 2 };
const prompts = [7, 3, 5, 6, 1].map((length, row) => tokenRow(length, vocabulary, row + 1));
const coefficient = Float32Array.from({ length: prompts.length * layers }, (_, i) => (i % 4) - 1);

function request(more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { prompts, maxNewTokens: 10, stop: [], project, states: true, ...more };
}

function expectSame(got: GenerateResult, wanted: GenerateResult): void {
  expect(got.computedTokens).toBe(wanted.computedTokens);
  expectSameRows(got, wanted);
}

const opened: Decoder[] = [];
afterEach(async () => {
  for (const decoder of opened.splice(0)) await decoder[Symbol.asyncDispose]();
});

async function open(style: TinyStyle, portion?: number): Promise<Decoder> {
  const model = writeModel(folder, style, tinyDecoder({ style, layers, width, vocabulary }));
  const decoder = await loadDecoder({ model, threads: 1, ...(portion && { portion }) });
  opened.push(decoder);
  return decoder;
}

describe.each(['unfused', 'fused', 'parallel', 'post-norm'] as TinyStyle[])('%s', (style) => {
  it.each(['all', 'prompt', 'generated'] as PositionRule[])(
    'changes nothing, steered under rule %s',
    async (positions) => {
      const [portioned, whole] = [await open(style, 3), await open(style)];
      const steering = { direction, coefficient, positions };
      const free = await whole.generate(request({ steering }));
      expectSame(await portioned.generate(request({ steering })), free);
      // Rows end in the first portion, at its end, and later; some not at all.
      for (const at of [0, 2, 3, 5]) {
        const stop = free.rows.slice(0, 3).map(({ tokens }, row) => tokens[at + row] ?? 0);
        const asked = request({ steering, stop });
        expectSame(await portioned.generate(asked), await whole.generate(asked));
      }
    },
  );

  it('changes nothing over rounds with caches', async () => {
    const rounds = async (decoder: Decoder): Promise<GenerateResult[]> => {
      const caches = prompts.map(() => decoder.openCache());
      const results: GenerateResult[] = [];
      let own = prompts;
      for (let round = 0; round < 3; round++) {
        const steering = { direction, coefficient };
        const result = await decoder.generate(request({ prompts: own, caches, steering }));
        results.push(result);
        own = own.map((prompt, row) => [
          ...prompt,
          ...(result.rows[row]?.tokens ?? []).slice(0, 4 + row),
          ...tokenRow(2 + row, vocabulary, round + 5),
        ]);
      }
      return results;
    };
    const [some, all] = [await rounds(await open(style, 4)), await rounds(await open(style))];
    all.forEach((result, round) => {
      expectSame(some[round] ?? result, result);
    });
  });

  it('draws the same tokens, which come from one run', async () => {
    const sampling = { temperature: 1, seed: 3 };
    const [portioned, whole] = [await open(style, 3), await open(style)];
    expectSame(
      await portioned.generate(request({ sampling })),
      await whole.generate(request({ sampling })),
    );
  });
});

it('refuses a portion of nothing, which would never end', async () => {
  await expect(open('unfused', -1)).rejects.toThrow('portion must be a whole number of at least 1');
  await expect(open('unfused', 0.5)).rejects.toThrow('got 0.5');
});

it('is for batches with room for more, whose keys and values are light', () => {
  const room = { tokens: 10, end: 'length' } as const;
  const options = {
    request: request(),
    batch: { rows: [0, 1], past: 0, fed: 7, padding: 'left' },
    rooms: [room, room],
  } as unknown as GenerateOptions;
  const portions = { tokens: 4, longest: 11 };
  expect(isPortioned(options, portions)).toBe(true);
  expect(isPortioned(options, { ...portions, longest: 10 })).toBe(false);
  expect(isPortioned(options, { ...portions, tokens: 10 })).toBe(false);
  const alone = { ...options, batch: { ...options.batch, rows: [0] } };
  expect(isPortioned(alone, portions)).toBe(false);
});
