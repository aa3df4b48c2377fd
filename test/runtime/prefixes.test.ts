/** The law of shared prefixes: the same states and logits as each row by itself. */
import { afterAll, describe, expect, it } from 'vitest';
import type { ForwardRequest } from '../../src/runtime/decoder.js';
import { planPrefixes, type Prefix } from '../../src/runtime/engine/prefixes.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import type { TinyStyle } from '../onnx/tinyDecoder.js';
import { relativeError, temporaryFolder, tokenRow, writeModel } from './models.js';
import { expectSame, sharingDecoders, signDirections } from './sameResults.js';

const layers = 3;
const width = 32;
const vocabulary = 50;
const { path: folder, remove } = temporaryFolder();
afterAll(remove);

/** An instruction, two questions of it, sentences of both, and strangers. */
const instruction = tokenRow(6, vocabulary);
const questions = [
  [...instruction, ...tokenRow(7, vocabulary, 2)],
  [...instruction, ...tokenRow(4, vocabulary, 3)],
];
const [first = [], second = []] = questions;
const tokens = [
  [...first, 1, 2, 3],
  tokenRow(3, vocabulary, 9),
  [...second, 5],
  [...first, 4, 2, 3, 9, 9],
  [...second, 5],
  [...second, 6, 6, 6, 6, 6, 6, 6, 6, 6],
  first,
  [...instruction, 40],
  [8],
];
const last = tokens.map(({ length }) => [length - 1]);

/** One row as it is, and patched at its last tokens and at its first ones. */
const patched = Array.from({ length: 6 }, () => first);
const patches = [12, 11, 0, 12, 5].map((position, i) => {
  const vector = signDirections(layers, width)
    .subarray(0, width)
    .map((x) => (i - 2.5) * x);
  return { row: i + 1, layer: i % layers, position, vector };
});

const { open, openFile } = sharingDecoders(folder, { layers, width, vocabulary });

describe.each(['unfused', 'fused', 'parallel', 'post-norm', 'sandwich'] as TinyStyle[])(
  '%s',
  (style) => {
    it('gives the states and logits that each row has by itself', async () => {
      const [shared, plain] = [await open(style, true), await open(style, false)];
      const requests: ForwardRequest[] = [
        { tokens, states: last, logits: last },
        { tokens, states: last },
        // Some ask for positions that others share, in any order.
        { tokens, states: tokens.map((ids, row) => (row % 2 ? [0] : [ids.length - 1, 0])) },
        { tokens: tokens.map(() => first), logits: tokens.map(() => [first.length - 1]) },
        { tokens: patched, logits: patched.map((ids) => [ids.length - 1]), steering: { patches } },
      ];
      for (const request of requests) {
        const [some, all] = [await shared.forward(request), await plain.forward(request)];
        for (const [row, { states, logits }] of all.entries()) {
          const own = some[row] ?? { states: new Float32Array(), logits: new Float32Array() };
          expect(relativeError(own.states, states)).toBeLessThan(1e-5);
          expect(relativeError(own.logits, logits)).toBeLessThan(1e-5);
        }
      }
    });
  },
);

describe.each(['unfused', 'post-norm', 'sandwich'] as TinyStyle[])('prompts of %s', (style) => {
  const prompts = tokens.filter((ids, row) => tokens.findIndex((one) => one.join() === ids.join()) === row); // prettier-ignore
  const directions = signDirections(layers, width);
  const asked = {
    prompts,
    maxNewTokens: 7,
    stop: [3],
    states: true,
    project: { directions, count: 1 },
  };

  it('are brought to their last token together, and written as each by itself', async () => {
    const [shared, plain] = [await open(style, true), await open(style, false)];
    const drafts = prompts.map((_, row) => (row % 2 ? [4, 5, 6] : []));
    const drawn = { sampling: { temperature: 1, seed: 4 } };
    const still = { steering: { direction: directions, coefficient: new Float32Array(layers) } };
    for (const more of [{}, { drafts }, drawn, still, { maxNewTokens: 1 }]) {
      const [got, wanted] = [
        { ...asked, ...more },
        { ...asked, ...more },
      ];
      expectSame(await shared.generate(got), await plain.generate(wanted));
    }
  });

  it('cost the tokens that they do not share', async () => {
    const { computedTokens } = await (await open(style, true)).generate(asked);
    const all = prompts.reduce((sum, { length }) => sum + length, 0);
    expect((await (await open(style, false)).generate(asked)).computedTokens).toBe(all);
    expect(computedTokens).toBeLessThan(all);
    const same = Array.from({ length: 4 }, (_, row) => [...tokenRow(20, vocabulary), row, 1]);
    const shared = await (await open(style, true)).generate({ ...asked, prompts: same });
    expect(shared.computedTokens).toBe(20 + 2 * 4);
  });
});

it('refuses a state that is not finite, where only others go on from it, too', async () => {
  const { model } = parseModel(tinyDecoder({ style: 'unfused', layers, width, vocabulary }));
  const looksUp = model.graph?.node.find(({ input }) => input[1] === 'input_ids');
  const table = model.graph?.initializer.find(({ name }) => name === looksUp?.input[0]);
  if (!table) throw new Error('no embeddings');
  const [bad, values] = [49, new Float32Array(table.rawData.slice().buffer)];
  values[bad * width] = Infinity;
  table.rawData = new Uint8Array(values.buffer);
  const path = writeModel(folder, 'overflowing', serializeModel(model));
  const rows = [
    [1, 2],
    [4, 5, bad, 6, 7, 1],
    [4, 5, bad, 6, 7, 2],
  ];
  const request = { tokens: rows, states: rows.map(({ length }) => [length - 1]) };
  for (const sharing of [true, false]) {
    const decoder = await openFile(path, sharing);
    await expect(decoder.forward(request)).rejects.toThrow(/not finite \(row 1, layer 0, /);
  }
});

/** Lengths of a row's prefix and of those that it goes on from. */
function chain(prefix: Prefix | null | undefined): number[] {
  return prefix ? [prefix.ids.length, ...chain(prefix.parent)] : [];
}

describe('planPrefixes', () => {
  it('shares the longest prefix of every row, step by step', () => {
    const found = planPrefixes({ tokens, states: last }, { always: true }) ?? [];
    // A row's last token is always computed, so that the question alone holds its own back by one.
    expect(found.map(chain)).toEqual([
      [13, 12, 6],
      [],
      [10, 6],
      [13, 12, 6],
      [10, 6],
      [10, 6],
      [12, 6],
      [6],
      [],
    ]);
    expect(found[0]).toBe(found[3]);
    found.forEach((prefix, row) => {
      expect(tokens[row]?.slice(0, prefix?.ids.length ?? 0)).toEqual(prefix?.ids ?? []);
    });
  });

  it('leaves positions that are asked for to each row, and what is steered or read everywhere alone', () => {
    const asked = { tokens, states: tokens.map(() => [4]) };
    const lengths = planPrefixes(asked, { always: true })?.map((prefix) => prefix?.ids.length ?? 0);
    expect(lengths).toEqual([4, 0, 4, 4, 4, 4, 4, 4, 0]);
    const project = { directions: signDirections(layers, width), count: 1 };
    expect(planPrefixes({ tokens, project }, { always: true })).toBeNull();
    const coefficient = Float32Array.of(0, 0, 1);
    const direction = signDirections(layers, width);
    expect(planPrefixes({ tokens, steering: { direction, coefficient } }, { always: true })).toBeNull(); // prettier-ignore
    const pushed = planPrefixes({ tokens: patched, steering: { patches } }, { always: true });
    expect(pushed?.map((prefix) => prefix?.ids.length ?? 0)).toEqual([12, 12, 11, 0, 12, 5]);
    expect(planPrefixes({ tokens: [[1], [2, 3]] }, { always: true })).toBeNull();
  });

  it('shares by itself where that saves a tenth', () => {
    const rows = (own: number): number[][] =>
      [1, 2, 3].map((seed) => [...tokenRow(20, vocabulary), ...tokenRow(own, vocabulary, seed)]);
    expect(planPrefixes({ tokens: rows(60) })?.map(chain)).toEqual([[20], [20], [20]]);
    expect(planPrefixes({ tokens: rows(130) })).toBeNull();
  });
});
