/** The law of shared prefills: the same tokens, readings and states as each row by itself. */
import { afterAll, describe, expect, it } from 'vitest';
import type { GenerateRequest } from '../../src/runtime/decoder.js';
import { sharedLayer } from '../../src/runtime/engine/sharing.js';
import type { PositionRule } from '../../src/runtime/steering.js';
import type { TinyStyle } from '../onnx/tinyDecoder.js';
import { temporaryFolder, tokenRow } from './models.js';
import { expectSame, sharingDecoders, signDirections } from './sameResults.js';

const layers = 3;
const width = 32;
const vocabulary = 50;
const { path: folder, remove } = temporaryFolder();
afterAll(remove);

const direction = signDirections(layers, width);
const project = { directions: Float32Array.of(...direction, ...direction), count: 2 };
const long = tokenRow(9, vocabulary);
const short = tokenRow(4, vocabulary, 2);
const prompts = [long, long, short, long, short, [7, 1], [7, 1], tokenRow(6, vocabulary, 3)];

/** `[B, L]`, another strength in each row, at one layer and above it. */
function strengthsFrom(layer: number): Float32Array {
  return Float32Array.from({ length: prompts.length * layers }, (_, i) => {
    const [row, at] = [Math.floor(i / layers), i % layers];
    return at < layer ? 0 : (row - 3) / (2 + at - layer);
  });
}

function request(more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { prompts, maxNewTokens: 6, stop: [], project, states: true, ...more };
}

const { open } = sharingDecoders(folder, { layers, width, vocabulary });

/** Tokens of prompts that are computed once, and one more of each row. */
const once = 8 + 3 + 1 + 5 + prompts.length;

describe.each(['unfused', 'fused', 'parallel', 'post-norm', 'sandwich'] as TinyStyle[])(
  '%s',
  (style) => {
    it.each(['all', 'prompt', 'generated'] as PositionRule[])(
      'changes nothing, steered under rule %s from any layer on',
      async (positions) => {
        const [shared, plain] = [await open(style, true), await open(style, false)];
        for (const layer of [2, 0, 1, 1]) {
          const coefficient = strengthsFrom(layer);
          const asked = request({ steering: { direction, coefficient, positions } });
          expectSame(await shared.generate(asked), await plain.generate(asked));
        }
      },
    );

    it('changes nothing where rows are ablated, or not steered at all', async () => {
      const [shared, plain] = [await open(style, true), await open(style, false)];
      const ablation = strengthsFrom(1).map((strength) => Math.abs(strength) / 4);
      const steered = request({ steering: { direction, ablation } });
      expectSame(await shared.generate(steered), await plain.generate(steered));
      const sampling = { temperature: 1, seed: 4 };
      const drawn = request({ sampling, maxNewTokens: 9 });
      expectSame(await shared.generate(drawn), await plain.generate(drawn));
    });

    it('begins rows with caches together, and each goes on from its own or a neighbour’s', async () => {
      const [shared, plain] = [await open(style, true), await open(style, false)];
      const steering = { direction, coefficient: strengthsFrom(1) };
      const caches = prompts.map(() => shared.openCache());
      const first = await shared.generate(request({ steering, caches }));
      const wanted = await plain.generate(request({ steering }));
      expectSame(first, wanted);
      expect(first.computedTokens).toBe(once);
      // The first two rows change places: each finds what the other has, but it was steered otherwise.
      const written = wanted.rows.map(({ tokens }, row) => [...(prompts[row] ?? []), ...tokens, 3]);
      const next = written.map((ids, row) => written[[1, 0][row] ?? row] ?? ids);
      const second = await shared.generate(request({ prompts: next, steering, caches }));
      expectSame(second, await plain.generate(request({ prompts: next, steering })));
      const unsteered = prompts.map(() => shared.openCache());
      const alike = [long, short, long, long];
      await shared.generate(request({ prompts: alike, caches: unsteered.slice(0, 4) }));
      const longer = [short, long, long, short].map((ids, row) => [...ids, 5 + row]);
      const borrowed = request({ prompts: longer, caches: unsteered.slice(0, 4) });
      const third = await shared.generate(borrowed);
      expectSame(third, await plain.generate(request({ prompts: longer })));
      expect(third.computedTokens).toBe(longer.length);
    });

    it('computes a prompt once, and not again for the next direction', async () => {
      const shared = await open(style, true);
      const steering = { direction, coefficient: strengthsFrom(1) };
      const first = await shared.generate(request({ steering }));
      expect(first.computedTokens).toBe(once);
      const turned = { ...steering, direction: direction.map((x) => -x) };
      const second = await shared.generate(request({ steering: turned }));
      expect(second.computedTokens).toBe(prompts.length);
    });
  },
);

it('leaves rows with caches, patches or nothing in common alone', () => {
  const asked = request({ steering: { direction, coefficient: strengthsFrom(1) } });
  const always = { always: true };
  expect(sharedLayer(asked, { layers }, always)).toBe(1);
  expect(sharedLayer(request(), { layers }, always)).toBe(2);
  const caches = prompts.map((_, id) => ({ id }));
  expect(sharedLayer({ ...asked, caches }, { layers }, always)).toBeNull();
  const patches = [{ row: 0, layer: 1, position: 0, vector: new Float32Array(width) }];
  expect(sharedLayer(request({ steering: { patches } }), { layers }, always)).toBeNull();
  const bare = request({ prompts: [...prompts, [7]] });
  expect(sharedLayer(bare, { layers }, always)).toBeNull();
  const distinct = prompts.map((_, row) => tokenRow(5, vocabulary, row + 1));
  expect(sharedLayer(request({ prompts: distinct }), { layers }, always)).toBeNull();
});

it('shares by itself where that saves a quarter of the prefill and a few thousand tokens', () => {
  const row = (length: number): number[] => tokenRow(length, vocabulary);
  const rows = (count: number, length: number): GenerateRequest =>
    request({ prompts: Array.from({ length: count }, () => row(length)) });
  expect(sharedLayer(rows(17, 20), { layers })).toBeNull();
  expect(sharedLayer(rows(17, 200), { layers })).toBe(2);
  const steered = (count: number, layer: number): GenerateRequest => {
    const coefficient = Float32Array.from({ length: layers }, (_, l) => (l === layer ? 1 : 0));
    return { ...rows(count, 4000), steering: { direction, coefficient } };
  };
  // Half of a third of the tokens.
  expect(sharedLayer(steered(2, 0), { layers })).toBeNull();
  expect(sharedLayer(steered(2, 1), { layers })).toBe(1);
});
