import { beforeAll, describe, expect, it } from 'vitest';
import type { InferenceSession } from 'onnxruntime-node';
import { instrument } from '../../src/onnx/instrument.js';
import type { DecoderLayout } from '../../src/onnx/layout.js';
import { outputs } from '../../src/onnx/names.js';
import { data, decoderFeeds, open, steerFeeds } from './session.js';
import type { Fetches, SteerFeeds } from './session.js';
import { tinyDecoder } from './tinyDecoder.js';

const [L, D, B, S] = [3, 32, 2, 5];
const rows = [
  [3, 1, 4, 1, 5],
  [9, 2, 6, 5, 3],
];
const everywhere = rows.map((row) => row.map((_, i) => i));
const ones = (n: number): number[] => Array<number>(n).fill(1);

/** Unit vectors, one per layer, that differ from layer to layer. */
const direction = Array.from({ length: L }, (_, l) => {
  const raw = Array.from({ length: D }, (_, i) => Math.sin(1 + l * D + i * i));
  const norm = Math.hypot(...raw);
  return raw.map((x) => x / norm);
});

/** `[B, L]` with one value at one layer. */
const atLayer = (layer: number, value: number): number[] =>
  Array.from({ length: B * L }, (_, i) => (i % L === layer ? value : 0));

function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((max, x, i) => Math.max(max, Math.abs(x - (b[i] ?? NaN))), 0);
}

describe.each(['unfused', 'fused', 'parallel', 'post-norm', 'sandwich'] as const)('%s', (style) => {
  const file = tinyDecoder({ style, layers: L, width: D });
  const { model, layout } = instrument(file);
  let session: InferenceSession;
  let off: Fetches;
  beforeAll(async () => {
    session = await open(model);
    off = await run({});
  });

  const run = (steer: SteerFeeds, tokens = rows): Promise<Fetches> => {
    const asked = { logits: everywhere, states: everywhere, ...steer };
    const feeds = steerFeeds(layout, [tokens.length, S], asked);
    return session.run({ ...decoderFeeds(layout, tokens), ...feeds });
  };
  /** `[D]` at a layer, row and position that was asked for. */
  const state = (fetches: Fetches, layer: number, row: number, position: number): Float32Array => {
    const start = ((layer * B + row) * S + position) * D;
    return data(fetches, outputs.states).subarray(start, start + D);
  };

  it('gives the untouched logits while everything is off', async () => {
    const plain = await (await open(file)).run(decoderFeeds(layout, rows));
    const tolerance = layout.blocks.some(({ fused }) => fused) ? 1e-5 : 0;
    const a = data(plain, 'logits');
    expect(maxDifference(a, data(off, 'logits'))).toBeLessThanOrEqual(tolerance);
    for (const { present } of layout.cache) {
      expect(maxDifference(data(plain, present), data(off, present))).toBeLessThanOrEqual(1e-5);
    }
  });

  it('gives the same bits for coefficient 0 and mask 0', async () => {
    const steer = {
      direction: direction.flat(),
      directions: { values: direction.flat(), count: 1 },
    };
    const zero = await run({ ...steer, mask: ones(B * S) });
    const coefficient = ones(B * L).map(() => -7);
    const masked = await run({ ...steer, coefficient, ablation: ones(B * L) });
    for (const name of [outputs.logits, outputs.states, outputs.projections]) {
      expect(new Uint32Array(data(zero, name).buffer)).toEqual(
        new Uint32Array(data(masked, name).buffer),
      );
    }
  });

  it('adds exactly c·d at its layer and leaves earlier layers and other positions alone', async () => {
    const mask = rows.flatMap(() => [0, 0, 1, 1, 1]);
    const coefficient = atLayer(1, 2.5);
    const steered = await run({ direction: direction.flat(), coefficient, mask });
    for (let row = 0; row < B; row++) {
      for (let p = 0; p < S; p++) {
        expect(state(steered, 0, row, p)).toEqual(state(off, 0, row, p));
        const expected = Array.from(state(off, 1, row, p), (h, i) => {
          const c = p < 2 ? 0 : 2.5;
          return Math.fround(h + Math.fround(c * Math.fround(direction[1]?.[i] ?? 0)));
        });
        expect(maxDifference(state(steered, 1, row, p), expected)).toBeLessThanOrEqual(1e-6);
      }
      expect(maxDifference(state(steered, 2, row, 1), state(off, 2, row, 1))).toBe(0);
      expect(maxDifference(state(steered, 2, row, 4), state(off, 2, row, 4))).toBeGreaterThan(0.01);
    }
  });

  it('steers each row by its own coefficient', async () => {
    const coefficient = [3, 0, 0, 0, 0, 0];
    const steered = await run({ direction: direction.flat(), coefficient, mask: ones(B * S) });
    expect(maxDifference(state(steered, 2, 0, 4), state(off, 2, 0, 4))).toBeGreaterThan(0.01);
    expect(state(steered, 2, 1, 4)).toEqual(state(off, 2, 1, 4));
  });

  it('leaves no projection after full ablation, and half after half', async () => {
    const values = direction.flat();
    const steer = { direction: values, directions: { values, count: 1 }, mask: ones(B * S) };
    const before = data(await run(steer), outputs.projections).slice(0, B * S);
    const none = await run({ ...steer, ablation: ones(B * L) });
    expect(Math.max(...data(none, outputs.projections).map(Math.abs))).toBeLessThan(2e-6);
    const half = data(await run({ ...steer, ablation: atLayer(0, 0.5) }), outputs.projections);
    const expected = before.map((x) => x / 2);
    expect(maxDifference(half.slice(0, B * S), expected)).toBeLessThan(2e-6);
  });

  it('replaces patched states, before it ablates and adds', async () => {
    const vector = Array.from({ length: D }, (_, i) => Math.cos(i));
    const patches = [
      { at: [2, 1, 3], vector },
      { at: [0, 0, 4], vector: vector.map((x) => -x) },
      { at: [0, 1, 0], vector },
    ];
    const patched = await run({ patches });
    expect(Array.from(state(patched, 2, 1, 3))).toEqual(Array.from(Float32Array.from(vector)));
    expect(Array.from(state(patched, 0, 0, 4))).toEqual(
      Array.from(Float32Array.from(vector, (x) => -x)),
    );
    expect(Array.from(state(patched, 0, 1, 0))).toEqual(Array.from(Float32Array.from(vector)));
    expect(state(patched, 0, 0, 3)).toEqual(state(off, 0, 0, 3));
    expect(state(patched, 2, 0, 3)).toEqual(state(off, 2, 0, 3));
    const ablated = await run({
      patches,
      direction: direction.flat(),
      ablation: atLayer(2, 1),
      mask: ones(B * S),
      directions: { values: direction.flat(), count: 1 },
    });
    const projection = data(ablated, outputs.projections)[(2 * B + 1) * S + 3];
    expect(Math.abs(projection ?? NaN)).toBeLessThan(1e-6);
  });

  it('refuses a patch of a layer that does not exist', async () => {
    const patches = [{ at: [L, 0, 0], vector: ones(D) }];
    await expect(run({ patches })).rejects.toThrow(/Split/);
  });

  it('projects what it reads', async () => {
    const K = 2;
    const values = Array.from({ length: L * K * D }, (_, i) => Math.sin(i));
    const read = await run({ directions: { values, count: K } });
    expect(read[outputs.projections]?.dims).toEqual([L, B, S, K]);
    const projections = data(read, outputs.projections);
    const expected = Array.from(projections, (_, i) => {
      const [k, p] = [i % K, Math.floor(i / K) % S];
      const [row, l] = [Math.floor(i / K / S) % B, Math.floor(i / K / S / B)];
      const d = values.slice((l * K + k) * D, (l * K + k + 1) * D);
      return state(read, l, row, p).reduce((sum, h, j) => sum + h * (d[j] ?? 0), 0);
    });
    expect(maxDifference(projections, expected)).toBeLessThan(2e-5);
  });

  it('reads states and logits at the positions asked for, per row', async () => {
    const asked = [
      [4, 0],
      [2, 2],
    ];
    const some = await run({ states: asked, logits: asked });
    const [states, logits] = [data(some, outputs.states), data(some, outputs.logits)];
    const V = layout.vocabulary;
    asked.forEach((positions, row) => {
      positions.forEach((position, i) => {
        const at = row * 2 + i;
        const whole = data(off, outputs.logits).subarray((row * S + position) * V);
        expect(
          maxDifference(logits.subarray(at * V, (at + 1) * V), whole.subarray(0, V)),
        ).toBeLessThan(1e-5);
        for (let l = 0; l < L; l++) {
          const start = (l * B * 2 + at) * D;
          expect(states.subarray(start, start + D)).toEqual(state(off, l, row, position));
        }
      });
    });
  });

  it('runs with nothing asked for', async () => {
    const nothing = await run({ states: [], logits: [] });
    expect(nothing[outputs.states]?.dims).toEqual([L, B, 0, D]);
    expect(nothing[outputs.projections]?.dims).toEqual([L, B, S, 0]);
    expect(nothing[outputs.logits]?.dims).toEqual([B, 0, layout.vocabulary]);
    const { present } = layout.cache[0] ?? { present: '' };
    expect(data(nothing, present)).toEqual(data(off, present));
  });

  it('continues from its cache as if it had seen all tokens at once', async () => {
    const row = rows[0] ?? [];
    const whole = await run({ logits: [[4]], states: [] }, [row]);
    const first = await session.run({
      ...decoderFeeds(layout, [row.slice(0, 3)]),
      ...steerFeeds(layout, [1, 3]),
    });
    const rest = await session.run({
      ...decoderFeeds(layout, [row.slice(3)], { fetches: first, lengths: [3], width: 3 }),
      ...steerFeeds(layout, [1, 2], { logits: [[1]] }),
    });
    expect(maxDifference(data(whole, 'logits'), data(rest, 'logits'))).toBeLessThan(2e-5);
  });
});

describe('options and shapes', () => {
  it('leaves patching out where it is not wanted', async () => {
    const file = tinyDecoder({ layers: 1 });
    const { model, layout } = instrument(file, { patch: false });
    const session = await open(model);
    expect(session.inputNames.filter((name) => name.startsWith('patch'))).toEqual([]);
    const feeds = {
      ...decoderFeeds(layout, rows),
      ...steerFeeds(layout, [B, S], { logits: everywhere }),
    };
    const own = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
    const plain = await (await open(file)).run(decoderFeeds(layout, rows));
    const edited = await session.run(Object.fromEntries(own));
    expect(data(edited, 'logits')).toEqual(data(plain, 'logits'));
  });

  it.each([
    { opset: 18, style: 'unfused' },
    { opset: 21, style: 'unfused' },
    { opset: 14, style: 'unfused' },
    { opset: 17, style: 'unfused', head: 'gemm' },
    { opset: 17, style: 'unfused', head: 'last-slice' },
    { opset: 17, style: 'unfused', head: 'capped' },
    { opset: 17, style: 'parallel', half: true },
    { opset: 17, style: 'unfused', halfStream: true },
    { opset: 18, style: 'sandwich', half: true, halfStream: true },
  ] as const)('gives the untouched logits for %o', async (options) => {
    const file = tinyDecoder({ layers: 2, ...options });
    const { model, layout } = instrument(file);
    expect(layout.layers).toBe(2);
    await expectSameLogits(file, model, layout);
  });
});

async function expectSameLogits(
  file: Uint8Array,
  model: Uint8Array,
  layout: DecoderLayout,
): Promise<void> {
  const plain = await (await open(file)).run(decoderFeeds(layout, rows));
  const last = rows.map(() => [S - 1]);
  const logits = plain.logits?.dims[1] === S ? everywhere : last;
  const session = await open(model);
  const run = (asked: readonly number[][]): Promise<Fetches> =>
    session.run({
      ...decoderFeeds(layout, rows),
      ...steerFeeds(layout, [B, S], { logits: asked }),
    });
  expect((await run(everywhere)).logits?.dims).toEqual([B, S, layout.vocabulary]);
  const difference = maxDifference(data(await run(logits), 'logits'), data(plain, 'logits'));
  // On the CPU the runtime leaves out casts to float16 and back, so the untouched stream is finer.
  expect(difference).toBeLessThanOrEqual(layout.type === 'float16' ? 0.02 : 0);
}
