import { beforeAll, describe, expect, it } from 'vitest';
import { TensorProto_DataType as DataType } from 'onnx-buf';
import { Tensor } from 'onnxruntime-node';
import type { InferenceSession } from 'onnxruntime-node';
import { valueInfo } from '../../src/onnx/build.js';
import { instrument } from '../../src/onnx/instrument.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { loopOutputs, outputs } from '../../src/onnx/names.js';
import { edited, rename } from './edits.js';
import { data, decoderFeeds, loopFeeds, open, steerFeeds, tokenRows } from './session.js';
import type { Fetches, LoopGraphOptions, SteerFeeds } from './session.js';
import { tinyDecoder } from './tinyDecoder.js';

const [L, D, T] = [3, 32, 10];
const prompts = [
  [3, 1, 4, 1, 5],
  [9, 2],
  [6, 5, 3, 5, 8, 9, 7],
];
const directions = Array.from({ length: L * D }, (_, i) => Math.sin(i) / 4);

function column(rows: readonly (readonly number[])[], b: number): number[] {
  return rows.map((row) => row[b] ?? NaN);
}

function expectClose(a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 3e-5): void {
  expect(a.length).toBe(b.length);
  const difference = Array.from(a, (x, i) => Math.abs(x - (b[i] ?? NaN)));
  expect(Math.max(...difference)).toBeLessThan(tolerance);
}

describe.each(['unfused', 'fused', 'parallel', 'post-norm'] as const)('%s', (style) => {
  const file = tinyDecoder({ style, layers: L, width: D });
  const { model, layout } = instrument(file);
  let forward: InferenceSession;
  let loop: InferenceSession;
  beforeAll(async () => {
    forward = await open(model);
    loop = await open(instrumentLoop(file).model);
  });

  const generate = (
    rows: readonly number[][],
    options: Partial<LoopGraphOptions> = {},
  ): Promise<Fetches> => loop.run(loopFeeds(layout, rows, { maxNewTokens: T, ...options }));

  /** Everything of one row's tokens, in one forward without a cache. */
  const read = (tokens: readonly number[], steer: SteerFeeds = {}): Promise<Fetches> => {
    const all = [tokens.map((_, i) => i)];
    const feeds = steerFeeds(layout, [1, tokens.length], { logits: all, states: all, ...steer });
    return forward.run({ ...decoderFeeds(layout, [tokens]), ...feeds });
  };

  /** Greedy, one forward over all tokens per step. */
  const stepByStep = async (
    prompt: readonly number[],
    steer: (length: number) => SteerFeeds = () => ({}),
  ): Promise<number[]> => {
    const tokens = [...prompt];
    for (let t = 0; t < T; t++) {
      const out = await read(tokens, { logits: [[tokens.length - 1]], ...steer(tokens.length) });
      const logits = data(out, outputs.logits);
      tokens.push(logits.indexOf(Math.max(...logits)));
    }
    return tokens.slice(prompt.length);
  };

  it('decodes as step by step, one row and rows of unequal lengths', async () => {
    const expected = [];
    for (const prompt of prompts) expected.push(await stepByStep(prompt));
    const batch = tokenRows(await generate(prompts), loopOutputs.tokens);
    expect(prompts.map((_, b) => column(batch, b))).toEqual(expected);
    const single = tokenRows(await generate([prompts[1] ?? []]), loopOutputs.tokens);
    expect(column(single, 0)).toEqual(expected[1]);
  });

  it('reads the last token of each iteration as a forward does', async () => {
    const read_ = { directions: { values: directions, count: 1 } };
    const out = await generate(prompts, { states: true, steer: read_ });
    expect(out[loopOutputs.projections]?.dims).toEqual([T, L, 3, 1]);
    expect(out[loopOutputs.states]?.dims).toEqual([T, L, 3, 1, D]);
    const tokens = tokenRows(out, loopOutputs.tokens);
    for (const [b, prompt] of prompts.entries()) {
      const whole = await read([...prompt, ...column(tokens, b)], read_);
      const S = prompt.length + T;
      for (let t = 0; t < T; t++) {
        for (let l = 0; l < L; l++) {
          const from = ((t * L + l) * 3 + b) * D;
          const at = (l * S + prompt.length - 1 + t) * D;
          const state = data(whole, outputs.states).subarray(at, at + D);
          expectClose(data(out, loopOutputs.states).subarray(from, from + D), state);
          const projection = data(whole, outputs.projections)[at / D] ?? NaN;
          expectClose([data(out, loopOutputs.projections)[from / D] ?? NaN], [projection]);
        }
      }
    }
  });

  it.each([
    { rule: 'all', prompt: 1, generated: 1 },
    { rule: 'prompt', prompt: 1, generated: 0 },
    { rule: 'generated', prompt: 0, generated: 1 },
  ])('steers $rule positions as a forward does', async ({ prompt: p, generated: g }) => {
    const coefficient = [0, 4, 0];
    const prompt = prompts[0] ?? [];
    const mask = (length: number): number[] =>
      Array.from({ length }, (_, i) => (i < prompt.length ? p : g));
    const steer = { direction: directions, coefficient };
    const expected = await stepByStep(prompt, (n) => ({ ...steer, mask: mask(n) }));
    const options = { steer: { ...steer, mask: mask(prompt.length) }, generatedMask: [g] };
    const out = await generate([prompt], options);
    expect(column(tokenRows(out, loopOutputs.tokens), 0)).toEqual(expected);
    const plain = tokenRows(await generate([prompt]), loopOutputs.tokens);
    expect(column(plain, 0)).not.toEqual(expected);
  });

  it('patches the prompt only', async () => {
    const prompt = prompts[0] ?? [];
    const vector = Array.from({ length: D }, (_, i) => 3 * Math.cos(i));
    const patches = [{ at: [1, 0, 3], vector }];
    const expected = await stepByStep(prompt, () => ({ patches }));
    const out = await generate([prompt], { steer: { patches } });
    expect(column(tokenRows(out, loopOutputs.tokens), 0)).toEqual(expected);
    const first = [{ at: [1, 0, 4], vector }];
    const read_ = await generate([prompt], { steer: { patches: first }, states: true });
    const states = data(read_, loopOutputs.states);
    expectClose(states.subarray(D, 2 * D), vector, 1e-6);
    expect(states.subarray((L + 1) * D, (L + 2) * D)).not.toEqual(states.subarray(D, 2 * D));
  });

  it('stops a row at its stop token, lets it idle, and ends when all have stopped', async () => {
    const free = tokenRows(await generate(prompts), loopOutputs.tokens);
    const stop = [free[2]?.[0] ?? 0, free[4]?.[1] ?? 0];
    const cut = tokenRows(await generate(prompts, { stop }), loopOutputs.tokens);
    const ends = prompts.map((_, b) => column(free, b).findIndex((id) => stop.includes(id)));
    prompts.forEach((_, b) => {
      const end = ends[b] ?? -1;
      const row = column(cut, b);
      const kept = end < 0 ? row.length : end + 1;
      expect(row.slice(0, kept)).toEqual(column(free, b).slice(0, kept));
      expect(new Set(row.slice(kept - 1)).size).toBe(1);
    });
    expect(cut.length).toBe(ends.includes(-1) ? T : Math.max(...ends) + 1);
    const one = tokenRows(await generate([prompts[0] ?? []], { stop }), loopOutputs.tokens);
    expect(one.length).toBe((ends[0] ?? T - 1) + 1);
  });

  it('goes on from a cache as from the whole prompt', async () => {
    const prompt = prompts[2] ?? [];
    const whole = await generate([prompt]);
    const start = { logits: [[0]] };
    const fetches = await forward.run({
      ...decoderFeeds(layout, [prompt.slice(0, 4)]),
      ...steerFeeds(layout, [1, 4], start),
    });
    const past = { fetches, lengths: [4], width: 4 };
    const rest = await generate([prompt.slice(4)], { past });
    expect(tokenRows(rest, loopOutputs.tokens)).toEqual(tokenRows(whole, loopOutputs.tokens));
    for (const { present } of layout.cache) {
      expect(rest[present]?.dims).toEqual(whole[present]?.dims);
      expectClose(data(rest, present), data(whole, present));
    }
  });
});

describe('lengths as inputs of the graph', () => {
  it('count up as the attention mask does', async () => {
    const options = { style: 'fused', layers: L, width: D } as const;
    const file = edited(options, (graph) => {
      const attention = graph.node.find(({ opType }) => opType === 'GroupQueryAttention');
      const [last = '', total = ''] = attention?.input.slice(5, 7) ?? [];
      graph.node = graph.node.filter(({ output }) => output[0] !== last && output[0] !== total);
      rename(graph, last, 'seqlens_k');
      rename(graph, total, 'total_sequence_length');
      graph.node = graph.node.filter(({ input }) => !input.includes('attention_mask'));
      const used = new Set(graph.node.flatMap(({ input }) => input));
      graph.node = graph.node.filter(
        ({ output }) => output.some((name) => used.has(name)) || output.includes('logits'),
      );
      graph.input = graph.input.filter(({ name }) => name !== 'attention_mask');
      graph.input.push(valueInfo('seqlens_k', DataType.INT32, [null]));
      graph.input.push(valueInfo('total_sequence_length', DataType.INT32, []));
    });
    const { model, layout } = instrumentLoop(file);
    expect(layout.inputs.attentionMask).toBeNull();
    const lengths = Int32Array.from(prompts, (prompt) => prompt.length - 1);
    const feeds = {
      ...loopFeeds(layout, prompts, { maxNewTokens: T }),
      seqlens_k: new Tensor('int32', lengths, [3]),
      total_sequence_length: new Tensor('int32', Int32Array.of(7), []),
    };
    const tokens = tokenRows(await (await open(model)).run(feeds), loopOutputs.tokens);
    const other = instrumentLoop(tinyDecoder(options));
    const plain = loopFeeds(other.layout, prompts, { maxNewTokens: T });
    const expected = await (await open(other.model)).run(plain);
    expect(tokens).toEqual(tokenRows(expected, loopOutputs.tokens));
  });
});
