/** A proxy-tuned decoder through the worker: its tokens are the best of the summed logits. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Decoder } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { temporaryFolder, tokenRow, writeModel } from './models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

const base = writeModel(folder.path, 'base', tinyDecoder({ seed: 1 }));
const expert = writeModel(folder.path, 'expert', tinyDecoder({ layers: 2, width: 16, seed: 2 }));
const antiExpert = writeModel(folder.path, 'anti', tinyDecoder({ layers: 2, width: 16, seed: 3 }));
const prompts = [tokenRow(7, 50), tokenRow(4, 50, 5)];
const alpha = 0.8;

async function lastLogits(decoder: Decoder, tokens: readonly number[]): Promise<Float32Array> {
  const [row] = await decoder.forward({ tokens: [tokens], logits: [[tokens.length - 1]] });
  return row?.logits ?? new Float32Array(0);
}

describe('loadDecoder with a proxy', () => {
  it('generates what the three say together', async () => {
    await using tuned = await loadDecoder({ model: base, proxy: { expert, antiExpert, alpha } });
    await using a = await loadDecoder({ model: base });
    await using b = await loadDecoder({ model: expert });
    await using c = await loadDecoder({ model: antiExpert });
    const { rows } = await tuned.generate({ prompts, maxNewTokens: 8, stop: [] });
    for (const [i, prompt] of prompts.entries()) {
      const tokens = [...prompt];
      for (let step = 0; step < 8; step++) {
        const [x, y, z] = [await lastLogits(a, tokens), await lastLogits(b, tokens), await lastLogits(c, tokens)]; // prettier-ignore
        const sums = x.map((logit, v) => logit + alpha * ((y[v] ?? 0) - (z[v] ?? 0)));
        tokens.push(sums.indexOf(Math.max(...sums)));
      }
      expect(rows[i]?.tokens).toEqual(tokens.slice(prompt.length));
    }
    const plain = await a.generate({ prompts, maxNewTokens: 8, stop: [] });
    expect(rows.map(({ tokens }) => tokens)).not.toEqual(plain.rows.map(({ tokens }) => tokens));
    expect(tuned.info.sha256).not.toBe(a.info.sha256);
  });

  it('shares prefills, the experts among what steering leaves alone', async () => {
    const proxy = { expert, antiExpert, alpha };
    await using shared = await loadDecoder({ model: base, proxy, sharing: true });
    await using alone = await loadDecoder({ model: base, proxy, sharing: false });
    const { layers, width } = shared.info;
    const direction = Float32Array.from({ length: layers * width }, (_, i) => Math.sin(i));
    const rows = prompts.flatMap((prompt) => [prompt, prompt, prompt]);
    const coefficient = Float32Array.from({ length: rows.length * layers }, (_, i) =>
      i % layers === layers - 2 ? (Math.floor(i / layers) % 3) - 1 : 0,
    );
    const request = {
      prompts: rows,
      maxNewTokens: 8,
      stop: [],
      steering: { direction, coefficient },
    };
    const [one, other] = [await shared.generate(request), await alone.generate(request)];
    expect(one.rows.map(({ tokens }) => tokens)).toEqual(other.rows.map(({ tokens }) => tokens));
    expect(one.computedTokens).toBeLessThan(other.computedTokens);
  });

  it('keeps all three caches between calls', async () => {
    await using tuned = await loadDecoder({ model: base, proxy: { expert, antiExpert, alpha } });
    const [prompt = []] = prompts;
    const cache = tuned.openCache();
    const of = { maxNewTokens: 5, stop: [], caches: [cache] };
    const first = await tuned.generate({ prompts: [prompt], ...of });
    const longer = [...prompt, ...(first.rows[0]?.tokens ?? []), 9, 4];
    const cached = await tuned.generate({ prompts: [longer], ...of });
    const fresh = await tuned.generate({ prompts: [longer], maxNewTokens: 5, stop: [] });
    expect(cached.computedTokens).toBeLessThan(longer.length);
    expect(cached.rows[0]?.tokens).toEqual(fresh.rows[0]?.tokens);
  });
});
