import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  NodeProtoSchema,
} from 'onnx-buf';
import type { AttributeProto, GraphProto, NodeProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { instrument } from '../../src/onnx/instrument.js';
import { parseModel } from '../../src/onnx/model.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { edited, rename } from './edits.js';
import { tinyDecoder } from './tinyDecoder.js';
import type { TinyStyle } from './tinyDecoder.js';

const styles: TinyStyle[] = ['unfused', 'fused', 'parallel', 'post-norm', 'sandwich'];

describe('inspectDecoder', () => {
  it.each(styles)('finds blocks and sizes of %s', (style) => {
    for (const layers of [1, 2, 5]) {
      const layout = inspectDecoder(tinyDecoder({ style, layers, width: 48, heads: 3 }));
      expect(layout).toMatchObject({ layers, width: 48, vocabulary: 50, type: 'float32' });
      const operator = {
        fused: 'SkipSimplifiedLayerNormalization',
        'post-norm': 'SkipLayerNormalization',
      };
      const expected = style === 'fused' || style === 'post-norm' ? operator[style] : 'Add';
      expect(new Set(layout.blocks.map((block) => block.operator))).toEqual(new Set([expected]));
      expect(new Set(layout.blocks.map(({ tensor }) => tensor)).size).toBe(layers);
      expect(layout.blocks.every(({ fused }) => fused === (style === 'fused'))).toBe(true);
      expect(layout.attention).toBe(style === 'fused' ? 'group-query-attention' : 'full-mask');
      expect(layout.logits.gatheredBeforeHead).toBe(true);
    }
  });

  it('tells a fused final norm from the end of a block', () => {
    // As ONNX Runtime's optimiser leaves sandwich norms: only the last sum can be fused with a norm.
    for (const layers of [1, 3]) {
      const file = edited({ style: 'sandwich', layers }, fuseFinalNorm);
      const last = inspectDecoder(file).blocks.at(-1);
      expect(last).toMatchObject({ operator: 'SkipSimplifiedLayerNormalization', fused: true });
      expect(last?.tensor).toMatch(/sum$/);
    }
  });

  it('keeps all of a cache of which the exporter keeps a window', () => {
    const file = edited({ style: 'fused' }, ({ node }) => {
      for (const one of node) {
        if (one.opType !== 'GroupQueryAttention') continue;
        one.attribute.push(integer('local_window_size', 8n), integer('sliding_window_cache', 1n));
      }
    });
    const { graph } = parseModel(instrument(file).model);
    const attributes = graph.node.flatMap((node) => node.attribute.map(({ name }) => name));
    expect(attributes).toContain('local_window_size');
    expect(attributes).not.toContain('sliding_window_cache');
  });

  it('lists the cache by layer, keys before values', () => {
    const { cache } = inspectDecoder(tinyDecoder({ layers: 11, width: 32, heads: 2 }));
    expect(cache.map(({ layer, part }) => `${layer}.${part}`)).toEqual(
      Array.from({ length: 11 }, (_, l) => [`${l}.key`, `${l}.value`]).flat(),
    );
    expect(cache[3]).toEqual({
      ...{ layer: 1, part: 'value', heads: 2, headDim: 16, type: 'float32' },
      ...{ past: 'past_key_values.1.value', present: 'present.1.value' },
    });
  });

  it('says which inputs there are', () => {
    const none = { seqlensK: null, totalSequenceLength: null };
    const own = { inputIds: 'input_ids', attentionMask: 'attention_mask', ...none };
    expect(inspectDecoder(tinyDecoder()).inputs).toEqual({ ...own, positionIds: 'position_ids' });
    const fused = inspectDecoder(tinyDecoder({ style: 'fused' }));
    expect(fused.inputs).toEqual({ ...own, positionIds: null });
  });

  it('knows other exporters’ names of the cache', () => {
    const file = edited({ layers: 2 }, (graph) => {
      for (const l of [0, 1]) {
        for (const part of ['key', 'value']) {
          rename(graph, `past_key_values.${l}.${part}`, `past_${part}_${l}`);
          rename(graph, `present.${l}.${part}`, `present_${part}_${l}`);
        }
      }
    });
    expect(inspectDecoder(file).cache.map(({ past }) => past)).toEqual(
      [0, 1].flatMap((l) => [`past_key_${l}`, `past_value_${l}`]),
    );
  });

  it('gathers after a head that is not position-wise', () => {
    const { logits } = inspectDecoder(tinyDecoder({ head: 'gemm' }));
    expect(logits).toEqual({ output: 'logits', head: null, gatheredBeforeHead: false });
  });

  it('sees casts in the stream, half-stored weights and quantised activations', () => {
    expect(inspectDecoder(tinyDecoder({ half: true })).width).toBe(32);
    expect(inspectDecoder(tinyDecoder({ halfStream: true })).type).toBe('float16');
    const quantised = edited({}, ({ node }) => {
      for (const one of node) if (one.opType === 'Sigmoid') one.opType = 'DynamicQuantizeLinear';
    });
    expect(inspectDecoder(quantised).dynamicQuantization).toBe(true);
  });
});

function integer(name: string, i: bigint): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.INT, i });
}

/** Puts one fused node in the place of the last sum and of the final norm after it. */
function fuseFinalNorm(graph: GraphProto): void {
  const head = graph.node.find(({ output }) => output.includes('logits'));
  const normed = head?.input[0] ?? '';
  const scale = graph.node.find(({ output }) => output.includes(normed));
  const [gamma = ''] = scale?.input ?? [];
  const sums = graph.node.filter(
    ({ opType, input }) => opType === 'Add' && input.every((name) => !isWeight(graph, name)),
  );
  const last = sums.at(-1);
  const of = graph.node.filter((node) => node !== scale && node !== last);
  const fused = create(NodeProtoSchema, {
    name: 'fused',
    opType: 'SkipSimplifiedLayerNormalization',
    domain: 'com.microsoft',
    input: [...(last?.input ?? []), gamma],
    output: [normed],
  });
  graph.node = withoutUnread(graph, [...of, fused]);
}

function isWeight(graph: GraphProto, name: string): boolean {
  return graph.initializer.some((tensor) => tensor.name === name);
}

/** Nodes whose results something reads. */
function withoutUnread(graph: GraphProto, nodes: NodeProto[]): NodeProto[] {
  const outputs = graph.output.map(({ name }) => name);
  const read = new Set([...outputs, ...nodes.flatMap(({ input }) => input)]);
  const kept = nodes.filter(({ output }) => output.some((name) => read.has(name)));
  return kept.length === nodes.length ? kept : withoutUnread(graph, kept);
}

type Change = (graph: GraphProto) => void;
const cases: [string, Change, RegExp][] = [
  [
    'no input_ids',
    (g) => rename(g, 'input_ids', 'pixels'),
    /no input_ids \(found inputs pixels, attention_mask/,
  ],
  [
    'no logits',
    (g) => rename(g, 'logits', 'last_hidden_state'),
    /no logits \(found outputs last_hidden_state, present/,
  ],
  [
    'no cache',
    (g) => {
      g.input = g.input.filter(({ name }) => !name.startsWith('past'));
    },
    /no cache \(found inputs input_ids, attention_mask, position_ids\)/,
  ],
  [
    'a cache that is not handed on',
    (g) => {
      g.output = g.output.filter(({ name }) => name !== 'present.1.key');
    },
    /past_key_values\.1\.key has no present output/,
  ],
  ['an encoder', (g) => rename(g, 'attention_mask', 'encoder_attention_mask'), /encoder-decoder/],
  ['merged branches', (g) => rename(g, 'attention_mask', 'use_cache_branch'), /without merging/],
  [
    'one token at a time',
    (g) => {
      const shape = g.input.find(({ name }) => name === 'input_ids')?.type?.value;
      const length = shape?.case === 'tensorType' ? shape.value.shape?.dim[1] : undefined;
      if (length !== undefined) length.value = { case: 'dimValue', value: 1n };
    },
    /input_ids take 1 tokens only/,
  ],
  [
    'an unknown input',
    (g) => rename(g, 'position_ids', 'token_type_ids'),
    /unknown inputs token_type_ids/,
  ],
  [
    'no attention',
    (g) => {
      for (const node of g.node) if (node.opType === 'Softmax') node.opType = 'Sigmoid';
    },
    /no attention between the embedding and the logits/,
  ],
  [
    'no embedding',
    (g) => {
      for (const node of g.node) if (node.input.includes('input_ids')) node.opType = 'Embed';
    },
    /no embedding \(expected a Gather of input_ids in a table of weights, found .*Embed/,
  ],
  [
    'a stream that goes around a block',
    (g) => {
      // The last sum takes the embedding instead of the stream: no node sees all of the middle.
      const sums = g.node.filter(
        ({ opType, input }) => opType === 'Add' && input.every((x) => x.startsWith('unfused/')),
      );
      const embedded = g.node.find(({ opType }) => opType === 'Gather')?.output[0] ?? '';
      const skips = g.node
        .filter(({ opType }) => opType === 'MatMul')
        .map(({ output }) => output[0]);
      for (const { input } of sums) {
        if (skips.includes(input[1]) && input[0] !== embedded) input[0] = embedded;
      }
    },
    /found \d blocks for 3 cached layers; the chain breaks between \S+ \(unfused\/\S+\) and \S+ \(unfused\/\S+\)/,
  ],
  [
    'a loop of nodes',
    (g) => {
      const first = g.node.find(({ opType }) => opType === 'Softmax');
      const last = g.node.find(({ output }) => output.includes('logits'));
      if (first !== undefined && last !== undefined) first.input[0] = 'logits';
    },
    /waits for its own output/,
  ],
  [
    'two makers of one tensor',
    (g) => {
      const [a, b] = g.node;
      if (a !== undefined && b !== undefined) b.output = [...a.output];
    },
    /two nodes make tensor/,
  ],
];

describe.each([
  ['inspectDecoder', inspectDecoder],
  ['instrument', instrument],
  ['instrumentLoop', instrumentLoop],
] as const)('%s', (_, read) => {
  it.each(cases)('refuses %s', (_, change, message) => {
    const file = edited({}, change);
    expect(() => read(file)).toThrow(message);
  });
});
