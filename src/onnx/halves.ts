/**
 * A decoder cut in two at one block's output: what steering at that block and above it leaves alone,
 * and what it changes. Rows that differ in steering only share the lower half, which is run once.
 *
 * Neither half has logits: they prefill, and generation goes on from their keys and values.
 */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { GraphProto } from 'onnx-buf';
import { GraphWriter, valueInfo } from './build.js';
import { editNodes } from './edit.js';
import { keepNeeded, readsOf } from './graph.js';
import { readDecoder } from './inspect.js';
import type { DecoderGraph } from './inspect.js';
import { steeringInputs } from './instrument.js';
import type { InstrumentedModel } from './layout.js';
import { serializeModel } from './model.js';
import { halfStates, inputs } from './names.js';
import { documentPorts } from './ports.js';
import { maskStrengths, splitDirections } from './steer.js';

/**
 * Blocks 0 … `layer`, as they were exported: gives `half.states`, the output of the last of them,
 * and the keys and values that do not depend on it.
 *
 * @param model bytes of the ONNX file, as exported
 * @throws Error that says what was found, where it is not a decoder with a cache
 */
export function instrumentLower(model: Uint8Array, layer: number): InstrumentedModel {
  const decoder = readDecoder(model);
  const writer = new GraphWriter('half');
  let output = '';
  editNodes(writer, decoder, {
    ...{ steer: null, patches: null, select: (tensor: string) => tensor },
    read: (l, tensor) => {
      if (l === layer) output = tensor;
    },
  });
  writer.node('Identity', [output], { outputs: [halfStates] });
  const { graph } = decoder.parsed;
  graph.node = writer.nodes;
  const above = tensorsAfter(graph, output);
  graph.output = [
    halfInfo(decoder),
    ...graph.output.filter(({ name }) => isPresent(decoder, name) && !above.has(name)),
  ];
  return finish(decoder, writer);
}

/**
 * The treatment of block `layer`'s output and the blocks after it: takes `half.states` and steering,
 * gives the keys and values that depend on them, of which there may be none. It reads and patches
 * nothing.
 *
 * @param model bytes of the ONNX file, as exported
 * @throws as {@link instrumentLower}
 */
export function instrumentUpper(model: Uint8Array, layer: number): InstrumentedModel {
  const decoder = readDecoder(model);
  const { layout, parsed } = decoder;
  const writer = new GraphWriter('half');
  const directions = splitDirections(writer, layout.layers);
  const strengths = maskStrengths(writer, directions, inputs.mask, layout.layers);
  editNodes(writer, decoder, {
    ...{ steer: { directions, strengths }, patches: null, enter: { layer, tensor: halfStates } },
    ...{ read: () => undefined, select: (tensor: string) => tensor },
  });
  const { graph } = parsed;
  graph.node = writer.nodes;
  const above = tensorsAfter(graph, halfStates);
  graph.input.push(halfInfo(decoder), ...steeringInputs(layout, { patch: false, read: false }));
  graph.output = graph.output.filter(({ name }) => isPresent(decoder, name) && above.has(name));
  return finish(decoder, writer);
}

function halfInfo({ layout: { type, width } }: DecoderGraph): GraphProto['input'][number] {
  const { FLOAT, FLOAT16 } = DataType;
  return valueInfo(halfStates, type === 'float16' ? FLOAT16 : FLOAT, [null, null, width]);
}

function isPresent({ layout }: DecoderGraph, name: string): boolean {
  return layout.cache.some(({ present }) => present === name);
}

/** Everything that is made from a tensor, itself included. Nodes are in topological order. */
function tensorsAfter({ node: nodes }: GraphProto, tensor: string): Set<string> {
  const after = new Set([tensor]);
  for (const node of nodes) {
    if (!readsOf(node).some((name) => after.has(name))) continue;
    for (const name of node.output) if (name !== '') after.add(name);
  }
  return after;
}

/** Takes out what the outputs do not need. */
function finish({ layout, parsed }: DecoderGraph, writer: GraphWriter): InstrumentedModel {
  const { graph } = parsed;
  graph.initializer.push(...writer.initializers);
  const needed = keepNeeded(graph);
  graph.input = graph.input.filter(({ name }) => needed.has(name));
  graph.valueInfo = [];
  const ports = documentPorts(graph, layout);
  return { model: serializeModel(parsed.model), layout, ports };
}
