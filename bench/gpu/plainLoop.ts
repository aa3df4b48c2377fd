/** The generation loop around an untouched decoder: what steering and reading are weighed against. */
import { create } from '@bufbuild/protobuf';
import { GraphProtoSchema, TensorProto_DataType as DataType } from 'onnx-buf';
import { GraphWriter, makeGraph, valueInfo } from '../../src/onnx/build.js';
import { CarriedValues } from '../../src/onnx/loop/carried.js';
import { renameTensors } from '../../src/onnx/graph.js';
import { readDecoder } from '../../src/onnx/inspect.js';
import { samplingInputs } from '../../src/onnx/loop/loop.js';
import { serializeModel } from '../../src/onnx/model.js';
import { loopInputs, loopOutputs } from '../../src/onnx/names.js';
import { planSampling } from '../../src/onnx/loop/sample.js';
import { toFloat } from '../../src/onnx/steer.js';
import { advance, declareCarried, lastIterations, selectLast } from '../../src/onnx/loop/step.js';
import { isExternal } from '../../src/onnx/tensors.js';

/** @returns a graph with the loop's inputs that is read by `loop.tokens` alone */
export function plainLoop(model: Uint8Array): Uint8Array {
  const { parsed, layout, head } = readDecoder(model);
  const outer = new GraphWriter('loop');
  const carried = new CarriedValues();
  declareCarried(outer, carried, layout);
  const sampling = planSampling(outer, layout.vocabulary);
  const writer = new GraphWriter('loop.body');
  const iteration = writer.unique('iteration');
  const last = selectLast(writer, carried, layout);
  parsed.graph.node.forEach((node, i) => {
    if (i === head.node) node.input[0] = last(head.states ?? '');
    writer.nodes.push(node);
  });
  const names = new Map<string, string>([[layout.logits.output, 'loop.body/logits']]);
  for (const name of Object.values<string | null>({ ...layout.inputs })) {
    if (name !== null) names.set(name, carried.current(name));
  }
  for (const { past, present } of layout.cache) {
    names.set(past, carried.current(past));
    names.set(present, `loop.body/${present}`);
    carried.advance(past, `loop.body/${present}`);
  }
  renameTensors(writer.nodes, names);
  const raw = head.node === null ? last('loop.body/logits') : 'loop.body/logits';
  const logits = toFloat(writer, raw);
  const { tokens, going } = advance(writer, carried, {
    ...{ layout, sampling, logits, iteration, last, ends: lastIterations(outer) },
  });
  const { INT64, BOOL } = DataType;
  const counters = [valueInfo(iteration, INT64, []), valueInfo(writer.unique('going'), BOOL, [])];
  const own = parsed.graph.initializer.filter((tensor) => !isExternal(tensor));
  const body = makeGraph(
    'body',
    { nodes: writer.nodes, initializers: [...own, ...writer.initializers] },
    {
      input: [...counters, ...carried.bodyInputs],
      output: [valueInfo(going, BOOL, []), ...carried.bodyOutputs, valueInfo(tokens, INT64)],
    },
  );
  outer.node('Loop', [loopInputs.maxNewTokens, '', ...carried.initial], {
    outputs: [...carried.final, loopOutputs.tokens],
    attributes: { body },
  });
  parsed.model.graph = create(GraphProtoSchema, {
    name: parsed.graph.name,
    node: outer.nodes,
    initializer: [...parsed.graph.initializer.filter(isExternal), ...outer.initializers],
    input: [...parsed.graph.input, ...samplingInputs()],
    output: [valueInfo(loopOutputs.tokens, INT64, [null, null])],
  });
  return serializeModel(parsed.model);
}
