import { readFileSync } from 'node:fs';
import { TensorProto_DataType as DataType } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { GraphWriter, valueInfo } from '../../src/onnx/build.js';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { edited } from './edits.js';
import { tinyDecoder, type TinyOptions } from './tinyDecoder.js';

const small = { layers: 1, width: 32, maxLength: 48 } as const;

/** A decoder with learned positions whose indices are made in another way. */
function withIndices(make: (writer: GraphWriter) => string): Uint8Array {
  return edited({ ...small, style: 'parallel' }, (graph) => {
    const writer = new GraphWriter('indices');
    const made = make(writer);
    const table = graph.node.find(({ opType, input }) => opType === 'Gather' && input[1] === 'position_ids'); // prettier-ignore
    if (table) table.input[1] = made;
    graph.node = [...writer.nodes, ...graph.node];
    graph.initializer.push(...writer.initializers);
  });
}

describe('how many positions a graph has', () => {
  it.each<[TinyOptions['style'], unknown]>([
    ['unfused', { context: null, slots: null }],
    ['fused', { context: { positions: 48, source: 'rotary cache in the graph' }, slots: 48 }],
    [
      'parallel',
      { context: { positions: 48, source: 'table of positions in the graph' }, slots: null },
    ],
    [
      'post-norm',
      { context: { positions: 48, source: 'table of positions in the graph' }, slots: null },
    ],
    ['sandwich', { context: null, slots: null }],
  ])('%s', (style, expected) => {
    expect(inspectDecoder(tinyDecoder({ ...small, style })).positions).toEqual(expected);
  });

  it('is that of the configuration a real exporter had (n_positions of GPT-2: 128)', () => {
    const file = new URL('../fixtures/decoders/gpt2/optimised/model.onnx', import.meta.url);
    expect(inspectDecoder(readFileSync(file)).positions.context?.positions).toBe(128);
  });

  it('leaves out the rows that an offset skips, as OPT and its cumulative mask do', () => {
    const offset = withIndices((w) => w.node('Add', ['position_ids', w.ints(2)]));
    expect(inspectDecoder(offset).positions.context?.positions).toBe(46);
    const summed = withIndices((w) => {
      const sum = w.node('CumSum', ['attention_mask', w.ints(1)]);
      const real = w.node('Mul', [sum, 'attention_mask']);
      const from = w.node('Sub', [real, w.ints(1)]);
      return w.node('Add', [
        w.node('Cast', [from], { attributes: { to: DataType.INT64 } }),
        w.ints(2),
      ]);
    });
    expect(inspectDecoder(summed).positions.context?.positions).toBe(46);
  });

  it('sees no limit in a table of relative distances', () => {
    const buckets = withIndices((w) => {
      const far = w.node('Min', ['position_ids', w.ints(31)]);
      return w.node('Abs', [far]);
    });
    expect(inspectDecoder(buckets).positions.context).toBeNull();
  });

  it('sees the mask that is cut to the length, which padding meets too', () => {
    const masked = edited({ ...small, style: 'unfused' }, (graph) => {
      const w = new GraphWriter('cut');
      const mask = w.floats(new Float32Array(40 * 40), [1, 1, 40, 40]);
      const total = w.node('Gather', [w.node('Shape', ['attention_mask']), w.ints([1])]);
      w.node('Slice', [mask, w.ints([0]), total, w.ints([3])], { outputs: ['cut/kept'] });
      graph.node = [...graph.node, ...w.nodes];
      graph.initializer.push(...w.initializers);
    });
    const { context, slots } = inspectDecoder(masked).positions;
    expect([context?.positions, slots]).toEqual([40, 40]);
  });

  it('refuses a fixed length, which no other would fit', () => {
    const fixed = edited({ ...small, style: 'unfused' }, (graph) => {
      const at = graph.input.findIndex(({ name }) => name === 'attention_mask');
      graph.input[at] = valueInfo('attention_mask', DataType.INT64, [null, 64]);
    });
    expect(() => inspectDecoder(fixed)).toThrow(
      'model: its attention_mask take 64 tokens only (expected any number); export it with dynamic axes',
    );
  });
});
