import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decoder, ForwardRequest } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import type { Steering } from '../../src/runtime/steering.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import type { TinyStyle } from '../onnx/tinyDecoder.js';
import { relativeError, temporaryFolder, tokenRow, writeModel } from './models.js';

const layers = 3;
const width = 32;
const vocabulary = 50;
const tolerance = 1e-5;
const { path: folder, remove } = temporaryFolder();
afterAll(remove);

/** A unit direction per layer, dense and different. */
const direction = Float32Array.from({ length: layers * width }, (_, i) => {
  const sign = (i * 2654435761) % 7 < 3 ? 1 : -1;
  return sign / Math.sqrt(width);
});
const rows = [tokenRow(7, vocabulary), tokenRow(3, vocabulary, 2), tokenRow(5, vocabulary, 3)];

function steer(coefficient: number[], more: Partial<Steering> = {}): Steering {
  return { direction, coefficient: Float32Array.from(coefficient), ...more };
}

/** Everything a forward can give. */
function askAll(tokens: number[][], more: Partial<ForwardRequest> = {}): ForwardRequest {
  return {
    tokens,
    project: { directions: direction, count: 1 },
    states: tokens.map((row) => row.map((_, position) => position)),
    logits: tokens.map((row) => [row.length - 1, 0]),
    ...more,
  };
}

describe.each(['unfused', 'fused', 'parallel', 'post-norm'] as TinyStyle[])('%s', (style) => {
  let decoder: Decoder;
  beforeAll(async () => {
    const model = writeModel(folder, style, tinyDecoder({ style, layers, width, vocabulary }));
    decoder = await loadDecoder({ model, threads: 1 });
  });
  afterAll(async () => {
    await decoder[Symbol.asyncDispose]();
  });

  it('knows its model', () => {
    expect(decoder.info).toMatchObject({ layers, width, vocabulary, device: 'cpu' });
    expect(decoder.info.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives a batch of unequal lengths what single rows give', async () => {
    const coefficient = [0.5, 0, 2, 0, -1, 0, 0, 0, 0];
    const batch = await decoder.forward(askAll(rows, { steering: steer(coefficient) }));
    for (const [row, tokens] of rows.entries()) {
      const own = coefficient.slice(row * layers, (row + 1) * layers);
      const [single] = await decoder.forward(askAll([tokens], { steering: steer(own) }));
      const both = batch[row];
      if (!single || !both) throw new Error('a row is missing');
      expect(both.projections.length).toBe(layers * tokens.length);
      expect(both.logits.length).toBe(2 * vocabulary);
      expect(relativeError(both.projections, single.projections)).toBeLessThan(tolerance);
      expect(relativeError(both.states, single.states)).toBeLessThan(tolerance);
      expect(relativeError(both.logits, single.logits)).toBeLessThan(tolerance);
    }
  });

  it('is bit-identical at coefficient 0 and without steering', async () => {
    const plain = await decoder.forward(askAll(rows));
    const zero = await decoder.forward(askAll(rows, { steering: steer([0, 0, 0]) }));
    expect(zero).toEqual(plain);
  });

  it('adds the direction at its layer, and only where the rule says', async () => {
    const [tokens] = rows;
    if (!tokens) throw new Error('no rows');
    const promptLengths = [4];
    const [plain] = await decoder.forward(askAll([tokens], { promptLengths }));
    const steering = steer([0, 1.5, 0], { positions: 'generated' });
    const [pushed] = await decoder.forward(askAll([tokens], { promptLengths, steering }));
    if (!plain || !pushed) throw new Error('a row is missing');
    const expected = plain.states.slice(tokens.length * width, 2 * tokens.length * width);
    for (let i = 4 * width; i < expected.length; i++) {
      expected[i] = (expected[i] ?? 0) + 1.5 * (direction[width + (i % width)] ?? 0);
    }
    const got = pushed.states.slice(tokens.length * width, 2 * tokens.length * width);
    expect(relativeError(got, expected)).toBeLessThan(tolerance);
    // Before the steered layer nothing moves.
    const below = tokens.length * width;
    expect(pushed.states.slice(0, below)).toEqual(plain.states.slice(0, below));
  });

  it('refuses a coefficient without a direction', async () => {
    const steering = { coefficient: new Float32Array(layers) };
    await expect(decoder.forward(askAll(rows, { steering }))).rejects.toThrow(
      'steer: coefficient without a direction',
    );
  });

  it('leaves no projection where it ablates', async () => {
    const steering = steer([0, 0, 0], { ablation: Float32Array.of(0, 1, 1) });
    const forwards = await decoder.forward(askAll(rows, { steering }));
    for (const [row, { projections }] of forwards.entries()) {
      const length = rows[row]?.length ?? 0;
      expect(Math.max(...projections.slice(length).map(Math.abs))).toBeLessThan(1e-5);
      expect(Math.max(...projections.slice(0, length).map(Math.abs))).toBeGreaterThan(1e-3);
    }
  });

  it('patches one hidden state of one row', async () => {
    const vector = Float32Array.from({ length: width }, (_, i) => Math.sin(i));
    const patches = [{ row: 1, layer: 1, position: 2, vector }];
    const plain = await decoder.forward(askAll(rows));
    const patched = await decoder.forward(askAll(rows, { steering: { patches } }));
    // Patches alone need no direction.
    const steering = steer([0, 0, 0], { patches });
    expect(await decoder.forward(askAll(rows, { steering }))).toEqual(patched);
    expect(patched[0]).toEqual(plain[0]);
    const from = ((rows[1]?.length ?? 0) + 2) * width;
    expect(patched[1]?.states.slice(from, from + width)).toEqual(vector);
    expect(patched[1]?.logits).not.toEqual(plain[1]?.logits);
  });
});

describe('limits', () => {
  it('splits large batches without changing what comes back', async () => {
    const model = writeModel(folder, 'split', tinyDecoder({ layers, width, vocabulary }));
    await using whole = await loadDecoder({ model, threads: 1 });
    await using split = await loadDecoder({ model, threads: 1, limits: { rows: 2, slots: 12 } });
    const expected = await whole.forward(askAll(rows));
    const got = await split.forward(askAll(rows));
    for (const [row, { states }] of got.entries()) {
      expect(relativeError(states, expected[row]?.states ?? new Float32Array())).toBeLessThan(1e-5);
    }
  });
});

describe('bad requests', () => {
  let decoder: Decoder;
  beforeAll(async () => {
    const model = writeModel(folder, 'strict', tinyDecoder({ layers, width, vocabulary }));
    decoder = await loadDecoder({ model, threads: 1 });
  });
  afterAll(async () => {
    await decoder[Symbol.asyncDispose]();
  });

  it.each<[string, ForwardRequest, RegExp]>([
    ['no rows', { tokens: [] }, /no rows/],
    ['an empty row', { tokens: [[1], []] }, /row 1 has no tokens/],
    [
      'an unknown token',
      { tokens: [[50]] },
      /token 50 is not in the vocabulary \(expected 0 … 49\)/,
    ],
    [
      'a direction of another width',
      {
        tokens: [[1]],
        steering: { direction: new Float32Array(48), coefficient: new Float32Array(3) },
      },
      /steer: direction has width 16, model has 32/,
    ],
    [
      'a coefficient for other layers',
      { tokens: [[1]], steering: { direction, coefficient: new Float32Array(4) } },
      /coefficient has 4 numbers \(expected 3/,
    ],
    [
      'an unknown layer',
      {
        tokens: [[1]],
        steering: steer([0, 0, 0], {
          patches: [{ row: 0, layer: 3, position: 0, vector: new Float32Array(width) }],
        }),
      },
      /patch layer is 3 \(expected 0 … 2/,
    ],
    [
      'two patches in one place',
      {
        tokens: [[1], [2]],
        steering: {
          patches: [
            { row: 1, layer: 2, position: 0, vector: new Float32Array(width) },
            { row: 1, layer: 1, position: 0, vector: new Float32Array(width) },
            { row: 1, layer: 2, position: 0, vector: new Float32Array(width) },
          ],
        },
      },
      /two patches at row 1, layer 2, position 0/,
    ],
    [
      'a position beyond the row',
      { tokens: [[1]], states: [[1]] },
      /states position in row 0 is 1/,
    ],
    ['numbers that are not finite', { tokens: [[1]], steering: steer([NaN, 0, 0]) }, /not finite/],
  ])('refuses %s', async (_, request, message) => {
    await expect(decoder.forward(request)).rejects.toThrow(message);
  });

  it('names row and layer where a hidden state overflows', async () => {
    const coefficient = [0, 0, 0, 0, 3.4e38, 0];
    const huge = Float32Array.from(direction, (x) => x * 1e3);
    const request = {
      tokens: [
        [1, 2],
        [3, 4],
      ],
      steering: { direction: huge, coefficient: Float32Array.from(coefficient) },
    };
    await expect(decoder.forward(request)).rejects.toThrow(
      /not finite \(row 1, layer 1, position 0\)/,
    );
    // The worker goes on.
    await expect(decoder.forward({ tokens: [[1]] })).resolves.toHaveLength(1);
  });
});
