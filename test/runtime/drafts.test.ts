/** The law of drafts: with any draft or with none, the same tokens, readings and states. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Decoder,
  GenerateRequest,
  GenerateResult,
  GenerateRow,
} from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import type { PositionRule } from '../../src/runtime/steering.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import type { TinyStyle } from '../onnx/tinyDecoder.js';
import { temporaryFolder, tokenRow, writeModel } from './models.js';
import { expectSame, signDirections } from './sameResults.js';

const layers = 3;
const width = 32;
const vocabulary = 50;
const { path: folder, remove } = temporaryFolder();
afterAll(remove);

const direction = signDirections(layers, width);
const project = { directions: Float32Array.of(...direction, ...direction), count: 2 };
const prompts = [
  tokenRow(7, vocabulary),
  tokenRow(3, vocabulary, 2),
  tokenRow(5, vocabulary, 3),
  tokenRow(6, vocabulary, 4),
];
const coefficient = Float32Array.of(0, 1, 0, 0, 0, 0, 0, -2, 0, 1, 1, 1);

function request(more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { prompts, maxNewTokens: 8, stop: [], project, states: true, ...more };
}

/** Drafts of what was written: whole, longer, wrong from its third token on, wrong at once. */
function draftsOf(rows: readonly GenerateRow[]): number[][] {
  return rows.map(({ tokens }, row) => {
    const other = (id: number): number => (id + 1) % vocabulary;
    if (row === 0) return tokens;
    if (row === 1) return [...tokens, ...tokens];
    if (row === 2) return tokens.map((id, t) => (t === 2 ? other(id) : id));
    return tokens.map(other);
  });
}

describe.each(['unfused', 'fused', 'parallel', 'post-norm'] as TinyStyle[])('%s', (style) => {
  let decoder: Decoder;
  beforeAll(async () => {
    const model = writeModel(folder, style, tinyDecoder({ style, layers, width, vocabulary }));
    decoder = await loadDecoder({ model, threads: 1, drafts: true });
  });
  afterAll(async () => {
    await decoder[Symbol.asyncDispose]();
  });

  it.each(['all', 'prompt', 'generated'] as PositionRule[])(
    'changes nothing, steered under rule %s',
    async (positions) => {
      const steering = { direction, coefficient, positions };
      const plain = await decoder.generate(request({ steering }));
      const drafts = draftsOf(plain.rows);
      const drafted = await decoder.generate(request({ steering, drafts }));
      expectSame(drafted, plain);
      expect(drafted.computedTokens).toBe(plain.computedTokens);
      // The last token of eight is the model's own; nothing of the last draft is taken.
      expect(drafted.draftedTokens).toBe(7 + 7 + 2);
    },
  );

  it('ends a row at its stop token, in a draft, behind it and after it', async () => {
    const free = await decoder.generate(request());
    for (const at of [0, 3, 6]) {
      const stop = free.rows.map(({ tokens }) => tokens[at] ?? 0);
      const plain = await decoder.generate(request({ stop }));
      expectSame(await decoder.generate(request({ stop, drafts: draftsOf(free.rows) })), plain);
      expectSame(await decoder.generate(request({ stop, drafts: draftsOf(plain.rows) })), plain);
    }
  });

  it('changes nothing over rounds with caches, rows with and without drafts together', async () => {
    const rounds = async (drafting: boolean): Promise<GenerateResult[]> => {
      const caches = prompts.map(() => decoder.openCache());
      const results: GenerateResult[] = [];
      let own = prompts;
      for (let round = 0; round < 3; round++) {
        const asked = request({ prompts: own, caches, steering: { direction, coefficient } });
        const { rows } = await decoder.generate(request({ ...asked, caches: undefined }));
        const drafts = draftsOf(rows).map((draft, row) => (row === round ? [] : draft));
        const result = await decoder.generate(drafting ? { ...asked, drafts } : asked);
        results.push(result);
        own = own.map((prompt, row) => [
          ...prompt,
          ...(result.rows[row]?.tokens ?? []).slice(0, 4 + (row % 2) * 2),
          ...tokenRow(2 + row, vocabulary, round + 5),
        ]);
      }
      for (const cache of caches) await decoder.closeCache(cache);
      return results;
    };
    const [drafted, plain] = [await rounds(true), await rounds(false)];
    plain.forEach((result, round) => {
      expectSame(drafted[round] ?? result, result);
    });
    expect(drafted.some(({ draftedTokens }) => draftedTokens > 0)).toBe(true);
  });

  it('is exact for one token and for drafts of one token', async () => {
    for (const maxNewTokens of [1, 2]) {
      const plain = await decoder.generate(request({ maxNewTokens }));
      const drafts = draftsOf(plain.rows).map((draft) => draft.slice(0, 1));
      expectSame(await decoder.generate(request({ maxNewTokens, drafts })), plain);
    }
  });
});

it('refuses drafts where tokens are drawn, for other rows, and of unknown tokens', async () => {
  const model = writeModel(folder, 'refused', tinyDecoder({ layers, width, vocabulary }));
  await using decoder = await loadDecoder({ model, threads: 1 });
  const drafts = prompts.map(() => [1]);
  const sampling = { temperature: 1, seed: 1 };
  await expect(decoder.generate(request({ drafts, sampling }))).rejects.toThrow(
    /drafts are verified against greedy choices/,
  );
  await expect(decoder.generate(request({ drafts: [[1]] }))).rejects.toThrow(
    'drafts has 1 entries (expected 4, one per row)',
  );
  const unknown = prompts.map(() => [vocabulary]);
  await expect(decoder.generate(request({ drafts: unknown }))).rejects.toThrow(
    'draft of row 0: token 50 is not in the vocabulary',
  );
});

it('leaves drafts alone where keys and values weigh much beside the weights', async () => {
  const model = writeModel(folder, 'small', tinyDecoder({ layers, width, vocabulary }));
  await using decoder = await loadDecoder({ model, threads: 1 });
  const long = { prompts: [tokenRow(400, vocabulary)] };
  const plain = await decoder.generate(request(long));
  const drafts = draftsOf(plain.rows);
  const drafted = await decoder.generate(request({ ...long, drafts }));
  expect(drafted.draftedTokens).toBe(0);
  expect(drafted.rows).toEqual(plain.rows);
});
