/**
 * The embedded models against PyTorch: plain, steered, ablated and patched, alone and in a batch of
 * unequal lengths, with the cache and without. The goldens come from `training/goldens.py`, whose
 * head describes their format. Tolerance: max|Δ| ≤ 1e-4 · max(1, RMS of the reference).
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decoder } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { embeddedModels } from '../../src/runtime/modelFiles.js';
import type { Patch, PositionRule, Steering } from '../../src/runtime/steering.js';
import { relativeError } from './models.js';

const tolerance = 1e-4;
const folder = fileURLToPath(new URL('../goldens', import.meta.url));

interface GoldenRow {
  prompt: number[];
  generated: number[];
  patches: { layer: number; position: number; vector: string }[];
  at: number[];
  states: string;
  logits: string;
}

interface GoldenCase {
  name: string;
  positions: PositionRule;
  coefficient: number[];
  ablation: number[];
  rows: GoldenRow[];
}

interface Goldens {
  model: string;
  sha256: string;
  layers: number;
  width: number;
  vocabulary: number;
  direction: string;
  cases: GoldenCase[];
}

function floats(base64: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}

function steeringOf(goldens: Goldens, golden: GoldenCase, rows: GoldenRow[]): Steering {
  const patches = rows.flatMap((row, index) =>
    row.patches.map((patch): Patch => ({ ...patch, row: index, vector: floats(patch.vector) })),
  );
  return {
    direction: floats(goldens.direction),
    coefficient: Float32Array.from(golden.coefficient),
    ablation: Float32Array.from(golden.ablation),
    positions: golden.positions,
    patches,
  };
}

/** `[L, D]` of one of the `count` positions of `[L, count, D]`. */
function stateAt(states: Float32Array, goldens: Goldens, place: number, count: number) {
  const { layers, width } = goldens;
  const picked = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) {
    const start = (layer * count + place) * width;
    picked.set(states.subarray(start, start + width), layer * width);
  }
  return picked;
}

async function checkForward(
  decoder: Decoder,
  goldens: Goldens,
  golden: GoldenCase,
  rows: GoldenRow[],
): Promise<void> {
  const results = await decoder.forward({
    tokens: rows.map((row) => [...row.prompt, ...row.generated]),
    promptLengths: rows.map((row) => row.prompt.length),
    steering: steeringOf(goldens, golden, rows),
    states: rows.map((row) => row.at),
    logits: rows.map((row) => row.at),
  });
  expect(results).toHaveLength(rows.length);
  results.forEach((result, index) => {
    const row = rows[index];
    expect(relativeError(result.states, floats(row?.states ?? ''))).toBeLessThan(tolerance);
    expect(relativeError(result.logits, floats(row?.logits ?? ''))).toBeLessThan(tolerance);
  });
}

/** Greedy tokens, and the states at the boundary and at the second generated token. */
async function checkGenerate(
  decoder: Decoder,
  goldens: Goldens,
  golden: GoldenCase,
  rows: GoldenRow[],
  caches?: ReturnType<Decoder['openCache']>[],
): Promise<number> {
  const result = await decoder.generate({
    prompts: rows.map((row) => row.prompt),
    maxNewTokens: rows[0]?.generated.length ?? 0,
    stop: [],
    steering: steeringOf(goldens, golden, rows),
    states: true,
    ...(caches ? { caches } : {}),
  });
  const size = goldens.layers * goldens.width;
  result.rows.forEach((row, index) => {
    const want = rows[index];
    expect(row.tokens).toEqual(want?.generated);
    const states = floats(want?.states ?? '');
    [0, 2].forEach((token, place) => {
      const got = row.states.subarray(token * size, (token + 1) * size);
      expect(relativeError(got, stateAt(states, goldens, place, 2))).toBeLessThan(tolerance);
    });
  });
  return result.computedTokens;
}

// Named after their models; those of texts lie beside them.
const files = readdirSync(folder).filter((file) => file.startsWith('corrector-'));
const all = files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Goldens);

describe.each(all)('$model against PyTorch', (goldens) => {
  let decoder: Decoder;
  beforeAll(async () => {
    decoder = await loadDecoder({ model: join(embeddedModels, goldens.model), threads: 1 });
  });
  afterAll(async () => {
    await decoder[Symbol.asyncDispose]();
  });

  it('is the model the goldens were made from', () => {
    const { sha256, layers, width, vocabulary } = goldens;
    expect(decoder.info).toMatchObject({ sha256, layers, width, vocabulary });
  });

  describe.each(goldens.cases)('$name', (golden) => {
    it('forward, single rows', async () => {
      for (const row of golden.rows) await checkForward(decoder, goldens, golden, [row]);
    });

    it('forward, a batch of unequal lengths', async () => {
      expect(new Set(golden.rows.map((row) => row.prompt.length)).size).toBe(golden.rows.length);
      await checkForward(decoder, goldens, golden, golden.rows);
    });

    it('generation, alone and in a batch', async () => {
      for (const row of golden.rows) await checkGenerate(decoder, goldens, golden, [row]);
      await checkGenerate(decoder, goldens, golden, golden.rows);
    });

    it('generation from a kept cache', async () => {
      const row = golden.rows.slice(0, 1);
      const cache = decoder.openCache();
      const fresh = await checkGenerate(decoder, goldens, golden, row, [cache]);
      const kept = await checkGenerate(decoder, goldens, golden, row, [cache]);
      await decoder.closeCache(cache);
      expect(kept).toBeLessThan(fresh);
    });
  });
});
