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
import type { DecoderLayout, InstrumentedModel, LoopGraphOptions } from '../layout.js';
import { serializeModel } from '../model.js';
import { inputs, loopInputs, loopOutputs } from '../names.js';
import { documentPorts } from '../ports.js';
import { readAll, readFinite } from './reading.js';
import type { LoopReading } from './reading.js';
import { maskStrengths, sortPatches, splitDirections, splitPatches } from '../steer.js';
import type { Directions, Patches, SortedPatches, Treatment } from '../steer.js';
import { planSampling } from './sample.js';
import type { SamplingPlan } from './sample.js';
import { advance, cacheType, declareCarried, lastIterations, selectLast } from './step.js';
import { isExternal } from '../tensors.js';

const { BOOL, FLOAT, INT64 } = DataType;

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
  { patch = true, steer = 'all', read = true }: LoopGraphOptions = {},
): InstrumentedModel {
  const decoder = readDecoder(model);
  const { layout, parsed } = decoder;
  const outer = new GraphWriter('loop');
  const carried = new CarriedValues();
  declareCarried(outer, carried, layout);
  const reading = read ? readAll(outer, layout) : readFinite(layout);
  const body = makeBody(decoder, {
    ...{ carried, reading },
    directions: steer === 'none' ? null : declareSteering(outer, carried, { layout, steer }),
    patches: patch ? sortPatches(outer, layout.layers) : null,
    sampling: planSampling(outer, layout.vocabulary),
    ends: lastIterations(outer),
  });
  const outputs = [valueInfo(loopOutputs.tokens, INT64, [null, null]), ...reading.outputs];
  outer.node('Loop', [loopInputs.maxNewTokens, '', ...carried.initial], {
    outputs: [...carried.final, ...outputs.map(({ name }) => name)],
    attributes: { body },
  });
  const own = parsed.graph.input.filter(({ name }) => !decoder.index.initializers.has(name));
  const graph = create(GraphProtoSchema, {
    name: parsed.graph.name,
    node: outer.nodes,
    // Weights in other files stay where a session looks for them: in the outer graph.
    initializer: [...parsed.graph.initializer.filter(isExternal), ...outer.initializers],
    input: [...own, ...ownInputs(layout, { patch, steer, read })],
    output: [...outputs, ...presentOutputs(layout)],
  });
  parsed.model.graph = graph;
  const ports = documentPorts(graph, layout);
  return { model: serializeModel(parsed.model), layout, ports };
}

/** What stands outside the loop. */
interface Outside {
  carried: CarriedValues;
  /** null where the loop does not steer. */
  directions: Directions | null;
  patches: SortedPatches | null;
  reading: LoopReading;
  sampling: SamplingPlan;
  /** The iteration in which each row has all its tokens. */
  ends: string;
}

/** Cuts the directions up, and carries on where they act. */
function declareSteering(
  outer: GraphWriter,
  carried: CarriedValues,
  { layout, steer }: { layout: DecoderLayout; steer: 'all' | 'add' },
): Directions {
  carried.declare(steerMask, { initial: inputs.mask, type: FLOAT, shape: [null, null] });
  return splitDirections(outer, layout.layers, { ablate: steer === 'all' });
}

/** The carried position mask of steering. */
const steerMask = 'steer_mask';

function makeBody(decoder: DecoderGraph, outside: Outside): GraphProto {
  const { layout, parsed } = decoder;
  const { carried, directions, sampling, reading, ends } = outside;
  const { layers } = layout;
  const writer = new GraphWriter('loop.body');
  const iteration = writer.unique('iteration');
  const last = selectLast(writer, carried, layout);
  const logits = editNodes(writer, decoder, {
    steer: directions === null ? null : steerBody(writer, carried, { directions, layers }),
    patches: promptPatches(writer, outside.patches, { iteration, layers }),
    read: (layer, tensor) => {
      reading.read(layer, tensor, last);
    },
    select: last,
  });
  enterBody(writer.nodes, carried, layout);
  const { tokens, going } = advance(writer, carried, {
    ...{ layout, sampling, logits, iteration, last, ends },
  });
  const readings = reading.finish(writer);
  const own = parsed.graph.initializer.filter((tensor) => !isExternal(tensor));
  const initializers = [...own, ...writer.initializers];
  const output = [
    valueInfo(going, BOOL, []),
    ...carried.bodyOutputs,
    valueInfo(tokens, INT64),
    ...readings.map((name) => valueInfo(name, FLOAT)),
  ];
  const counters = [valueInfo(iteration, INT64, []), valueInfo(writer.unique('going'), BOOL, [])];
  const input = [...counters, ...carried.bodyInputs];
  return makeGraph('body', { nodes: writer.nodes, initializers }, { input, output });
}

/** Strengths of this iteration; the next ones are those of generated tokens. */
function steerBody(
  writer: GraphWriter,
  carried: CarriedValues,
  { directions, layers }: { directions: Directions; layers: number },
): Treatment['steer'] {
  const mask = carried.current(steerMask);
  const strengths = maskStrengths(writer, directions, mask, layers);
  const generated = [loopInputs.generatedMask, writer.ints([1])];
  carried.advance(steerMask, writer.node('Unsqueeze', generated));
  return { directions, strengths };
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
  const active = writer.node('Cast', [first], { attributes: { to: INT64 } });
  return splitPatches(writer, patches, layers, active);
}

/** Of the instrumentation and of generation. */
function ownInputs(
  layout: DecoderLayout,
  { patch, steer, read }: Required<LoopGraphOptions>,
): ValueInfoProto[] {
  const steering = { patch, read, add: steer !== 'none', ablate: steer === 'all' };
  const states = read ? [valueInfo(loopInputs.readStates, INT64, [])] : [];
  return [...steeringInputs(layout, steering), ...samplingInputs(), ...states];
}

/** What every loop is told: how far to go, and how tokens are drawn. */
export function samplingInputs(): ValueInfoProto[] {
  return [
    valueInfo(loopInputs.maxNewTokens, INT64, []),
    valueInfo(loopInputs.room, INT64, [null]),
    valueInfo(loopInputs.stop, INT64, [null]),
    valueInfo(loopInputs.generatedMask, FLOAT, [null]),
    valueInfo(loopInputs.temperature, FLOAT, []),
    valueInfo(loopInputs.topP, FLOAT, []),
    valueInfo(loopInputs.topK, INT64, []),
    valueInfo(loopInputs.uniforms, FLOAT, [null, null]),
  ];
}

function presentOutputs({ cache }: DecoderLayout): ValueInfoProto[] {
  return cache.map((tensor) =>
    valueInfo(tensor.present, cacheType(tensor), [null, tensor.heads, null, tensor.headDim]),
  );
}
