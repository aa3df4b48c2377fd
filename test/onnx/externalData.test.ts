import type { ModelProto, TensorProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { externalWeights, renameExternalData } from '../../src/onnx/externalData.js';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { instrument } from '../../src/onnx/instrument.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { tensorsOf } from '../../src/onnx/tensors.js';
import { tinyDecoder } from './tinyDecoder.js';
import { moveOut, toExternal } from './tinyExternal.js';

const inline = tinyDecoder({ layers: 2 });
const { graph, weights } = toExternal(inline);
/** Bytes of the first weight, `[50, 32]` float32. */
const length = 6400;

function firstWeight(entries: Readonly<Record<string, string>>): ModelProto {
  const { model } = parseModel(inline);
  for (const tensor of tensorsOf(model)) {
    moveOut(tensor, entries);
    return model;
  }
  return model;
}

describe('externalWeights', () => {
  it('lists every place', () => {
    const found = externalWeights(parseModel(graph).model);
    expect(found.length).toBeGreaterThan(10);
    for (const [name, { length: total }] of weights) {
      const here = found.filter(({ location }) => location === name);
      expect(Math.max(...here.map((one) => one.offset + one.length))).toBe(total);
    }
  });

  it('takes what may be left out, and paths with dots in them', () => {
    const [weight] = externalWeights(firstWeight({ location: './sub//model..data' }));
    expect(weight).toMatchObject({ location: 'sub/model..data', offset: 0, length });
  });

  it.each([
    ['/etc/passwd'],
    ['../model.onnx_data'],
    ['sub/../../x'],
    ['sub/../x'],
    ['..'],
    ['..\\x'],
    ['\\\\server\\share'],
    ['C:\\x'],
    ['c:x'],
    [''],
    ['.'],
    ['sub/'],
    ['a\u0000b'],
    ['*/_ORT_MEM_ADDR_/*'],
  ])('refuses the path %j', (location) => {
    expect(() => externalWeights(firstWeight({ location }))).toThrow(
      /weight \S+ has external data in ".*" \(expected a path below the model's own folder\); such/,
    );
  });

  it.each([
    ['-1'],
    ['1e3'],
    ['0x10'],
    [''],
    [' 4'],
    ['9007199254740993'],
    ['18446744073709551617'],
    ['NaN'],
  ])('refuses the number %j', (text) => {
    for (const key of ['offset', 'length']) {
      const model = firstWeight({ location: 'data', [key]: text });
      expect(() => externalWeights(model)).toThrow(
        new RegExp(`external data with ${key} ".*" \\(expected a whole number of bytes\\)`),
      );
    }
  });

  it('refuses a length that is not the shape’s', () => {
    const model = firstWeight({ location: 'data', length: String(length - 4) });
    expect(() => externalWeights(model)).toThrow(
      `(expected ${length} bytes from its shape, got a length of ${length - 4})`,
    );
  });

  it('refuses keys that it does not know, or twice', () => {
    const packed = firstWeight({ location: 'data', prepacked_0: 'k|0;9;9' });
    expect(() => externalWeights(packed)).toThrow(/keys "location", "prepacked_0" \(expected each/);
    const twice = firstWeight({ location: 'data' });
    const entries: TensorProto['externalData'] = [...tensorsOf(twice)][0]?.externalData ?? [];
    entries.push(...entries);
    expect(() => externalWeights(twice)).toThrow(/"location", "location" \(expected each/);
  });
});

describe('renameExternalData', () => {
  it('changes locations and nothing else', () => {
    const renamed = renameExternalData(graph, (location) => `elsewhere/${location}`);
    expect(renameExternalData(renamed, (location) => location.slice(10))).toEqual(graph);
    expect(new Set(externalWeights(parseModel(renamed).model).map((one) => one.location))).toEqual(
      new Set([...weights.keys()].map((name) => `elsewhere/${name}`)),
    );
  });
});

function weightsInside(bytes: Uint8Array): number {
  const tensors = [...tensorsOf(parseModel(bytes).model)];
  return tensors.reduce((sum, { rawData }) => sum + rawData.length, 0);
}

describe('the edits', () => {
  const moved = [...weights.values()].reduce((sum, { length: bytes }) => sum + bytes, 0);

  it('leave weights where they are, and copy none', () => {
    const places = externalWeights(parseModel(graph).model);
    expect(inspectDecoder(graph)).toEqual(inspectDecoder(inline));
    for (const build of [instrument, instrumentLoop]) {
      const { model } = build(graph);
      expect(externalWeights(parseModel(model).model)).toEqual(places);
      expect(weightsInside(model)).toBe(weightsInside(build(inline).model) - moved);
    }
  });

  it('refuse to write more than 2 GB of weights inside', () => {
    const { model } = parseModel(inline);
    // One gigabyte four times over, which the system need not provide before it is touched.
    const huge = new Uint8Array(2 ** 30);
    for (const tensor of [...tensorsOf(model)].slice(0, 4)) tensor.rawData = huge;
    expect(() => serializeModel(model)).toThrow(/store its weights as external data/);
  });
});
