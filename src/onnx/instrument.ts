/**
 * The instrumented graph of one forward: the decoder with steering and reading built in, its own
 * inputs and its cache as they were, and the inputs and outputs of names.ts beside them.
 *
 * Dimensions: `B` rows, `S` tokens fed, `L` layers, `D` width, `K` directions, `P` positions,
 * `V` vocabulary.
 */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { ValueInfoProto } from 'onnx-buf';
import { GraphWriter, valueInfo } from './build.js';
import { editNodes } from './edit.js';
import { readDecoder } from './inspect.js';
import type { DecoderLayout, InstrumentedModel, InstrumentOptions } from './layout.js';
import { serializeModel } from './model.js';
import { inputs, outputs } from './names.js';
import { documentPorts } from './ports.js';
import { pairWithRows } from './select.js';
import { maskStrengths, sortPatches, splitDirections, splitPatches, toFloat } from './steer.js';

/**
 * Builds steering and reading into a decoder. All inputs of names.ts must be fed; `P`, `K` and
 * the number of patches may be 0.
 *
 * @param model bytes of the ONNX file, as exported
 * @throws Error that says what was found, where it is not a decoder with a cache
 */
export function instrument(
  model: Uint8Array,
  { patch = true }: InstrumentOptions = {},
): InstrumentedModel {
  const decoder = readDecoder(model);
  const { layout, parsed } = decoder;
  const { layers } = layout;
  const writer = new GraphWriter('steer');
  const directions = splitDirections(writer, layers);
  const strengths = maskStrengths(writer, directions, inputs.mask, layers);
  const patches = patch ? splitPatches(writer, sortPatches(writer, layers), layers) : null;
  const reading = new Reading(writer, layers);
  const at = pairWithRows(writer, inputs.logitsPositions);
  const logits = editNodes(writer, decoder, {
    ...{ steer: { directions, strengths }, patches },
    read: (layer, tensor) => {
      reading.read(layer, layout.type === 'float16' ? toFloat(writer, tensor) : tensor);
    },
    select: (tensor) => writer.node('GatherND', [tensor, at]),
  });
  reading.finish();
  const { graph } = parsed;
  const own = layout.logits.output;
  const kept = graph.output.filter(({ name }) => name !== own);
  writer.node('Identity', [logits], { outputs: [outputs.logits] });
  writer.node('ArgMax', [logits], {
    outputs: [outputs.next],
    attributes: { axis: -1, keepdims: 0 },
  });
  graph.node = writer.nodes;
  graph.initializer.push(...writer.initializers);
  graph.input.push(...steeringInputs(layout, { patch }), ...forwardInputs());
  graph.output = [...forwardOutputs(layout), ...kept];
  graph.valueInfo = [];
  const ports = documentPorts(graph, layout);
  return { model: serializeModel(parsed.model), layout, ports };
}

/** Projections of every position and states of the chosen ones, over all layers. */
class Reading {
  readonly #projections: string[] = [];
  readonly #states: string[] = [];
  readonly #directions: string[];
  readonly #positions: string;

  constructor(
    readonly writer: GraphWriter,
    layers: number,
  ) {
    const transposed = writer.node('Transpose', [inputs.readDirections], {
      attributes: { perm: [0, 2, 1] },
    });
    const columns = writer.node('Unsqueeze', [transposed, writer.ints([1])]);
    this.#directions = writer.split(columns, layers, 0);
    const pairs = pairWithRows(writer, inputs.readPositions);
    this.#positions = writer.node('Unsqueeze', [pairs, writer.ints([0])]);
  }

  /** `[B, S, D]` × `[1, 1, D, K]` → `[1, B, S, K]`, and `[1, B, P, D]`. */
  read(layer: number, tensor: string): void {
    const columns = this.#directions[layer] ?? '';
    this.#projections.push(this.writer.node('MatMul', [tensor, columns]));
    this.#states.push(this.writer.node('GatherND', [tensor, this.#positions]));
  }

  finish(): void {
    const attributes = { axis: 0 };
    this.writer.node('Concat', this.#projections, { attributes, outputs: [outputs.projections] });
    this.writer.node('Concat', this.#states, { attributes, outputs: [outputs.states] });
  }
}

/** What of steering and reading a graph has inputs for; default: all. */
export interface SteeringInputs {
  patch?: boolean;
  ablate?: boolean;
  add?: boolean;
  read?: boolean;
}

/** Inputs of the instrumentation, in the order of names.ts. */
export function steeringInputs(
  { layers, width }: DecoderLayout,
  { patch = true, ablate = true, add = true, read = true }: SteeringInputs,
): ValueInfoProto[] {
  const { FLOAT, INT64 } = DataType;
  const all: [boolean, ValueInfoProto][] = [
    [add, valueInfo(inputs.direction, FLOAT, [layers, width])],
    [add, valueInfo(inputs.coefficient, FLOAT, [null, layers])],
    [ablate, valueInfo(inputs.ablation, FLOAT, [null, layers])],
    [add, valueInfo(inputs.mask, FLOAT, [null, null])],
    [read, valueInfo(inputs.readDirections, FLOAT, [layers, null, width])],
    [patch, valueInfo(inputs.patchIndex, INT64, [null, 3])],
    [patch, valueInfo(inputs.patchVector, FLOAT, [null, width])],
  ];
  return all.filter(([wanted]) => wanted).map(([, info]) => info);
}

function forwardInputs(): ValueInfoProto[] {
  const positions = [inputs.readPositions, inputs.logitsPositions];
  return positions.map((name) => valueInfo(name, DataType.INT64, [null, null]));
}

function forwardOutputs({ layers, width, vocabulary }: DecoderLayout): ValueInfoProto[] {
  return [
    valueInfo(outputs.logits, DataType.FLOAT, [null, null, vocabulary]),
    valueInfo(outputs.projections, DataType.FLOAT, [layers, null, null, null]),
    valueInfo(outputs.states, DataType.FLOAT, [layers, null, null, width]),
    valueInfo(outputs.next, DataType.INT64, [null, null]),
  ];
}
