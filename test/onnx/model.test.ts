import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { edited } from './edits.js';
import { tinyDecoder } from './tinyDecoder.js';

const file = tinyDecoder({ layers: 1 });

describe('parseModel and serializeModel', () => {
  it('write back what they read, byte for byte', () => {
    expect(serializeModel(parseModel(file).model)).toEqual(file);
  });

  it('write what protobuf’s own writer writes, weights inside loops included', () => {
    const { model } = parseModel(instrumentLoop(file).model);
    const plain = fromBinary(ModelProtoSchema, toBinary(ModelProtoSchema, model));
    expect(fromBinary(ModelProtoSchema, serializeModel(model))).toEqual(plain);
  });

  it('keep the weights as views on the file', () => {
    const weights = parseModel(file).graph.initializer.filter(
      ({ rawData }) => rawData.length > 100,
    );
    expect(weights.length).toBeGreaterThan(5);
    for (const { rawData } of weights) expect(rawData.buffer).toBe(file.buffer);
  });

  it.each([
    ['nothing', new Uint8Array(), /empty \(0 bytes\)/],
    ['text', new TextEncoder().encode('# a readme, not a model\n'), /not an ONNX model/],
    ['JSON', new TextEncoder().encode('{"model_type": "llama"}'), /not an ONNX model/],
    [
      'a Git LFS pointer',
      new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
      /git lfs pull/,
    ],
    ['zeros', new Uint8Array(1000), /not an ONNX model/],
  ])('refuse %s', (_, bytes, message) => {
    expect(() => parseModel(bytes)).toThrow(message);
  });

  it('refuse a file that was cut off anywhere', () => {
    for (let end = 1; end < file.length; end += 997) {
      expect(() => parseModel(file.subarray(0, end))).toThrow(/^model: /);
    }
  });

  it('refuse weights of another length than their shape', () => {
    const damaged = edited({ layers: 1 }, ({ initializer }) => {
      for (const weight of initializer) weight.rawData = weight.rawData.slice(0, -4);
    });
    expect(() => parseModel(damaged)).toThrow(
      /weight \S+ is damaged \(expected \d+ bytes, got \d+\)/,
    );
  });

  it('refuse an operator set that is too old', () => {
    const { model } = parseModel(file);
    for (const opset of model.opsetImport) opset.version = 11n;
    expect(() => parseModel(serializeModel(model))).toThrow(/expected at least 13, got 11/);
  });
});
