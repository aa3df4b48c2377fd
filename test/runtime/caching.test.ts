/** The law of the prefix cache: with it or without it, the same tokens and the same states. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decoder, GenerateRequest, GenerateResult } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import type { PositionRule, Steering } from '../../src/runtime/steering.js';
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
  (_, i) => ((i * 40503) % 13 < 6 ? 1 : -1) / Math.sqrt(width),
);
const starts = [tokenRow(9, vocabulary), tokenRow(4, vocabulary, 2), tokenRow(6, vocabulary, 3)];

interface Conversation {
  results: GenerateResult[];
}

/**
 * Three rounds of a stream: each appends what was generated and then two tokens from outside, which
 * count as generated; `coefficients` are each round's.
 */
async function converse(
  decoder: Decoder,
  options: { cached: boolean; rule: PositionRule; coefficients: number[]; stop?: number[] },
): Promise<Conversation> {
  const caches = starts.map(() => decoder.openCache());
  const promptLengths = starts.map((start) => start.length);
  let prompts = starts;
  const results: GenerateResult[] = [];
  for (const [round, coefficient] of options.coefficients.entries()) {
    const steering: Steering = {
      direction,
      coefficient: Float32Array.of(0, coefficient, coefficient / 2),
      positions: options.rule,
    };
    const request: GenerateRequest = {
      ...{ prompts, promptLengths, steering, states: true, maxNewTokens: 6 },
      stop: options.stop ?? [],
      ...(options.cached ? { caches } : {}),
    };
    const result = await decoder.generate(request);
    results.push(result);
    prompts = prompts.map((prompt, row) => [
      ...prompt,
      ...(result.rows[row]?.tokens ?? []).slice(0, 4 + (row % 2) * 2),
      ...tokenRow(2 + row, vocabulary, round + 5),
    ]);
  }
  for (const cache of caches) await decoder.closeCache(cache);
  return { results };
}

function expectSame(cached: Conversation, fresh: Conversation): void {
  for (const [round, { rows }] of fresh.results.entries()) {
    for (const [row, { tokens, states }] of rows.entries()) {
      const other = cached.results[round]?.rows[row];
      expect(other?.tokens).toEqual(tokens);
      expect(relativeError(other?.states ?? new Float32Array(), states)).toBeLessThan(tolerance);
    }
  }
}

function computed({ results }: Conversation): number {
  return results.reduce((sum, { computedTokens }) => sum + computedTokens, 0);
}

describe.each(['unfused', 'fused', 'post-norm'] as TinyStyle[])('%s', (style) => {
  let decoder: Decoder;
  beforeAll(async () => {
    const model = writeModel(folder, style, tinyDecoder({ style, layers, width, vocabulary }));
    decoder = await loadDecoder({ model, threads: 1 });
  });
  afterAll(async () => {
    await decoder[Symbol.asyncDispose]();
  });

  it.each(['all', 'prompt', 'generated'] as PositionRule[])(
    'gives the same over three rounds under rule %s, and computes less',
    async (rule) => {
      const options = { rule, coefficients: [1.5, 1.5, 1.5] };
      const fresh = await converse(decoder, { ...options, cached: false });
      const cached = await converse(decoder, { ...options, cached: true });
      expectSame(cached, fresh);
      expect(computed(cached)).toBeLessThan(0.7 * computed(fresh));
    },
  );

  it.each(['all', 'prompt', 'generated'] as PositionRule[])(
    'gives the same when the coefficient changes between rounds, under rule %s',
    async (rule) => {
      const options = { rule, coefficients: [1.5, -1, 0, 1.5] };
      const fresh = await converse(decoder, { ...options, cached: false });
      const cached = await converse(decoder, { ...options, cached: true });
      expectSame(cached, fresh);
    },
  );

  it('drops what idle rows wrote after their end', async () => {
    const free = await converse(decoder, { cached: false, rule: 'all', coefficients: [0] });
    const stop = free.results[0]?.rows.map(({ tokens }) => tokens[1] ?? 0) ?? [];
    const options = { rule: 'all' as const, coefficients: [0, 0, 0], stop: stop.slice(0, 1) };
    const fresh = await converse(decoder, { ...options, cached: false });
    const cached = await converse(decoder, { ...options, cached: true });
    expect(fresh.results[0]?.rows[0]?.finish).toBe('stop');
    expectSame(cached, fresh);
  });
});
