import { create } from '@bufbuild/protobuf';
import { GraphProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { GraphWriter } from '../../src/onnx/build.js';
import { dimensions, indexGraph } from '../../src/onnx/graph.js';
import { fusedHeadSize } from '../../src/onnx/headSize.js';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { edited } from './edits.js';

/** 4 heads and 2 shared ones of width 16, made from a state of width 8. */
const [heads, shared, size, width] = [4, 2, 16, 8];
const packedWidth = (heads + 2 * shared) * size;

function weights(writer: GraphWriter, columns: number): string {
  return writer.floats(new Float32Array(width * columns), [width, columns]);
}

/** What stands before a fused attention: its query, key and value. */
const origins: Record<string, (writer: GraphWriter) => string[]> = {
  'one product each, with biases': (writer) =>
    [heads, shared, shared].map((count) => {
      const made = writer.node('MatMul', ['x', weights(writer, count * size)]);
      return writer.node('Add', [
        writer.floats(new Float32Array(count * size), [count * size]),
        made,
      ]);
    }),
  'all three packed': (writer) => [
    writer.node('MatMul', ['x', weights(writer, packedWidth)]),
    '',
    '',
  ],
  'packed, then split': (writer) => {
    const outputs = ['q', 'k', 'v'];
    writer.node('Split', [writer.node('MatMul', ['x', weights(writer, packedWidth)])], { outputs });
    return outputs;
  },
  'packed in 4 bits': (writer) => [
    writer.node('MatMulNBits', ['x', 'bits', 'scales'], {
      domain: 'com.microsoft',
      attributes: { N: packedWidth, K: width, bits: 4 },
    }),
    '',
    '',
  ],
  'a transposed product': (writer) => {
    const turned = writer.floats(new Float32Array(width * packedWidth), [packedWidth, width]);
    return [writer.node('Gemm', ['x', turned], { attributes: { transB: 1 } }), '', ''];
  },
};

describe('fusedHeadSize', () => {
  it.each(Object.keys(origins))('is found behind %s', (origin) => {
    const writer = new GraphWriter('t');
    const inputs = [...(origins[origin]?.(writer) ?? []), 'past_key', 'past_value'];
    writer.node('GroupQueryAttention', inputs, {
      domain: 'com.microsoft',
      attributes: { num_heads: heads, kv_num_heads: shared },
    });
    const graph = create(GraphProtoSchema, {
      node: writer.nodes,
      initializer: writer.initializers,
    });
    expect(fusedHeadSize(indexGraph(graph), 'past_key')).toBe(size);
    expect(fusedHeadSize(indexGraph(graph), 'another')).toBeNull();
  });

  it('takes the place of a dimension that the cache leaves open', () => {
    const options = { style: 'fused', layers: 2, width: 32, heads: 2 } as const;
    const file = edited(options, (graph) => {
      for (const info of [...graph.input, ...graph.output]) {
        if ((dimensions(info)?.length ?? 0) < 4) continue;
        const type = info.type?.value;
        const dim = type?.case === 'tensorType' ? type.value.shape?.dim[3] : undefined;
        if (dim) dim.value = { case: 'dimParam', value: 'kv_cache_dim' };
      }
    });
    expect(inspectDecoder(file).cache.map(({ headDim }) => headDim)).toEqual([16, 16, 16, 16]);
  });
});
