import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decoder, GenerateRequest, Sampling } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { defaultPositions } from '../../src/runtime/steering.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import type { TinyStyle } from '../onnx/tinyDecoder.js';
import { relativeError, temporaryFolder, tokenRow, writeModel } from './models.js';

const layers = 3;
const width = 32;
const vocabulary = 50;
const tolerance = 1e-5;
const { path: folder, remove } = temporaryFolder();
afterAll(remove);

const direction = Float32Array.from(
  { length: layers * width },
  (_, i) => ((i * 40503) % 11 < 5 ? 1 : -1) / Math.sqrt(width),
);
const project = { directions: direction, count: 1 };
const prompts = [tokenRow(7, vocabulary), tokenRow(3, vocabulary, 2), tokenRow(5, vocabulary, 3)];
const steering = { direction, coefficient: Float32Array.of(0, 1, 0, 0, 0, 0, 0, -2, 0) };

function request(more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { prompts, maxNewTokens: 8, stop: [], project, states: true, ...more };
}

/** The same by hand: one forward over everything for each token, and the largest logit. */
async function stepByStep(decoder: Decoder, row: number, count: number): Promise<number[]> {
  const prompt = prompts[row] ?? [];
  const own = steering.coefficient.slice(row * layers, (row + 1) * layers);
  const tokens: number[] = [];
  while (tokens.length < count) {
    const all = [...prompt, ...tokens];
    const [forward] = await decoder.forward({
      tokens: [all],
      promptLengths: [prompt.length],
      steering: { direction, coefficient: own, positions: 'generated' },
      logits: [[all.length - 1]],
    });
    const logits = forward?.logits ?? new Float32Array();
    tokens.push(logits.indexOf(Math.max(...logits)));
  }
  return tokens;
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

  it('steers the prompt where no positions are named', async () => {
    const prompt = { ...steering, positions: defaultPositions };
    const [named, unnamed] = [
      await decoder.generate(request({ steering: prompt })),
      await decoder.generate(request({ steering })),
    ];
    const all = await decoder.generate(request({ steering: { ...steering, positions: 'all' } }));
    expect(defaultPositions).toBe('prompt');
    expect(unnamed.rows).toEqual(named.rows);
    expect(unnamed.rows).not.toEqual(all.rows);
  });

  it('chooses what repeated forwards choose, with their readings', async () => {
    const { rows } = await decoder.generate(
      request({ steering: { ...steering, positions: 'generated' } }),
    );
    for (const [row, { tokens, finish, projections, states }] of rows.entries()) {
      expect(tokens).toEqual(await stepByStep(decoder, row, 8));
      expect(finish).toBe('length');
      const prompt = prompts[row] ?? [];
      const all = [...prompt, ...tokens.slice(0, -1)];
      const read = tokens.map((_, t) => prompt.length - 1 + t);
      const own = steering.coefficient.slice(row * layers, (row + 1) * layers);
      const [forward] = await decoder.forward({
        tokens: [all],
        promptLengths: [prompt.length],
        steering: { direction, coefficient: own, positions: 'generated' },
        states: [read],
      });
      // Forward's are [L, R, D], generation's [R, L, D].
      const expected = new Float32Array(states.length);
      for (let l = 0; l < layers; l++) {
        read.forEach((_, t) => {
          const from = (l * read.length + t) * width;
          const state = forward?.states.subarray(from, from + width) ?? [];
          expected.set(state, (t * layers + l) * width);
        });
      }
      expect(relativeError(states, expected)).toBeLessThan(tolerance);
      const readings = Float32Array.from({ length: tokens.length * layers }, (_, i) => {
        const d = direction.subarray((i % layers) * width, ((i % layers) + 1) * width);
        return d.reduce((sum, x, j) => sum + x * (expected[i * width + j] ?? 0), 0);
      });
      expect(relativeError(projections, readings)).toBeLessThan(tolerance);
    }
  });

  it('gives a batch what single rows give', async () => {
    const batch = await decoder.generate(request({ steering }));
    for (const [row, prompt] of prompts.entries()) {
      const coefficient = steering.coefficient.slice(row * layers, (row + 1) * layers);
      const own = { direction, coefficient };
      const single = await decoder.generate(request({ prompts: [prompt], steering: own }));
      expect(batch.rows[row]?.tokens).toEqual(single.rows[0]?.tokens);
      expect(
        relativeError(
          batch.rows[row]?.states ?? new Float32Array(),
          single.rows[0]?.states ?? new Float32Array(1),
        ),
      ).toBeLessThan(tolerance);
    }
  });

  it('ends a row at its stop token while the others go on', async () => {
    const { rows } = await decoder.generate(request());
    const stop = rows[0]?.tokens[3] ?? -1;
    const stopped = await decoder.generate(request({ stop: [stop] }));
    for (const [row, { tokens, finish, projections }] of stopped.rows.entries()) {
      const free = rows[row]?.tokens ?? [];
      const at = free.indexOf(stop);
      expect(tokens).toEqual(at < 0 ? free : free.slice(0, at + 1));
      expect(finish).toBe(at < 0 ? 'length' : 'stop');
      expect(projections.length).toBe(tokens.length * layers);
    }
  });

  it('is bit-identical at coefficient 0 and without steering', async () => {
    const plain = await decoder.generate(request());
    const coefficient = new Float32Array(layers);
    const zero = await decoder.generate(request({ steering: { direction, coefficient } }));
    expect(zero.rows).toEqual(plain.rows);
  });
});

describe('sampling', () => {
  let decoder: Decoder;
  beforeAll(async () => {
    const model = writeModel(folder, 'sampled', tinyDecoder({ layers, width, vocabulary }));
    decoder = await loadDecoder({ model, threads: 1 });
  });
  afterAll(async () => {
    await decoder[Symbol.asyncDispose]();
  });

  async function sample(sampling: Sampling, rows = prompts): Promise<number[][]> {
    const result = await decoder.generate({ prompts: rows, maxNewTokens: 12, stop: [], sampling });
    return result.rows.map(({ tokens }) => tokens);
  }

  it('follows its seed', async () => {
    const hot = { temperature: 2, seed: 1 };
    const first = await sample(hot);
    expect(await sample(hot)).toEqual(first);
    expect(await sample({ ...hot, seed: 2 })).not.toEqual(first);
    expect(await sample({ ...hot, temperature: 0 })).not.toEqual(first);
  });

  it('draws one stream per row, whoever shares the batch', async () => {
    const hot = { temperature: 2, seed: 1, rowSeeds: [10, 20, 30] };
    const [a, b, c] = await sample(hot);
    expect(await sample({ ...hot, rowSeeds: [30] }, prompts.slice(2))).toEqual([c]);
    expect(
      await sample({ ...hot, rowSeeds: [20, 10] }, [prompts[1] ?? [], prompts[0] ?? []]),
    ).toEqual([b, a]);
  });

  it('is greedy at topK 1 and at the smallest topP', async () => {
    const greedy = await sample({ temperature: 0, seed: 1 });
    expect(await sample({ temperature: 1, topK: 1, seed: 1 })).toEqual(greedy);
    expect(await sample({ temperature: 1, topP: 1e-6, seed: 1 })).toEqual(greedy);
  });
});

describe('life of a decoder', () => {
  const model = writeModel(folder, 'mortal', tinyDecoder({ layers, width, vocabulary }));

  it('gives up what waits when its signal is aborted, and goes on', async () => {
    await using decoder = await loadDecoder({ model, threads: 1 });
    const controller = new AbortController();
    const first = decoder.generate(request({ maxNewTokens: 50 }));
    const second = decoder.generate(request({ signal: controller.signal }));
    controller.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await expect(first).resolves.toMatchObject({ rows: { length: 3 } });
    await expect(decoder.generate(request({ signal: controller.signal }))).rejects.toThrow(
      'enough',
    );
    await expect(decoder.generate(request())).resolves.toMatchObject({ rows: { length: 3 } });
  });

  it('refuses everything once disposed', async () => {
    const decoder = await loadDecoder({ model, threads: 1 });
    // The first may be answered: a run in progress is waited for.
    const first = decoder.generate(request({ maxNewTokens: 50 })).catch(() => null);
    const waiting = decoder.generate(request({ maxNewTokens: 50 }));
    const outcome = expect(waiting).rejects.toThrow(/disposed/);
    await decoder[Symbol.asyncDispose]();
    await Promise.all([first, outcome]);
    await expect(decoder.generate(request())).rejects.toThrow(/disposed/);
    await decoder[Symbol.asyncDispose]();
    await expect(decoder.closeCache(decoder.openCache())).resolves.toBeUndefined();
  });

  it('ends when nobody waits for it, disposed or not', () => {
    const entry = new URL('../../dist/runtime/load.js', import.meta.url).href;
    const script = `
      const { loadDecoder } = await import(${JSON.stringify(entry)});
      const decoder = await loadDecoder({ model: ${JSON.stringify(model)}, threads: 1 });
      const { rows } = await decoder.generate({ prompts: [[1, 2]], maxNewTokens: 2, stop: [] });
      console.log(rows[0].tokens.length);`;
    const options = { encoding: 'utf8', timeout: 20_000 } as const;
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', script],
      options,
    );
    expect({ stdout, status }).toEqual({ stdout: '2\n', status: 0 });
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

  it.each<[string, Partial<GenerateRequest>, RegExp]>([
    ['no tokens wanted', { maxNewTokens: 0 }, /maxNewTokens/],
    ['a temperature below 0', { sampling: { temperature: -1, seed: 1 } }, /temperature/],
    ['a topP of 0', { sampling: { temperature: 1, topP: 0, seed: 1 } }, /topP/],
    ['too few seeds', { sampling: { temperature: 1, seed: 1, rowSeeds: [1] } }, /rowSeeds has 1/],
    ['too few caches', { caches: [{ id: 1 }] }, /one cache per row/],
    ['a shared cache', { caches: [{ id: 1 }, { id: 1 }, { id: 2 }] }, /share a cache/],
    ['a promptLength beyond the row', { promptLengths: [8, 1, 1] }, /promptLengths of row 0 is 8/],
  ])('refuses %s', async (_, more, message) => {
    await expect(decoder.generate(request(more))).rejects.toThrow(message);
  });
});
