import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuredLimit } from '../../src/runtime/contextLimit.js';
import type { Decoder, GenerateRequest, PrefixCache } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { tinyDecoder, type TinyStyle } from '../onnx/tinyDecoder.js';
import { temporaryFolder, tokenRow, writeModel } from './models.js';

const { path: folder, remove } = temporaryFolder();
afterAll(remove);

const [positions, vocabulary] = [24, 50];
const long = tokenRow(20, vocabulary);
const short = tokenRow(4, vocabulary, 2);

// Learned positions and fused attention stop ONNX Runtime at the limit; rotary positions do not, and
// their limit is the configuration's.
describe.each(['fused', 'parallel', 'unfused'] as TinyStyle[])('%s', (style) => {
  let decoder: Decoder;
  beforeAll(async () => {
    const bytes = tinyDecoder({ style, layers: 2, vocabulary, maxLength: positions });
    const model = writeModel(folder, style, bytes);
    writeFileSync(join(model, 'config.json'), JSON.stringify({ max_position_embeddings: positions })); // prettier-ignore
    decoder = await loadDecoder({ model, threads: 1 });
  });
  afterAll(async () => {
    await decoder[Symbol.asyncDispose]();
  });

  const generate = async (prompts: number[][], more: Partial<GenerateRequest> = {}) =>
    (await decoder.generate({ prompts, maxNewTokens: 16, stop: [], ...more })).rows;
  const alone = async (prompt: number[], more: Partial<GenerateRequest> = {}) =>
    (await generate([prompt], more))[0];

  it('knows them', () => {
    expect(decoder.info.context?.positions).toBe(positions);
  });

  it('ends a row at the limit, alone and in company, and lets the others go on', async () => {
    const rows = await generate([long, short]);
    expect(rows.map(({ tokens, finish }) => [tokens.length, finish])).toEqual([
      [4, 'context'],
      [16, 'length'],
    ]);
    expect(rows[0]?.tokens).toEqual((await alone(long))?.tokens);
    expect(rows[1]?.tokens).toEqual((await alone(short))?.tokens);
  });

  it('calls it the length where that is reached together with the limit', async () => {
    expect((await alone(long, { maxNewTokens: 4 }))?.finish).toBe('length');
  });

  it('keeps an ended row where it is, while another passes what the two have', async () => {
    const first = (await alone(long))?.tokens[0] ?? 0;
    const stop = [first];
    const rows = await generate([long, short, tokenRow(19, vocabulary, 5)], { stop });
    expect(rows[0]).toMatchObject({ tokens: [first], finish: 'stop' });
    expect(rows[1]?.tokens).toEqual((await alone(short, { stop }))?.tokens);
  });

  it('leaves an ended row its cache, to be gone on with', async () => {
    const stop = [(await alone(long))?.tokens[1] ?? 0];
    const caches = [decoder.openCache(), decoder.openCache()];
    const rows = await generate([long, short], { stop, caches });
    const next = [long, short].map((prompt, i) => [...prompt, ...(rows[i]?.tokens ?? [])]);
    const cache = (i: number): { caches: PrefixCache[] } => ({ caches: caches.slice(i, i + 1) });
    for (const [i, prompt] of next.entries()) {
      const kept = await alone(prompt, { maxNewTokens: 2, ...cache(i) });
      expect(kept?.tokens).toEqual((await alone(prompt, { maxNewTokens: 2 }))?.tokens);
    }
  });

  it('refuses a prompt that leaves no room, and no other', async () => {
    const tooLong = tokenRow(100_000, vocabulary);
    const full = tokenRow(positions, vocabulary);
    const rows = await generate([tooLong, short, full], { project: undefined });
    expect(rows[0]).toMatchObject({ tokens: [], finish: 'context' });
    expect(rows[1]?.tokens).toEqual((await alone(short))?.tokens);
    expect(rows[2]).toMatchObject({ tokens: [], finish: 'context' });
  });

  it('refuses a row that is too long by name, before it runs', async () => {
    const tokens = [short, tokenRow(2011, vocabulary)];
    await expect(decoder.forward({ tokens })).rejects.toThrow(
      /^forward: row 1: 2,011 tokens, the model has 24 positions \(.*\); shorten it/,
    );
    await expect(decoder.forward({ tokens: [tokenRow(positions, vocabulary)] })).resolves.toHaveLength(1); // prettier-ignore
  });
});

describe('what a configuration says of the length', () => {
  let count = 0;
  const limitOf = (config: unknown, file = 'config.json'): number | undefined => {
    const own = join(folder, `config-${++count}`);
    mkdirSync(own);
    writeFileSync(join(own, file), JSON.stringify(config));
    return configuredLimit(own)?.positions;
  };

  // By vLLM 0.11's `_get_and_verify_max_len`.
  it.each([
    [{ max_position_embeddings: 768 }, 768],
    [{ n_positions: 1024, n_ctx: 1024 }, 1024],
    [{ max_seq_len: 2048 }, 2048],
    [{ seq_length: 2048 }, 2048],
    [{ max_position_embeddings: 4096, sliding_window: 1024 }, 4096],
    [{ max_position_embeddings: 2048, rope_scaling: { type: 'linear', factor: 4 } }, 8192],
    [{ max_position_embeddings: 2048, rope_scaling: { type: 'dynamic', factor: 2 } }, 4096],
    [
      {
        max_position_embeddings: 32768,
        rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32768 },
      },
      131072,
    ],
    [
      {
        max_position_embeddings: 163840,
        rope_scaling: { type: 'yarn', factor: 40, original_max_position_embeddings: 4096 },
      },
      163840,
    ],
    [
      {
        max_position_embeddings: 131072,
        rope_scaling: { rope_type: 'llama3', factor: 8, original_max_position_embeddings: 8192 },
      },
      131072,
    ],
    [{ max_position_embeddings: 131072, rope_scaling: { type: 'longrope' } }, 131072],
    [{ max_position_embeddings: 768, rope_parameters: { rope_type: 'default', rope_theta: 1e4 } }, 768], // prettier-ignore
    [
      {
        model_type: 'gemma3',
        text_config: {
          model_type: 'gemma3_text',
          max_position_embeddings: 131072,
          rope_scaling: { rope_type: 'linear', factor: 8 },
        },
      },
      131072,
    ],
    [{ max_position_embeddings: -1 }, undefined],
    [{ max_position_embeddings: '768' }, undefined],
    [{}, undefined],
  ])('%j', (config, expected) => {
    expect(limitOf(config)).toBe(expected);
  });

  it('is read from genai_config.json too', () => {
    expect(limitOf({ model: { context_length: 512 } }, 'genai_config.json')).toBe(512);
  });

  it('names a damaged file', () => {
    const own = join(folder, 'damaged');
    mkdirSync(own);
    writeFileSync(join(own, 'config.json'), '{"max_position_embeddings": ');
    expect(() => configuredLimit(own)).toThrow(
      /config\.json is no JSON \(.*\); download it again$/,
    );
  });
});
