import { TensorProto_DataType as DataType } from 'onnx-buf';
import { afterAll, describe, expect, it } from 'vitest';
import { GraphWriter } from '../../src/onnx/build.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { quantise } from '../../src/onnx/quantise.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { relativeError, temporaryFolder, tokenRow, writeModel } from '../runtime/models.js';
import { tinyDecoder } from './tinyDecoder.js';
import type { TinyStyle } from './tinyDecoder.js';

const layers = 3;
// No multiple of a block of 32 inputs.
const width = 48;
const vocabulary = 50;
const { path: folder, remove } = temporaryFolder();
afterAll(remove);

const prompts = [tokenRow(7, vocabulary), tokenRow(3, vocabulary, 2), tokenRow(5, vocabulary, 3)];
const request = {
  tokens: prompts,
  states: prompts.map((prompt) => [prompt.length - 1]),
  logits: prompts.map((prompt) => [prompt.length - 1]),
};

/** Constants that no node of the outer graph reads. */
function unread(model: Uint8Array): string[] {
  const { graph } = parseModel(model);
  const read = new Set(graph.node.flatMap(({ input }) => input));
  return graph.initializer.map(({ name }) => name).filter((name) => !read.has(name));
}

/** Every `MatMulNBits` as a `MatMul` again, its weights multiplied out. */
function asFloats(model: Uint8Array): Uint8Array {
  const { model: file, graph } = parseModel(model);
  const weights = new Map(graph.initializer.map((one) => [one.name, one]));
  for (const node of graph.node.filter(({ opType }) => opType === 'MatMulNBits')) {
    const number = (name: string): number =>
      Number(node.attribute.find((one) => one.name === name)?.i ?? 0n);
    const [inputs, outputs, bits] = [number('K'), number('N'), number('bits')];
    const [data = '', packed = '', scale = ''] = node.input;
    const bytes = weights.get(packed)?.rawData ?? new Uint8Array();
    const scales = new Float32Array(new Uint8Array(weights.get(scale)?.rawData ?? []).buffer);
    const blocks = Math.ceil(inputs / 32);
    const values = new Float32Array(inputs * outputs);
    for (let k = 0; k < inputs; k++) {
      for (let n = 0; n < outputs; n++) {
        const at = n * blocks * 32 + k;
        const whole = bits === 8 ? bytes[at] : ((bytes[at >> 1] ?? 0) >> (4 * (at % 2))) & 15;
        const step = scales[n * blocks + (k >> 5)] ?? 0;
        values[k * outputs + n] = ((whole ?? 0) - 2 ** (bits - 1)) * step;
      }
    }
    const writer = new GraphWriter(packed);
    const name = writer.floats(values, [inputs, outputs]);
    graph.initializer.push(...writer.initializers);
    Object.assign(node, { opType: 'MatMul', domain: '', input: [data, name], attribute: [] });
  }
  return serializeModel(file);
}

function products(model: Uint8Array): string[] {
  const { graph } = parseModel(model);
  return graph.node.filter(({ opType }) => opType.startsWith('MatMul')).map(({ opType }) => opType);
}

describe.each(['unfused', 'fused', 'parallel', 'post-norm'] as TinyStyle[])('%s', (style) => {
  const size = style === 'fused' ? 64 : width;
  const bytes = tinyDecoder({ style, layers, width: size, vocabulary });
  const model = writeModel(folder, style, bytes);

  it('rounds every product with weights and leaves none of them in floats', () => {
    const rounded = quantise(bytes, { precision: 'int8' });
    const nodes = parseModel(rounded).graph.node;
    const changed = nodes.filter(({ opType }) => opType === 'MatMulNBits');
    expect(changed.length).toBeGreaterThanOrEqual(layers * 4);
    expect(inspectDecoder(rounded)).toMatchObject({ layers, width: size, vocabulary });
    expect(unread(rounded)).toEqual(unread(bytes));
    const weights = parseModel(rounded).graph.initializer;
    const large = weights.filter(
      ({ dims, dataType }) =>
        (dataType as DataType) === DataType.FLOAT && dims.length === 2 && dims[0] !== dims[1],
    );
    // The embedding is looked up, not multiplied; positions and rotations likewise.
    for (const { dims } of large) expect(dims[1]).toBeLessThanOrEqual(BigInt(size));
    expect(rounded.length).toBeLessThan(0.8 * bytes.length);
  });

  it.each(['int8', 'int4'] as const)(
    '%s computes what its rounded weights give in floats, but for the rounding of the data',
    async (precision) => {
      const floats = asFloats(quantise(bytes, { precision }));
      const reference = writeModel(folder, `${style}-${precision}`, floats);
      await using unrounded = await loadDecoder({ model: reference, threads: 1 });
      await using rounded = await loadDecoder({ model, threads: 1, precision });
      const [wanted, got] = [await unrounded.forward(request), await rounded.forward(request)];
      wanted.forEach(({ states, logits }, row) => {
        const own = got[row];
        expect(relativeError(own?.states ?? new Float32Array(), states)).toBeLessThan(0.08);
        expect(relativeError(own?.logits ?? new Float32Array(), logits)).toBeLessThan(0.08);
      });
    },
  );

  it('gives a batch what single rows give', async () => {
    await using rounded = await loadDecoder({ model, threads: 1, precision: 'int8' });
    const batch = await rounded.forward(request);
    for (const [row, prompt] of prompts.entries()) {
      const at = [[prompt.length - 1]];
      const [single] = await rounded.forward({ tokens: [prompt], states: at, logits: at });
      const logits = single?.logits ?? new Float32Array();
      expect(relativeError(batch[row]?.logits ?? new Float32Array(), logits)).toBeLessThan(1e-5);
    }
  });
});

it('uses all steps of a scale', () => {
  const bytes = tinyDecoder({ layers: 1, width: 32, vocabulary });
  const { graph } = parseModel(quantise(bytes, { precision: 'int8' }));
  const scales = graph.initializer.filter(({ name }) => name.endsWith('.scale'));
  const weights = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const [scale] = scales;
  const packed = weights.get(scale?.name.replace('.scale', '.weight') ?? '');
  // A block's largest weight is 127 steps of its scale from the middle, 128.
  const steps = [...(packed?.rawData ?? [])].map((byte) => Math.abs(byte - 128));
  for (let block = 0; block * 32 < steps.length; block++) {
    expect(Math.max(...steps.slice(block * 32, block * 32 + 32))).toBe(127);
  }
});

it('says so where there is nothing to round', () => {
  const bytes = tinyDecoder({ layers: 1, width: 32, vocabulary });
  const rounded = quantise(bytes, { precision: 'int8' });
  expect(products(rounded)).toContain('MatMulNBits');
  expect(() => quantise(rounded, { precision: 'int8' })).toThrow(
    'no float weights that could be rounded',
  );
});
