import { describe, expect, it } from 'vitest';
import { instrument } from '../../src/onnx/instrument.js';
import { data, decoderFeeds, open, steerFeeds } from './session.js';
import { tinyDecoder } from './tinyDecoder.js';

describe.each(['unfused', 'fused', 'parallel', 'post-norm'] as const)('%s', (style) => {
  it('gives the untouched logits while everything is off', async () => {
    const file = tinyDecoder({ style });
    const { model, layout } = instrument(file);
    const rows = [
      [3, 1, 4, 1, 5],
      [9, 2, 6, 5, 3],
    ];
    const feeds = decoderFeeds(layout, rows);
    const plain = data(await (await open(file)).run(feeds), 'logits');
    const logits = rows.map(() => [0, 1, 2, 3, 4]);
    const session = await open(model);
    const edited = await session.run({ ...feeds, ...steerFeeds(layout, [2, 5], { logits }) });
    const tolerance = layout.blocks.some(({ fused }) => fused) ? 1e-5 : 0;
    const difference = data(edited, 'logits').map((x, i) => Math.abs(x - (plain[i] ?? NaN)));
    expect(Math.max(...difference)).toBeLessThanOrEqual(tolerance);
  });
});
