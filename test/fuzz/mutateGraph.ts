/** Damage that keeps to the format: what a careless or hostile exporter could write. */
import { clone, create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  SparseTensorProtoSchema,
  StringStringEntryProtoSchema,
} from 'onnx-buf';
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from 'onnx-buf';
import type { Random } from '../../src/math/random.js';
import { tensorsOf } from '../../src/onnx/tensors.js';
import { scopesOf } from '../../src/onnx/walk.js';
import { moveOut } from '../onnx/tinyExternal.js';

/** What mutations choose from; lists may be empty. */
export interface Target {
  model: ModelProto;
  graph: GraphProto;
  nodes: NodeProto[];
  tensors: TensorProto[];
  attributes: AttributeProto[];
  /** Names of tensors. */
  names: string[];
}

export type GraphMutation = (random: Random, target: Target) => void;

/** Lists a model's parts, those of its subgraphs and functions included. */
export function targetOf(model: ModelProto, graph: GraphProto): Target {
  const scopes = [...scopesOf(model)];
  const nodes = scopes.flatMap((scope) => scope.nodes);
  const made = nodes.flatMap(({ input, output }) => [...input, ...output]);
  const declared = [...graph.input, ...graph.output, ...graph.initializer].map(({ name }) => name);
  return {
    ...{ model, graph, nodes },
    tensors: [...tensorsOf(model)],
    attributes: nodes.flatMap(({ attribute }) => attribute),
    names: [...new Set([...made, ...declared])],
  };
}

const numbers = [-1n, 0n, 1n, 2n, 3n, 255n, 2n ** 31n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 62n, -(2n ** 63n)]; // prettier-ignore
const operators =
  'If Loop Scan Softmax Gather Transpose Constant Identity Cast Add Sum MatMul Gemm Split Reshape Shape ConstantOfShape Slice Where Einsum MatMulNBits GroupQueryAttention SkipLayerNormalization SkipSimplifiedLayerNormalization DequantizeLinear DynamicQuantizeLinear Gate Nothing'.split(
    ' ',
  );
const texts = ['', 'logits', 'input_ids', 'steer/block_0', 'loop.tokens', 'read.states', 'past_key_values.0.key', 'present.0.key', 'a\nb', 'x'.repeat(2000), '☃']; // prettier-ignore

const shapes: Record<string, GraphMutation> = {
  weightDimension(random, { tensors }) {
    const { dims } = some(random, tensors);
    dims[random.integer(dims.length + 1)] = random.pick(numbers);
  },
  weightRank(random, { tensors }) {
    const tensor = some(random, tensors);
    if (random.integer(2) === 0) tensor.dims.pop();
    else tensor.dims.push(random.pick(numbers));
  },
  declaredDimension(random, { graph }) {
    const info = random.pick([...graph.input, ...graph.output]);
    const type = info.type?.value;
    if (type?.case !== 'tensorType') return;
    if (random.integer(8) === 0) delete type.value.shape;
    const dim = type.value.shape?.dim;
    if (dim === undefined) return;
    const value = { case: 'dimValue', value: random.pick(numbers) } as const;
    if (random.integer(4) === 0) dim.pop();
    else some(random, dim).value = value;
  },
  elementType(random, { tensors, graph }) {
    const type = random.integer(32) - 1;
    if (random.integer(2) === 0) some(random, tensors).dataType = type;
    const value = random.pick([...graph.input, ...graph.output]).type?.value;
    if (value?.case === 'tensorType') value.value.elemType = type;
  },
  weightData(random, { tensors }) {
    const tensor = some(random, tensors);
    if (random.integer(2) === 0) tensor.rawData = tensor.rawData.slice(random.integer(5));
    else tensor.int64Data.push(random.pick(numbers));
  },
};

const wires: Record<string, GraphMutation> = {
  rewire(random, { nodes, names }) {
    const { input } = some(random, nodes);
    input[random.integer(input.length + 1)] = random.pick(names);
  },
  unwire(random, { nodes }) {
    const node = some(random, nodes);
    node.input = node.input.slice(0, random.integer(node.input.length + 1));
  },
  rename(random, { graph, nodes, names }) {
    const name = random.pick([...texts, ...names]);
    const place = random.integer(5);
    if (place === 0) some(random, nodes).name = name;
    else if (place === 1) some(random, nodes).output[0] = name;
    else random.pick([...graph.input, ...graph.output, ...graph.initializer]).name = name;
  },
  swapOutputs(random, { nodes }) {
    const [a, b] = [some(random, nodes), some(random, nodes)];
    [a.output, b.output] = [b.output, a.output];
  },
  moreOutputs(random, { nodes, names }) {
    some(random, nodes).output.push(random.pick(names));
  },
  reorder(random, { graph }) {
    graph.node = random.shuffle(graph.node);
  },
  removeNode(random, { graph }) {
    graph.node.splice(random.integer(graph.node.length), 1);
  },
  repeatNode(random, { graph, nodes }) {
    graph.node.splice(random.integer(graph.node.length), 0, some(random, nodes));
  },
  ends(random, { graph }) {
    const list = random.pick([graph.input, graph.output, graph.initializer, graph.valueInfo]);
    if (list.length === 0) return;
    const at = random.integer(list.length);
    if (random.integer(2) === 0) list.splice(at, 1);
    else (list as unknown[]).push(list[at]);
  },
};

const operations: Record<string, GraphMutation> = {
  operator(random, { nodes }) {
    some(random, nodes).opType = random.pick(operators);
  },
  swapOperators(random, { nodes }) {
    const [a, b] = [some(random, nodes), some(random, nodes)];
    [a.opType, b.opType] = [b.opType, a.opType];
  },
  domain(random, { nodes, model }) {
    const domain = random.pick(['', 'ai.onnx', 'com.microsoft', 'tiny.functions', 'nobody.knows']);
    if (random.integer(2) === 0) some(random, nodes).domain = domain;
    else some(random, model.opsetImport).domain = domain;
  },
  opset(random, { model }) {
    some(random, model.opsetImport).version = random.pick([...numbers, 13n, 17n, 18n, 21n]);
  },
  attribute(random, { nodes, attributes }) {
    const one = some(random, attributes);
    const kind = random.integer(6);
    if (kind === 0) one.i = random.pick(numbers);
    else if (kind === 1) one.ints = one.ints.map(() => random.pick(numbers));
    else if (kind === 2) one.type = random.integer(15);
    else if (kind === 3)
      one.name = random.pick(['axis', 'perm', 'to', 'value', 'transB', 'K', 'N']);
    else if (kind === 4) some(random, nodes).attribute.push(clone(AttributeProtoSchema, one));
    else some(random, nodes).attribute = [];
  },
  nest(random, { nodes }) {
    const node = some(random, nodes);
    const one = some(random, node.attribute);
    one.type = AttributeType.GRAPH;
    // Copies: a node inside itself could not be written.
    const inner = nodes.slice(0, 3).map((each) => clone(NodeProtoSchema, each));
    one.g = create(GraphProtoSchema, { node: inner, name: 'nested' });
  },
};

const weights: Record<string, GraphMutation> = {
  external(random, { tensors }) {
    const { externalData } = some(random, tensors);
    if (externalData.length === 0) return;
    const entry = random.pick(externalData);
    if (random.integer(3) === 0)
      entry.key = random.pick(['location', 'offset', 'length', 'prepacked_0', '']); // prettier-ignore
    else if (entry.key === 'location') entry.value = random.pick(places);
    else entry.value = random.pick(amounts);
  },
  moreExternal(random, { tensors }) {
    const { externalData } = some(random, tensors);
    const key = random.pick(['location', 'offset', 'length', 'checksum', 'basepath']);
    const value = random.pick([...places, ...amounts]);
    externalData.push(create(StringStringEntryProtoSchema, { key, value }));
  },
  moveOut(random, { tensors }) {
    const place = { location: random.pick(places), offset: random.pick(amounts) };
    moveOut(some(random, tensors), place);
  },
  dataLocation(random, { tensors }) {
    some(random, tensors).dataLocation = random.integer(2);
  },
  sparse(random, { graph, tensors }) {
    const values = some(random, tensors);
    const dims = [random.pick(numbers), random.pick(numbers)];
    graph.sparseInitializer.push(create(SparseTensorProtoSchema, { values, dims }));
  },
  functions(random, { model, nodes }) {
    const called = model.functions[0];
    if (called === undefined) return;
    const call = some(random, nodes);
    if (random.integer(2) === 0)
      Object.assign(call, { opType: called.name, domain: called.domain });
    else called.node.push(...called.node, call);
  },
};

const places = ['model.onnx', 'model.onnx_data', './model.onnx_data', 'model.onnx_data_1', '../model.onnx', '/etc/passwd', '/dev/zero', '.', '', 'none', 'a/../b', 'C:\\x', '*/_ORT_MEM_ADDR_/*', 'fifo', 'folder', 'a\u0000b']; // prettier-ignore
const amounts = ['0', '1', '4', '-1', '64', '1e3', '0x10', '', ' 4', '4294967296', '9007199254740993', '18446744073709551617', 'NaN']; // prettier-ignore

export const graphMutations: Readonly<Record<string, GraphMutation>> = {
  ...shapes,
  ...wires,
  ...operations,
  ...weights,
};

/** One of a list. @throws NothingToMutate where it is empty */
function some<T extends object>(random: Random, list: readonly T[]): T {
  if (list.length > 0) return random.pick(list);
  throw new NothingToMutate();
}

/** The mutation has no object in this model; the case is passed on as it is. */
export class NothingToMutate extends Error {}
