/** A LoRA adapter on a graph's weights: the decoder whose weights were merged by hand. */
import { describe, expect, it } from 'vitest';
import { applyAdapter } from '../../src/onnx/adapter/apply.js';
import { readAdapter } from '../../src/onnx/adapter/file.js';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { data, decoderFeeds, open } from './session.js';
import { matricesOf, mergedByHand, productOf, tinyAdapter, type Size } from './tinyAdapter.js';
import { tinyDecoder, type TinyOptions } from './tinyDecoder.js';
import { toExternal } from './tinyExternal.js';

const width = 32;
const llama = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj'];
const swiglu = ['mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj'];

function sizeOf(part: string): Size {
  if (part === 'mlp.down_proj' || part === 'fc2') return { into: inner(part), out: width };
  return { into: width, out: part.startsWith('mlp') || part === 'fc1' ? inner(part) : width };
}

function inner(part: string): number {
  return part.startsWith('fc') ? 4 * width : 2 * width;
}

function everywhere(parts: readonly string[], layers = 3): Record<string, Size> {
  const names = Array.from({ length: layers }, (_, layer) =>
    parts.map((part): [string, Size] => [`model.layers.${layer}.${part}`, sizeOf(part)]),
  );
  return Object.fromEntries(names.flat());
}

/** Logits of a text of two rows. */
async function logitsOf(model: Uint8Array): Promise<Float32Array> {
  const rows = [[1, 17, 33, 5], [1, 40, 3, 28]]; // prettier-ignore
  const session = await open(model);
  return data(await session.run(decoderFeeds(inspectDecoder(model), rows)), 'logits');
}

function byHand(model: Uint8Array, parts: readonly string[], modules: Record<string, Size>) {
  const adapter = tinyAdapter(modules);
  const changes = matricesOf(model, parts.length).flatMap((names, layer) =>
    names.flatMap((name, i): [string, number[][]][] => {
      const module = `model.layers.${layer}.${parts[i] ?? ''}`;
      return module in modules ? [[name, productOf(adapter, module)]] : [];
    }),
  );
  expect(changes).toHaveLength(Object.keys(modules).length);
  return { adapter, merged: mergedByHand(model, new Map(changes)) };
}

describe('applyAdapter', () => {
  const styles: [string, TinyOptions, readonly string[]][] = [
    ['unfused', { style: 'unfused' }, [...llama, ...swiglu]],
    ['fused', { style: 'fused' }, [...llama, ...swiglu]],
    ['sandwich', { style: 'sandwich' }, [...llama, ...swiglu]],
    ['parallel', { style: 'parallel' }, [...llama, 'fc1', 'fc2']],
    ['post-norm', { style: 'post-norm' }, [...llama, 'fc1', 'fc2']],
    ['gemm head', { head: 'gemm' }, [...llama, ...swiglu]],
  ];
  it.each(styles)(
    'is the merged decoder, bit for bit, names gone: %s',
    async (_, options, parts) => {
      const model = tinyDecoder(options);
      const { adapter, merged } = byHand(model, parts, everywhere(parts));
      const applied = applyAdapter(model, { adapter: readAdapter(adapter, 'tiny') });
      const got = await logitsOf(applied);
      expect(got).toEqual(await logitsOf(merged));
      expect(got).not.toEqual(await logitsOf(model));
    },
  );

  it('takes a part of the layers and modules', async () => {
    const parts = [...llama, ...swiglu];
    const model = tinyDecoder();
    const some = { 'model.layers.1.self_attn.v_proj': { into: width, out: width } };
    const { adapter, merged } = byHand(model, parts, some);
    const applied = applyAdapter(model, { adapter: readAdapter(adapter, 'tiny') });
    expect(await logitsOf(applied)).toEqual(await logitsOf(merged));
  });

  it('adds in fp32 to weights that are stored in fp16 and cast', async () => {
    const model = tinyDecoder({ half: true });
    const adapter = readAdapter(tinyAdapter(everywhere(llama)), 'tiny');
    const applied = applyAdapter(model, { adapter });
    const names = parseModel(applied).graph.initializer.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('adapter/'))).toHaveLength(12);
    // The old ones are gone, and so are their casts.
    expect(names).toHaveLength(parseModel(model).graph.initializer.length);
    expect(await logitsOf(applied)).not.toEqual(await logitsOf(model));
  });

  it('reads weights beside the graph', () => {
    const model = tinyDecoder();
    const { graph, weights } = toExternal(model);
    const { adapter, merged } = byHand(
      model,
      [...llama, ...swiglu],
      everywhere([...llama, ...swiglu]),
    );
    const applied = applyAdapter(graph, {
      adapter: readAdapter(adapter, 'tiny'),
      external: ({ location, offset, length }) =>
        (weights.get(location) ?? new Uint8Array()).subarray(offset, offset + length),
    });
    // The table and the head still lie outside.
    const [names, kept] = [merged, applied].map((bytes) => parseModel(bytes).graph.initializer);
    const content = new Map(names?.map(({ name, rawData }) => [name, rawData]));
    const own = kept?.filter(({ name }) => name.startsWith('adapter/')) ?? [];
    expect(own).toHaveLength(21);
    const expected = matricesOf(merged, 7)
      .flat()
      .map((name) => content.get(name));
    for (const { rawData } of own) {
      expect(expected.some((one) => Buffer.compare(one ?? Buffer.of(), rawData) === 0)).toBe(true);
    }
  });

  it('finds modules by name', async () => {
    const model = tinyDecoder();
    // Renamed so that the flow would say otherwise: the values' product is called q_proj.
    const { model: parsed, graph } = parseModel(model);
    const values = matricesOf(model, 7)[1]?.[2];
    const node = graph.node.find(({ input }) => input[1] === values);
    if (node) node.name = '/model/layers.1/attn/q_proj/MatMul';
    const named = serializeModel(parsed);
    const adapter = tinyAdapter({ 'model.layers.1.self_attn.q_proj': { into: width, out: width } });
    const applied = applyAdapter(named, { adapter: readAdapter(adapter, 'tiny') });
    const change = new Map([[values ?? '', productOf(adapter, 'model.layers.1.self_attn.q_proj')]]);
    expect(await logitsOf(applied)).toEqual(await logitsOf(mergedByHand(model, change)));
  });

  it('leaves a matrix that others share as it is', async () => {
    const model = tinyDecoder();
    const { model: parsed, graph } = parseModel(model);
    const [[q = '', k = ''] = []] = matricesOf(model, 7);
    const keys = graph.node.find(({ input }) => input[1] === k);
    if (keys) keys.input[1] = q;
    const shared = serializeModel(parsed);
    const adapter = tinyAdapter({ 'model.layers.0.self_attn.q_proj': { into: width, out: width } });
    const applied = applyAdapter(shared, { adapter: readAdapter(adapter, 'tiny') });
    const initializers = parseModel(applied).graph.initializer.map(({ name }) => name);
    expect(initializers).toContain(q);
    expect(await logitsOf(applied)).not.toEqual(await logitsOf(shared));
  });

  const q = 'model.layers.0.self_attn.q_proj';
  it.each([
    [
      'another width',
      { [q]: { into: 16, out: width } },
      /another size .*expected 32 inputs and 32/,
    ],
    ['too many layers', { 'model.layers.7.mlp.up_proj': sizeOf('mlp.up_proj') }, /has 3 layers/],
    ['an unknown module', { 'model.layers.0.mixer.in_proj': sizeOf(q) }, /not found in the graph/],
    [
      'a packed module',
      { 'model.layers.0.self_attn.qkv_proj': sizeOf(q) },
      /not found in the graph/,
    ],
    ['the head', { lm_head: { into: width, out: 50 } }, /lm_head is not found/],
  ])('refuses %s', (_, modules: Record<string, Size>, message) => {
    const adapter = readAdapter(tinyAdapter(modules), 'tiny');
    expect(() => applyAdapter(tinyDecoder(), { adapter })).toThrow(message);
  });

  it('refuses quantised weights', () => {
    const { model, graph } = parseModel(tinyDecoder());
    const [[weight = ''] = []] = matricesOf(serializeModel(model), 7);
    const node = graph.node.find(({ input }) => input[1] === weight);
    if (node) Object.assign(node, { opType: 'MatMulNBits', domain: 'com.microsoft' });
    const adapter = readAdapter(tinyAdapter({ [q]: { into: width, out: width } }), 'tiny');
    expect(() => applyAdapter(serializeModel(model), { adapter })).toThrow(/weights are quantised/);
  });
});
