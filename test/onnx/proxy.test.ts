import { describe, expect, it } from 'vitest';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { proxyTuned } from '../../src/onnx/proxy.js';
import { relativeError } from '../runtime/models.js';
import { data, decoderFeeds, open } from './session.js';
import { tinyDecoder } from './tinyDecoder.js';
import type { TinyOptions } from './tinyDecoder.js';

const base: TinyOptions = { layers: 3, width: 32, seed: 1 };
const expert: TinyOptions = { layers: 2, width: 16, heads: 1, seed: 2 };
const antiExpert: TinyOptions = { layers: 2, width: 16, heads: 1, seed: 3 };
const rows = [
  [3, 14, 15, 9, 26],
  [5, 35, 8],
];

async function logitsOf(model: Uint8Array): Promise<Float32Array> {
  const session = await open(model);
  return data(await session.run(decoderFeeds(inspectDecoder(model), rows), ['logits']), 'logits');
}

describe('proxyTuned', () => {
  it.each(['unfused', 'fused'] as const)('adds what the expert says beyond: %s', async (style) => {
    const [a, b, c] = [base, expert, antiExpert].map((of) => tinyDecoder({ ...of, style })) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const [whole, small, raw] = [await logitsOf(a), await logitsOf(b), await logitsOf(c)];
    for (const alpha of [0, 0.7, -2]) {
      const mixed = await logitsOf(proxyTuned({ base: a, expert: b, antiExpert: c, alpha }));
      const wanted = whole.map((x, i) => x + alpha * ((small[i] ?? 0) - (raw[i] ?? 0)));
      expect(relativeError(mixed, wanted)).toBeLessThan(1e-6);
    }
  });

  it('is the base where the expert is its own anti-expert', async () => {
    const [whole, small] = [tinyDecoder(base), tinyDecoder(expert)];
    const mixed = proxyTuned({ base: whole, expert: small, antiExpert: small, alpha: 3 });
    expect(await logitsOf(mixed)).toEqual(await logitsOf(whole));
  });

  it('has the base’s residual stream and every cache', () => {
    const layout = inspectDecoder(
      proxyTuned({
        base: tinyDecoder(base),
        expert: tinyDecoder(expert),
        antiExpert: tinyDecoder(antiExpert),
        alpha: 1,
      }),
    );
    expect(layout).toMatchObject({ layers: 3, width: 32, vocabulary: 50 });
    expect(layout.cache).toHaveLength(2 * (3 + 2 + 2));
    expect(layout.logits.gatheredBeforeHead).toBe(false);
    expect(instrumentLoop(proxyTuned({ base: tinyDecoder(base), expert: tinyDecoder(expert), antiExpert: tinyDecoder(antiExpert), alpha: 1 })).layout.layers).toBe(3); // prettier-ignore
  });

  it.each([
    ['vocabulary', { ...expert, vocabulary: 60 }, /the expert has another vocabulary than the base \(expected 50, got 60\)/],
    ['operator set', { ...expert, opset: 18 }, /another operator set .*expected 17, got 18/],
    ['cache', { ...expert, style: 'fused' }, /another cache than the base/],
  ] as [string, TinyOptions, RegExp][])('refuses an expert of another %s', (_, other, message) => {
    const models = { base: tinyDecoder(base), antiExpert: tinyDecoder(antiExpert), alpha: 1 };
    expect(() => proxyTuned({ ...models, expert: tinyDecoder(other) })).toThrow(message);
  }); // prettier-ignore

  it('refuses an alpha that is no number', () => {
    const one = tinyDecoder(base);
    expect(() => proxyTuned({ base: one, expert: one, antiExpert: one, alpha: NaN })).toThrow(
      /alpha must be a number/,
    );
  });
});
