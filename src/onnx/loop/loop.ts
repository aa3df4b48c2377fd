/**
 * The decoder as the body of an ONNX `Loop`: one run is the prefill (or its continuation from a
 * cache) and up to `T` steps of decoding, so the cache crosses into JavaScript once per call.
 *
 * The loop-carried token ids have the prompt's length in the first iteration and 1 afterwards, so
 * one body does both. Weights are initialisers of the body: a token then costs about a tenth less
 * processor time than with weights of the outer graph (8 layers, width 128, batch 1).
 *
 * Dimensions: `B` rows, `S` prompt tokens fed, `T` generated tokens, `L` layers, `D` width,
 * `K` directions, `V` vocabulary.
 */
import { create } from '@bufbuild/protobuf';
import { GraphProtoSchema, TensorProto_DataType as DataType } from 'onnx-buf';
import type { GraphProto, NodeProto, ValueInfoProto } from 'onnx-buf';
import { GraphWriter, makeGraph, valueInfo } from '../build.js';
import { CarriedValues } from './carried.js';
import { editNodes } from '../edit.js';
import { renameTensors } from '../graph.js';
import { readDecoder } from '../inspect.js';
import type { DecoderGraph } from '../inspect.js';
import { steeringInputs } from '../instrument.js';
import type { DecoderLayout, InstrumentedModel, InstrumentOptions } from '../layout.js';
import { serializeModel } from '../model.js';
import { inputs, loopInputs, loopOutputs } from '../names.js';
import { documentPorts } from '../ports.js';
import { maskStrengths, sortPatches, splitDirections, splitPatches, toFloat } from '../steer.js';
import type { Directions, Patches, SortedPatches } from '../steer.js';
import { planSampling } from './sample.js';
import type { SamplingPlan } from './sample.js';
import { advance, cacheType, declareCarried, selectLast } from './step.js';
import { isExternal } from '../tensors.js';

/**
 * Builds generation, with steering and reading, around a decoder.
 *
 * Full-mask graphs take prompts padded on the left: the last token of every row is at S − 1.
 * Graphs with `GroupQueryAttention` take them padded on the right, and find each row's last token
 * from the sum of its attention mask; with a cache they take one row, or one token per row.
 * Patches act on the prompt only.
 *
 * @param model bytes of the ONNX file, as exported
 * @throws Error that says what was found, where it is not a decoder with a cache
 */
export function instrumentLoop(
  model: Uint8Array,
  { patch = true }: InstrumentOptions = {},
): InstrumentedModel {
  const decoder = readDecoder(model);
  const { layout, parsed } = decoder;
  const outer = new GraphWriter('loop');
  const prepared = {
    directions: splitDirections(outer, layout.layers),
    patches: patch ? sortPatches(outer, layout.layers) : null,
    readColumns: outer.node('Transpose', [inputs.readDirections], {
      attributes: { perm: [0, 2, 1] },
    }),
    readEnd: outer.onHost(outer.node('Unsqueeze', [loopInputs.readStates, outer.ints([0])])),
    sampling: planSampling(outer, layout.vocabulary),
  };
  const carried = new CarriedValues();
  declareCarried(outer, carried, layout, inputs.mask);
  const body = makeBody(decoder, { ...prepared, carried });
  const scans = [loopOutputs.tokens, loopOutputs.projections, loopOutputs.states];
  outer.node('Loop', [loopInputs.maxNewTokens, '', ...carried.initial], {
    outputs: [...carried.final, ...scans],
    attributes: { body },
  });
  const own = parsed.graph.input.filter(({ name }) => !decoder.index.initializers.has(name));
  const graph = create(GraphProtoSchema, {
    name: parsed.graph.name,
    node: outer.nodes,
    // Weights in other files stay where a session looks for them: in the outer graph.
    initializer: [...parsed.graph.initializer.filter(isExternal), ...outer.initializers],
    input: [...own, ...steeringInputs(layout, patch), ...generationInputs()],
    output: [...scanOutputs(layout), ...presentOutputs(layout)],
  });
  parsed.model.graph = graph;
  const ports = documentPorts(graph, layout);
  return { model: serializeModel(parsed.model), layout, ports };
}

/** What stands outside the loop. */
interface Outside {
  carried: CarriedValues;
  directions: Directions;
  patches: SortedPatches | null;
  /** `[L, D, K]` */
  readColumns: string;
  /** int64 `[1]`: 1 where whole states are wanted, else 0. */
  readEnd: string;
  sampling: SamplingPlan;
}

function makeBody(decoder: DecoderGraph, outside: Outside): GraphProto {
  const { layout, parsed } = decoder;
  const { carried, directions, sampling } = outside;
  const writer = new GraphWriter('loop.body');
  const iteration = writer.unique('iteration');
  const mask = carried.current('steer_mask');
  const last = selectLast(writer, carried, layout);
  const states: string[] = [];
  const logits = editNodes(writer, decoder, {
    directions,
    strengths: maskStrengths(writer, directions, mask, layout.layers),
    patches: promptPatches(writer, outside.patches, { iteration, layers: layout.layers }),
    read: (_, tensor) => states.push(last(tensor)),
    select: last,
  });
  enterBody(writer.nodes, carried, layout);
  const { tokens, going } = advance(writer, carried, {
    ...{ layout, sampling, logits, iteration, last },
  });
  const readings = finishReading(writer, layout, states, outside);
  const own = parsed.graph.initializer.filter((tensor) => !isExternal(tensor));
  const initializers = [...own, ...writer.initializers];
  const output = [
    valueInfo(going, DataType.BOOL, []),
    ...carried.bodyOutputs,
    valueInfo(tokens, DataType.INT64),
    ...readings.map((name) => valueInfo(name, DataType.FLOAT)),
  ];
  const counters = [
    valueInfo(iteration, DataType.INT64, []),
    valueInfo(writer.unique('going'), DataType.BOOL, []),
  ];
  const input = [...counters, ...carried.bodyInputs];
  return makeGraph('body', { nodes: writer.nodes, initializers }, { input, output });
}

/** The decoder's nodes read and write what is carried, under its names inside the body. */
function enterBody(
  nodes: readonly NodeProto[],
  carried: CarriedValues,
  { inputs: own, cache }: DecoderLayout,
): void {
  const names = new Map<string, string>();
  for (const name of Object.values<string | null>({ ...own })) {
    if (name !== null) names.set(name, carried.current(name));
  }
  for (const { past, present } of cache) {
    names.set(past, carried.current(past));
    names.set(present, `loop.body/${present}`);
    carried.advance(past, `loop.body/${present}`);
  }
  renameTensors(nodes, names);
}

/** All patches in the first iteration, none afterwards. */
function promptPatches(
  writer: GraphWriter,
  patches: SortedPatches | null,
  { iteration, layers }: { iteration: string; layers: number },
): Patches | null {
  if (patches === null) return null;
  const first = writer.node('Equal', [iteration, writer.ints([0])]);
  const active = writer.node('Cast', [first], { attributes: { to: DataType.INT64 } });
  return splitPatches(writer, patches, layers, active);
}

/** Projections `[L, B, K]` and states `[L, B, n, D]` of the last token, from L of `[B, 1, D]`. */
function finishReading(
  writer: GraphWriter,
  { type }: DecoderLayout,
  states: readonly string[],
  { readColumns, readEnd }: Pick<Outside, 'readColumns' | 'readEnd'>,
): string[] {
  const joined = writer.node('Concat', states, { attributes: { axis: 1 } });
  const rows = type === 'float16' ? toFloat(writer, joined) : joined;
  const all = writer.node('Transpose', [rows], { attributes: { perm: [1, 0, 2] } });
  const whole = writer.node('Unsqueeze', [all, writer.ints([2])]);
  const cut = [writer.ints([0]), readEnd, writer.ints([2])];
  return [writer.node('MatMul', [all, readColumns]), writer.node('Slice', [whole, ...cut])];
}

function generationInputs(): ValueInfoProto[] {
  return [...samplingInputs(), valueInfo(loopInputs.readStates, DataType.INT64, [])];
}

/** What every loop is told: how far to go, and how tokens are drawn. */
export function samplingInputs(): ValueInfoProto[] {
  const { INT64, FLOAT } = DataType;
  return [
    valueInfo(loopInputs.maxNewTokens, INT64, []),
    valueInfo(loopInputs.stop, INT64, [null]),
    valueInfo(loopInputs.generatedMask, FLOAT, [null]),
    valueInfo(loopInputs.temperature, FLOAT, []),
    valueInfo(loopInputs.topP, FLOAT, []),
    valueInfo(loopInputs.topK, INT64, []),
    valueInfo(loopInputs.uniforms, FLOAT, [null, null]),
  ];
}

function scanOutputs({ layers, width }: DecoderLayout): ValueInfoProto[] {
  return [
    valueInfo(loopOutputs.tokens, DataType.INT64, [null, null]),
    valueInfo(loopOutputs.projections, DataType.FLOAT, [null, layers, null, null]),
    valueInfo(loopOutputs.states, DataType.FLOAT, [null, layers, null, null, width]),
  ];
}

function presentOutputs({ cache }: DecoderLayout): ValueInfoProto[] {
  return cache.map((tensor) =>
    valueInfo(tensor.present, cacheType(tensor), [null, tensor.heads, null, tensor.headDim]),
  );
}
