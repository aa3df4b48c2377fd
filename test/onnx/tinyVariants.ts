/** Tiny decoders with a part of their MLP inside a model's own function, or inside a branch. */
import { create } from '@bufbuild/protobuf';
import {
  FunctionProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import type { FunctionProto, GraphProto, NodeProto, OperatorSetIdProto } from 'onnx-buf';
import { GraphWriter, makeGraph, valueInfo } from '../../src/onnx/build.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';

const domain = 'tiny.functions';

/** Every Sigmoid becomes a call of a function that calls it. */
export function withFunction(bytes: Uint8Array): Uint8Array {
  const { model, graph, opset } = parseModel(bytes);
  for (const node of graph.node) {
    if (node.opType === 'Sigmoid') Object.assign(node, { opType: 'Gate', domain });
  }
  model.opsetImport.push(version(domain, 1));
  model.functions.push(makeFunction('Gate', ['Sigmoid'], opset));
  return serializeModel(model);
}

/** A function of one input and one output that calls operators, or functions, in turn. */
export function makeFunction(
  name: string,
  operators: readonly string[],
  opset: number,
): FunctionProto {
  const node = operators.map((opType, i): NodeProto => {
    const output = [i === operators.length - 1 ? 'y' : `x_${i + 1}`];
    const own = opType.startsWith('Gate') ? domain : '';
    const input = [i === 0 ? 'x' : `x_${i}`];
    return create(NodeProtoSchema, { opType, domain: own, input, output });
  });
  const opsetImport = [version('', opset), version(domain, 1)];
  const ends = { input: ['x'], output: ['y'] };
  return create(FunctionProtoSchema, { name, domain, ...ends, node, opsetImport });
}

function version(of: string, number: number): OperatorSetIdProto {
  return create(OperatorSetIdProtoSchema, { domain: of, version: BigInt(number) });
}

/** Every Sigmoid becomes an If, `depth` of them inside each other; all branches compute it. */
export function withBranches(bytes: Uint8Array, depth = 1): Uint8Array {
  const { model, graph } = parseModel(bytes);
  const condition = { name: 'tiny.condition', dataType: DataType.BOOL, int32Data: [1] };
  graph.initializer.push(create(TensorProtoSchema, condition));
  graph.node.forEach((node, i) => {
    if (node.opType !== 'Sigmoid') return;
    const [tensor = ''] = node.input;
    const attributes = branches(`branch_${i}`, tensor, depth);
    const writer = new GraphWriter(`branch_${i}`);
    writer.node('If', [condition.name], { attributes, outputs: node.output });
    graph.node[i] = writer.nodes[0] ?? node;
  });
  return serializeModel(model);
}

function branches(prefix: string, tensor: string, depth: number): Record<string, GraphProto> {
  const make = (name: string): GraphProto => {
    const writer = new GraphWriter(name);
    const output =
      depth === 1 || name.endsWith('else')
        ? writer.node('Sigmoid', [tensor])
        : writer.node('If', ['tiny.condition'], { attributes: branches(name, tensor, depth - 1) });
    return makeGraph(name, writer, { output: [valueInfo(output, DataType.FLOAT)] });
  };
  return { then_branch: make(`${prefix}.then`), else_branch: make(`${prefix}.else`) };
}
