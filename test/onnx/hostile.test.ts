/** Files that were made to do harm, or that no careful exporter writes. */
import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema, SparseTensorProtoSchema } from 'onnx-buf';
import type { GraphProto, ModelProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { instrument } from '../../src/onnx/instrument.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { edited, nodeOf, rename } from './edits.js';
import { tinyDecoder } from './tinyDecoder.js';
import { makeFunction, withBranches, withFunction } from './tinyVariants.js';

const small = { layers: 2, width: 8, heads: 2, vocabulary: 12, maxLength: 16 };

/** One field of the wire format that holds bytes. */
function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(number * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

/** Field numbers of onnx.proto. */
const [modelGraph, graphNode, nodeAttribute, attributeGraph] = [7, 1, 5, 6];

describe('the wire format', () => {
  /** A graph in a node in a graph…, written from the inside. */
  function nested(depth: number): Uint8Array {
    let bytes = new Uint8Array();
    for (let level = 0; level < depth; level++) {
      const numbers = [attributeGraph, nodeAttribute, graphNode];
      for (const number of numbers) bytes = Buffer.from(field(number, bytes));
    }
    return field(modelGraph, bytes);
  }

  it.each([
    ['subgraphs nested until the stack is full', nested(20_000), /nested too deep.*export it/],
    [
      'millions of empty nodes',
      field(modelGraph, Buffer.alloc(6_000_000, Uint8Array.of(graphNode * 8 + 2, 0))),
      /too many parts \(expected at most 512 MB in memory, got more in the first \d+ of/,
    ],
    [
      'a graph that is longer than the file',
      Uint8Array.of(modelGraph * 8 + 2, 0xff, 0xff, 0xff, 0x7f, 1, 2),
      /cut off: 268435455 bytes announced at 5, 2 left/,
    ],
    [
      'a length that does not end',
      Uint8Array.from([modelGraph * 8 + 2, ...Array<number>(20).fill(0xff)]),
      /a number too large/,
    ],
    [
      'a node that is longer than its graph',
      field(modelGraph, Uint8Array.of(graphNode * 8 + 2, 5, 0)),
      /cut off: 5 bytes announced at 4, 1 left/,
    ],
    ['a graph that is a number', Uint8Array.of(modelGraph * 8, 1), /field 7 .* has wire type 0/],
    ['a group', Uint8Array.of(100 + 3), /wire type/],
  ])('is refused with %s', (_, bytes, message) => {
    expect(() => parseModel(bytes)).toThrow(message);
  });

  it('may nest as deep as real models do', () => {
    expect(inspectDecoder(withBranches(tinyDecoder(small), 8)).layers).toBe(2);
    expect(() => withBranches(tinyDecoder(small), 30)).not.toThrow();
    expect(() => inspectDecoder(withBranches(tinyDecoder(small), 30))).toThrow(/nested too deep/);
  });
});

type Change = (graph: GraphProto, model: ModelProto) => void;

function changed(change: Change): Uint8Array {
  const { model, graph } = parseModel(tinyDecoder(small));
  change(graph, model);
  return serializeModel(model);
}

/** The table that the tokens are looked up in. */
function weight({ initializer }: GraphProto): GraphProto['initializer'][number] {
  const [first] = initializer;
  if (first === undefined) throw new Error('no weight');
  return first;
}

function vocabularyOf(graph: GraphProto, size: bigint): void {
  const type = graph.output[0]?.type?.value;
  const dim = type?.case === 'tensorType' ? type.value.shape?.dim.at(-1) : undefined;
  if (dim !== undefined) dim.value = { case: 'dimValue', value: size };
}

const functions = (...called: (readonly string[])[]): Change => {
  return (graph, model) => {
    const made = called.map((operators, i) => makeFunction(`Gate${i}`, operators, 17));
    model.functions.push(...made);
    Object.assign(nodeOf(graph, 'Sigmoid'), { opType: 'Gate0', domain: 'tiny.functions' });
  };
};

const cases: [string, Change, RegExp][] = [
  ['a negative dimension', (g) => (weight(g).dims = [-12n, -8n]), /shape \[-12, -8\]/],
  ['a huge dimension', (g) => (weight(g).dims[0] = 2n ** 62n), /more elements than can be counted/],
  [
    'dimensions whose product wraps around to what there is',
    (g) => (weight(g).dims = [2n ** 32n, 2n ** 32n, 12n, 8n]),
    /more elements than can be counted/,
  ],
  [
    'fewer numbers than its shape',
    (g) => (weight(g).dims[0] = 13n),
    /damaged \(expected 416 bytes, got 384\)/,
  ],
  [
    'no numbers at all',
    (g) => (weight(g).rawData = new Uint8Array()),
    /damaged \(expected 96 values, got 0\)/,
  ],
  ['data in two places', (g) => weight(g).floatData.push(1), /data in several places/],
  ['an unknown element type', (g) => (weight(g).dataType = 99), /unknown element type 99/],
  [
    'sparse weights',
    (g) => g.sparseInitializer.push(create(SparseTensorProtoSchema, { dims: [2n ** 40n] })),
    /has sparse weights/,
  ],
  [
    'a name that is no text',
    (g) => (nodeOf(g, 'Softmax').name = 'a\u001b[2Jb'),
    /name "a\\u001b\[2Jb"/,
  ],
  [
    'a name without end',
    (g) => (nodeOf(g, 'Softmax').name = 'x'.repeat(1e6)),
    /\(1000000 characters\)/,
  ],
  [
    'two inputs of one name',
    (g) => g.input.push(...g.input.slice(0, 1)),
    /input input_ids is there twice/,
  ],
  [
    'two outputs of one name',
    (g) => g.output.push(...g.output.slice(0, 1)),
    /output logits is there twice/,
  ],
  ['two weights of one name', (g) => g.initializer.push(weight(g)), /weight \S+ is there twice/],
  [
    'a tensor of ours',
    (g) => rename(g, nodeOf(g, 'Sigmoid').output[0] ?? '', 'steer/block_0'),
    /has a tensor steer\/block_0, a name that the instrumented graph needs/,
  ],
  [
    'a node that reads what nobody makes',
    (g) => (nodeOf(g, 'Softmax').input[0] = 'nobody'),
    /Softmax \(\S+\) reads nobody, which nothing makes/,
  ],
  [
    'a node that makes an input',
    (g) =>
      g.node.push(
        create(NodeProtoSchema, {
          opType: 'Relu',
          input: ['position_ids'],
          output: ['attention_mask'],
        }),
      ),
    /Relu \(attention_mask\) makes attention_mask, which is an input or a weight/,
  ],
  [
    'an output that nobody makes',
    (g) => rename({ ...g, input: [], node: [] }, 'present.1.key', 'present.1.key_'),
    /nothing makes its output present.1.key_/,
  ],
  ['a cycle', (g) => (nodeOf(g, 'Softmax').input[0] = 'logits'), /waits for its own output/],
  ['a function that calls itself', functions(['Gate0']), /without end or too deep/],
  ['functions that call each other', functions(['Gate1'], ['Sigmoid', 'Gate0']), /without end/],
  [
    'functions that double each other',
    functions(
      ...Array.from({ length: 40 }, (_, i) =>
        Array<string>(2).fill(i < 39 ? `Gate${i + 1}` : 'Sigmoid'),
      ),
    ),
    /come to \d+ nodes \(expected at most 1000000\)/,
  ],
  ['a vocabulary of nothing', (g) => vocabularyOf(g, 0n), /vocabulary cannot be 0/],
  [
    'an absurd vocabulary',
    (g) => vocabularyOf(g, 2n ** 50n),
    /vocabulary cannot be 1125899906842624/,
  ],
];

describe.each([
  ['inspectDecoder', inspectDecoder],
  ['instrument', instrument],
  ['instrumentLoop', instrumentLoop],
] as const)('%s', (_, read) => {
  it.each(cases)('refuses %s', (_, change, message) => {
    const bytes = changed(change);
    expect(() => read(bytes)).toThrow(message);
  });
});

describe('what is unusual but sound', () => {
  const expected = inspectDecoder(tinyDecoder(small));

  it('nodes out of order are put in order', () => {
    const reversed = edited(small, (graph) => graph.node.reverse());
    expect(inspectDecoder(reversed)).toEqual(expected);
    const { graph } = parseModel(instrument(reversed).model);
    const made = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
    for (const { input, output } of graph.node) {
      expect(input.filter((name) => name !== '' && !made.has(name))).toEqual([]);
      for (const name of output) made.add(name);
    }
  });

  it('functions, branches and a vocabulary that is given as unknown', () => {
    expect(inspectDecoder(withFunction(tinyDecoder(small)))).toEqual(expected);
    expect(inspectDecoder(withBranches(tinyDecoder(small)))).toEqual(expected);
    expect(inspectDecoder(changed((graph) => vocabularyOf(graph, -1n)))).toEqual(expected);
  });

  it('the long name of the default domain', () => {
    const long = changed((graph, model) => {
      for (const opset of model.opsetImport) opset.domain ||= 'ai.onnx';
      for (const node of graph.node) node.domain ||= 'ai.onnx';
    });
    expect(instrumentLoop(long).model).toEqual(instrumentLoop(tinyDecoder(small)).model);
  });
});
