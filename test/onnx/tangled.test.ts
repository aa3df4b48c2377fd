/** Graphs of 50,000 nodes whose paths cross: the work grows with their size, not with its square. */
import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { GraphProto, NodeProto } from 'onnx-buf';
import { afterAll, describe, expect, it } from 'vitest';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { instrument } from '../../src/onnx/instrument.js';
import { startWatchdog } from '../fuzz/watchdog.js';
import { edited, nodeOf } from './edits.js';

const small = { layers: 2, width: 8, heads: 2, vocabulary: 12, maxLength: 16 };
const watchdog = startWatchdog(100);
afterAll(() => watchdog.stop());

describe('50,000 nodes', () => {
  const many = 50_000;
  const node = (opType: string, input: string[], output: string): NodeProto =>
    create(NodeProtoSchema, { opType, input, output: [output] });
  /** A chain of nodes behind a tensor; returns its end. */
  const chain = (graph: GraphProto, opType: string, tensor: string, length: number): string => {
    for (let i = 0; i < length; i++) {
      graph.node.push(node(opType, [i === 0 ? tensor : `${opType}_${i - 1}`], `${opType}_${i}`));
    }
    return `${opType}_${length - 1}`;
  };
  const embedding = (graph: GraphProto): NodeProto => nodeOf(graph, 'Gather');
  /** The first sum of the residual stream takes more tensors. */
  const join = (graph: GraphProto, tensors: readonly string[]): void => {
    const [h = ''] = embedding(graph).output;
    graph.node
      .find(({ opType, input }) => opType === 'Add' && input.includes(h))
      ?.input.push(...tensors);
  };
  const each = (count: number, make: (i: number) => NodeProto[]): NodeProto[] =>
    Array.from({ length: count }, (_, i) => make(i)).flat();

  const tangles: Record<string, (graph: GraphProto) => void> = {
    'a table behind casts': (graph) => {
      const gather = embedding(graph);
      const [table = ''] = gather.input;
      const end = chain(graph, 'Identity', table, many);
      gather.input[0] = end;
    },
    'one sum far from its parts': (graph) => {
      const [h = ''] = embedding(graph).output;
      const end = chain(graph, 'Relu', h, many / 2);
      graph.node.push(...each(many / 2, (i) => [node('Add', [end, h], `sum_${i}`)]));
      join(
        graph,
        Array.from({ length: many / 2 }, (_, i) => `sum_${i}`),
      );
    },
    'attentions that share the way to their values': (graph) => {
      const [h = ''] = embedding(graph).output;
      graph.node.push(...each(many / 2, (i) => [node('Softmax', [h], `softmax_${i}`)]));
      const all = Array.from({ length: many / 2 }, (_, i) => `softmax_${i}`);
      graph.node.push(node('Where', all, 'all'));
      graph.node.push(node('MatMul', [chain(graph, 'Cast', 'all', many / 2), h], 'values'));
      join(graph, ['values']);
    },
    'attentions far from their block': (graph) => {
      const [h = ''] = embedding(graph).output;
      const count = Math.floor(many / 3);
      const end = chain(graph, 'Relu', h, count);
      const attention = (i: number): NodeProto[] => [
        node('Softmax', [end], `softmax_${i}`),
        node('MatMul', [`softmax_${i}`, end], `values_${i}`),
      ];
      graph.node.push(...each(count, attention));
      join(
        graph,
        Array.from({ length: count }, (_, i) => `values_${i}`),
      );
    },
  };

  // Where work grows with the square of the graph these take minutes, and the watchdog ends them.
  it.each(Object.entries(tangles))('%s', { timeout: 100_000 }, (name, tangle) => {
    watchdog.beat(Object.keys(tangles).indexOf(name));
    expect(instrument(edited(small, tangle)).layout.layers).toBe(2);
  });

  it('a head size behind reshapes overflows no stack', () => {
    const file = edited({ ...small, width: 32, style: 'fused' }, (graph) => {
      for (const { name, type } of [...graph.input, ...graph.output]) {
        const value = type?.value;
        if (!/past|present/.test(name) || value?.case !== 'tensorType') continue;
        for (const dim of value.value.shape?.dim.slice(3) ?? []) {
          dim.value = { case: 'dimParam', value: 'd' };
        }
      }
      for (const attention of graph.node) {
        if (attention.opType !== 'GroupQueryAttention') continue;
        const at = attention.input[2] === '' ? 0 : 2;
        const tensor = attention.input[at] ?? '';
        const made = new Set(graph.node.map(({ output }) => output[0]));
        if (made.has('Identity_0')) continue;
        attention.input[at] = chain(graph, 'Identity', tensor, many);
      }
    });
    expect(inspectDecoder(file).cache.map(({ headDim }) => headDim)).toEqual([16, 16, 16, 16]);
  });
});
