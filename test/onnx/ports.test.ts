import { describe, expect, it } from 'vitest';
import { instrument } from '../../src/onnx/instrument.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { parseModel } from '../../src/onnx/model.js';
import { tinyDecoder } from './tinyDecoder.js';

describe.each([
  ['instrument', instrument],
  ['instrumentLoop', instrumentLoop],
] as const)('%s', (_, build) => {
  it.each(['unfused', 'fused'] as const)('explains every input and output of %s', (style) => {
    const { model, ports } = build(tinyDecoder({ style }));
    const { graph } = parseModel(model);
    const weights = new Set(graph.initializer.map(({ name }) => name));
    const all = [...graph.input, ...graph.output].filter(({ name }) => !weights.has(name));
    expect(ports.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
    for (const [i, { name, shape, meaning }] of ports.entries()) {
      expect(shape, name).toMatch(/^(float32|int64|int32)( \[.+\])?$/);
      expect(all[i]?.docString).toBe(`${shape}: ${meaning}`);
    }
  });
});
