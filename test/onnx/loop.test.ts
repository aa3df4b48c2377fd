import { describe, expect, it } from 'vitest';
import { instrument } from '../../src/onnx/instrument.js';
import { instrumentLoop } from '../../src/onnx/loop.js';
import { loopOutputs } from '../../src/onnx/names.js';
import { data, decoderFeeds, loopFeeds, open, steerFeeds, tokenRows } from './session.js';
import { tinyDecoder } from './tinyDecoder.js';

const prompts = [
  [3, 1, 4, 1, 5],
  [9, 2],
  [6, 5, 3, 5, 8, 9, 7],
];

describe.each(['unfused', 'fused', 'parallel', 'post-norm'] as const)('%s', (style) => {
  const file = tinyDecoder({ style });
  it('loop', async () => {
    const forward = instrument(file);
    const { layout } = forward;
    const session = await open(forward.model);
    const expected = await Promise.all(
      prompts.map(async (prompt) => {
        const tokens = [...prompt];
        for (let t = 0; t < 12; t++) {
          const out = await session.run({
            ...decoderFeeds(layout, [tokens]),
            ...steerFeeds(layout, [1, tokens.length], { logits: [[tokens.length - 1]] }),
          });
          const l = data(out, 'logits');
          tokens.push(l.indexOf(Math.max(...l)));
        }
        return tokens.slice(prompt.length);
      }),
    );
    const loop = await open(instrumentLoop(file).model);
    const out = await loop.run(loopFeeds(layout, prompts, { maxNewTokens: 12, states: true }));
    const got = tokenRows(out, loopOutputs.tokens);
    expect(prompts.map((_, b) => got.map((r) => r[b]))).toEqual(expected);
  });
});
