/** What the loop graph asks of the host: on a GPU each such number would be waited for per token. */
import type { GraphProto, NodeProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { instrument } from '../../src/onnx/instrument.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { parseModel } from '../../src/onnx/model.js';
import { loopOutputs } from '../../src/onnx/names.js';
import { loopFeeds, open, tokenRows } from './session.js';
import { tinyDecoder } from './tinyDecoder.js';

/** By operator: the inputs that ONNX Runtime's CUDA provider reads on the host. */
const hostInputs: Readonly<Record<string, readonly number[]>> = {
  If: [0],
  TopK: [1],
  Slice: [1, 2, 3, 4],
  Split: [1],
  Reshape: [1],
  Expand: [1],
  Range: [0, 1, 2],
  ConstantOfShape: [0],
};

/** Operators that make numbers on the host out of what is on the host. */
const hostMakers = new Set(['Shape', 'Size']);
const hostArithmetic = new Set('Gather Add Sub Concat Unsqueeze Squeeze Cast Slice Mul'.split(' '));

/** A graph's nodes, and those of the graphs inside. */
function allNodes(graph: GraphProto): NodeProto[] {
  return graph.node.flatMap((node) => [
    node,
    ...node.attribute.flatMap(({ g }) => (g ? allNodes(g) : [])),
  ]);
}

function initializers(graph: GraphProto): string[] {
  const inside = graph.node.flatMap(({ attribute }) =>
    attribute.flatMap(({ g }) => (g ? initializers(g) : [])),
  );
  return [...graph.initializer.map(({ name }) => name), ...inside];
}

/** Host inputs of the loop's nodes that neither constants nor shapes lead to. */
function waitedFor(model: Uint8Array): string[] {
  const { graph } = parseModel(model);
  const nodes = allNodes(graph);
  const makers = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const constants = new Set(initializers(graph));
  const onHost = (name: string): boolean => {
    if (name === '' || constants.has(name)) return true;
    const maker = makers.get(name);
    if (maker === undefined) return false;
    if (hostMakers.has(maker.opType)) return true;
    return hostArithmetic.has(maker.opType) && maker.input.every(onHost);
  };
  const loop = graph.node.find(({ opType }) => opType === 'Loop');
  const body = loop?.attribute.find(({ name }) => name === 'body')?.g;
  const inside = body ? allNodes(body) : [];
  return inside.flatMap((node) =>
    (hostInputs[node.opType] ?? [])
      .map((at) => node.input[at] ?? '')
      .filter((name) => !onHost(name)),
  );
}

describe.each(['unfused', 'fused'] as const)('the loop of %s', (style) => {
  const file = tinyDecoder({ style });
  const { layout } = instrument(file);
  const prompts = [[3, 1, 4], [1, 5, 9, 2, 6], [5], [3, 5, 8, 9]];

  it('waits for nothing but whether to go on, where nothing is patched', () => {
    expect(waitedFor(instrumentLoop(file, { patch: false }).model)).toEqual([]);
    for (const steer of ['add', 'none'] as const) {
      const lean = instrumentLoop(file, { patch: false, steer, read: false });
      expect(waitedFor(lean.model)).toEqual([]);
    }
    // What the check would find: patches are counted inside the loop.
    expect(waitedFor(instrumentLoop(file).model)).not.toEqual([]);
  });

  it('gives the same bits with and without room for patches', async () => {
    const rows = prompts.length;
    const directions = Array.from({ length: layout.layers * layout.width }, (_, i) => Math.sin(i));
    const options = {
      maxNewTokens: 6,
      steer: {
        direction: directions,
        coefficient: Array<number>(rows * layout.layers).fill(0.7),
        ablation: Array<number>(rows * layout.layers).fill(0.2),
        mask: Array<number>(rows * 5).fill(1),
        directions: { values: directions, count: 1 },
      },
    };
    const feeds = loopFeeds(layout, prompts, options);
    const patched = await (await open(instrumentLoop(file).model)).run(feeds);
    const session = await open(instrumentLoop(file, { patch: false }).model);
    const known = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
    const plain = await session.run(Object.fromEntries(known));
    expect(tokenRows(plain, loopOutputs.tokens)).toEqual(tokenRows(patched, loopOutputs.tokens));
    expect(plain[loopOutputs.projections]?.data).toEqual(patched[loopOutputs.projections]?.data);
  });
});
