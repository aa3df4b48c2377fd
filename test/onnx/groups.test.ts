/** Grouped queries without repeated keys: the same numbers, by ONNX Runtime on the graph as it was. */
import { create } from '@bufbuild/protobuf';
import {
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import type { GraphProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { float, GraphWriter, makeGraph, valueInfo } from '../../src/onnx/build.js';
import { groupQueries } from '../../src/onnx/groups.js';
import { serializeModel } from '../../src/onnx/model.js';
import { createRandom } from '../../src/math/random.js';
import { data, floats, open } from './session.js';

const [groups, each, width] = [2, 3, 4];
const heads = groups * each;

interface Spelling {
  /** How the sizes of `Expand` and `Reshape` are written. */
  shape?: 'concat' | 'where' | 'in the file';
  /** Where keys or their products with queries are scaled. */
  scale?: 'after' | 'on both sides';
  /** Where the queries of a group stand: beside each other, or a whole turn apart. */
  order?: 'grouped' | 'in turns';
  /** Whether the product turns and scales the keys by itself, as ONNX Runtime writes it. */
  fused?: boolean;
  opset?: number;
}

/** Attention without mask over `query [B, H, S, d]` and `key`, `value [B, G, T, d]`. */
function attention(spelling: Spelling): GraphProto {
  const writer = new GraphWriter('t');
  const scores = scored(writer, repeat(writer, 'key', spelling), spelling);
  const weights = writer.node('Softmax', [scores], { attributes: { axis: -1 } });
  const values = repeat(writer, 'value', spelling);
  writer.node('MatMul', [weights, values], { outputs: ['mixed'] });
  const four = (count: number): (number | null)[] => [null, count, null, width];
  return makeGraph('attention', writer, {
    input: [
      valueInfo('query', DataType.FLOAT, four(heads)),
      valueInfo('key', DataType.FLOAT, four(groups)),
      valueInfo('value', DataType.FLOAT, four(groups)),
    ],
    output: [valueInfo('mixed', DataType.FLOAT, four(heads))],
  });
}

function scored(writer: GraphWriter, keys: string, { scale, fused }: Spelling): string {
  if (fused === true) {
    const attributes = { transB: 1, alpha: float(0.5) };
    return writer.node('FusedMatMul', ['query', keys], { attributes, domain: 'com.microsoft' });
  }
  const turned = writer.node('Transpose', [keys], { attributes: { perm: [0, 1, 3, 2] } });
  if (scale === 'on both sides') {
    return writer.node('MatMul', ['query', writer.node('Mul', [turned, rootOfWidth(writer)])]);
  }
  const scores = writer.node('MatMul', ['query', turned]);
  return scale === 'after' ? writer.node('Mul', [scores, writer.scalar(0.5)]) : scores;
}

function repeat(writer: GraphWriter, tensor: string, spelling: Spelling): string {
  const { shape = 'concat', order = 'grouped', opset = 18 } = spelling;
  const axis = order === 'grouped' ? 2 : 1;
  const apart =
    opset < 13
      ? writer.node('Unsqueeze', [tensor], { attributes: { axes: [axis] } })
      : writer.node('Unsqueeze', [tensor, writer.ints([axis])]);
  const [rows, tokens] = [sizeOf(writer, tensor, 0), sizeOf(writer, tensor, 2)];
  const sides = order === 'grouped' ? [groups, each] : [each, groups];
  const middle = sides.map((side) => writer.ints([side]));
  const tail = [tokens, writer.ints([width])];
  const whole = writer.node('Concat', [rows, ...middle, ...tail], { attributes: { axis: 0 } });
  const wide = shape === 'where' ? kept(writer, whole) : whole;
  const expanded = writer.node('Expand', [apart, wide]);
  const flat =
    shape === 'in the file'
      ? writer.ints([-1, heads, 5, width])
      : writer.node('Concat', [rows, writer.ints([heads]), ...tail], { attributes: { axis: 0 } });
  return writer.node('Reshape', [expanded, flat]);
}

function sizeOf(writer: GraphWriter, tensor: string, axis: number): string {
  const shape = writer.node('Shape', [tensor]);
  return writer.node('Gather', [shape, writer.ints([axis])], { attributes: { axis: 0 } });
}

/** As PyTorch's first exporter writes `expand`, in which -1 keeps a size. */
function kept(writer: GraphWriter, sizes: string): string {
  const shape = writer.node('Reshape', [sizes, writer.ints([-1])]);
  const minus = writer.ints([-1, -1, -1, -1, -1]);
  const ones = writer.ints([1, 1, 1, 1, 1]);
  return writer.node('Where', [writer.node('Equal', [shape, minus]), ones, shape]);
}

/** As PyTorch's first exporter scales both sides: by the root of what the width says. */
function rootOfWidth(writer: GraphWriter): string {
  const shape = writer.node('Shape', ['query']);
  const last = writer.node('Slice', [shape, writer.ints([-1]), writer.ints([2 ** 31])]);
  const size = writer.node('Cast', [last], { attributes: { to: DataType.FLOAT } });
  const root = writer.node('Sqrt', [size]);
  return writer.node('Sqrt', [writer.node('Div', [writer.scalar(1), root])]);
}

function bytesOf(graph: GraphProto, opset = 18): Uint8Array {
  const opsetImport = [
    create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) }),
    create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n }),
  ];
  return serializeModel(create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph }));
}

async function run(graph: GraphProto, opset?: number): Promise<number[]> {
  const random = createRandom(7);
  const some = (count: number): number[] =>
    Array.from({ length: count }, () => random.next() - 0.5);
  const [B, S, T] = [2, 3, 5];
  const session = await open(bytesOf(graph, opset));
  const fetches = await session.run({
    query: floats(some(B * heads * S * width), [B, heads, S, width]),
    key: floats(some(B * groups * T * width), [B, groups, T, width]),
    value: floats(some(B * groups * T * width), [B, groups, T, width]),
  });
  await session.release();
  return [...data(fetches, 'mixed')];
}

/** Nodes that the outputs need. */
function used(graph: GraphProto): string[] {
  const needed = new Set(graph.output.map(({ name }) => name));
  return graph.node.toReversed().flatMap((node) => {
    if (!node.output.some((name) => needed.has(name))) return [];
    for (const name of node.input) needed.add(name);
    return [node.opType];
  });
}

const spellings: Record<string, Spelling> = {
  'sizes put together': {},
  'sizes that may be kept': { shape: 'where', scale: 'on both sides' },
  'sizes in the file': { shape: 'in the file', scale: 'after' },
  'axes as an attribute': { opset: 12 },
  'a product that turns': { fused: true },
};

describe('groupQueries', () => {
  it.each(Object.entries(spellings))('repeats nothing any more: %s', async (_, spelling) => {
    const before = await run(attention(spelling), spelling.opset);
    const graph = attention(spelling);
    groupQueries(graph);
    expect(used(graph)).not.toContain('Expand');
    const after = await run(graph, spelling.opset);
    expect(after).toHaveLength(before.length);
    const apart = Math.max(...after.map((x, i) => Math.abs(x - (before[i] ?? 0))));
    expect(apart).toBeLessThan(1e-6);
  });

  it('leaves heads that take their groups in turns', async () => {
    const spelling: Spelling = { order: 'in turns' };
    const before = await run(attention(spelling));
    const graph = attention(spelling);
    groupQueries(graph);
    expect(used(graph).filter((operator) => operator === 'Expand')).toHaveLength(2);
    expect(await run(graph)).toEqual(before);
  });
});
