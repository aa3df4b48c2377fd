import { describe, expect, it } from 'vitest';
import { plainLoop } from '../../bench/gpu/plainLoop.js';
import { loopFeeds, stepByStep } from '../../bench/gpu/plainRuns.js';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { loopOutputs } from '../../src/onnx/names.js';
import { Engine } from '../../src/runtime/engine/engine.js';
import { openSession } from '../../src/runtime/session.js';
import type { Session } from '../../src/runtime/session.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';

describe.each(['unfused', 'fused'] as const)('runs without instrumentation of %s', (style) => {
  it('write what the lab writes', async () => {
    const file = tinyDecoder({ style });
    const layout = inspectDecoder(file);
    const session = (model: Uint8Array): Promise<Session> =>
      openSession(model, { device: 'cpu', threads: 1 });
    const rows = [
      [3, 1, 4, 1],
      [5, 9, 2, 6],
    ];
    const open = (): Promise<Session> => session(instrumentLoop(file, { patch: false }).model);
    const engine = new Engine({ layout, open, now: () => 0 });
    const request = { prompts: rows, maxNewTokens: 5, stop: [] };
    const ours = await engine.generate(request, () => Promise.resolve());
    const expected = ours.rows.map(({ tokens }) => tokens);
    const loop = await session(plainLoop(file));
    const results = await loop.run(loopFeeds(layout, rows, 5), [loopOutputs.tokens]);
    const drawn = Array.from(results[loopOutputs.tokens]?.data ?? [], Number);
    const columns = rows.map((_, b) => drawn.filter((__, i) => i % rows.length === b));
    expect(columns).toEqual(expected);
    expect(await stepByStep(await session(file), layout, rows, 5)).toEqual(expected);
  });
});
