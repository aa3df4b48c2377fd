/** Who makes a tensor, who uses it, and in which order: an index over a graph's nodes. */
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf';

export interface GraphIndex {
  graph: GraphProto;
  /** In topological order; every other list of nodes holds indices into this one. */
  nodes: NodeProto[];
  /** Per node the tensors it reads, those that its subgraphs capture included. */
  reads: string[][];
  producer: Map<string, number>;
  consumers: Map<string, number[]>;
  initializers: Map<string, TensorProto>;
  /** Tensors that depend on no input. */
  constants: Set<string>;
  /** Element types as far as they can be told without running the graph. */
  types: Map<string, DataType>;
}

/**
 * Indexes a graph.
 *
 * @throws Error where two nodes make the same tensor, or nodes wait for each other.
 */
export function indexGraph(graph: GraphProto): GraphIndex {
  const nodes = sortNodes(graph);
  const producer = new Map<string, number>();
  const consumers = new Map<string, number[]>();
  const reads = nodes.map(readsOf);
  nodes.forEach((node, i) => {
    for (const name of node.output) if (name !== '') producer.set(name, i);
    for (const name of new Set(reads[i])) {
      const list = consumers.get(name);
      if (list === undefined) consumers.set(name, [i]);
      else list.push(i);
    }
  });
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const types = elementTypes(graph, nodes);
  const constants = findConstants(nodes, reads, initializers);
  return { graph, nodes, reads, producer, consumers, initializers, constants, types };
}

/** What a node is called in messages: `Add (/model/layers.0/Add)`. */
export function describe(node: NodeProto): string {
  return `${node.opType} (${nameOf(node)})`;
}

/** Its name, or its first output where the exporter gave none. */
export function nameOf(node: NodeProto): string {
  return node.name !== '' ? node.name : (node.output.find((name) => name !== '') ?? '');
}

export function attribute(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** The node that makes a tensor; undefined for inputs and weights. */
export function producerOf(index: GraphIndex, tensor: string): NodeProto | undefined {
  return index.nodes[index.producer.get(tensor) ?? -1];
}

/** The numbers of a tensor that the file itself has: a weight, or what a `Constant` holds. */
export function storedAt(index: GraphIndex, tensor: string): TensorProto | undefined {
  const node = producerOf(index, tensor);
  const made = node?.opType === 'Constant' ? attribute(node, 'value')?.t : undefined;
  return index.initializers.get(tensor) ?? made;
}

/**
 * Takes out the nodes and weights that no output needs. Nodes must be in topological order.
 * @returns names of all tensors that are needed
 */
export function keepNeeded(graph: GraphProto): ReadonlySet<string> {
  const needed = new Set(graph.output.map(({ name }) => name));
  const nodes = graph.node.toReversed().filter((node) => {
    const wanted = node.output.some((name) => needed.has(name));
    if (wanted) for (const name of readsOf(node)) needed.add(name);
    return wanted;
  });
  graph.node = nodes.reverse();
  graph.initializer = graph.initializer.filter(({ name }) => needed.has(name));
  return needed;
}

/** Sizes of the dimensions of an input or output; a name where one varies, null where unknown. */
export function dimensions(info: ValueInfoProto): (number | string | null)[] | null {
  const value = info.type?.value;
  if (value?.case !== 'tensorType' || value.value.shape === undefined) return null;
  return value.value.shape.dim.map((dim) => {
    // Some exporters write -1 where a dimension varies.
    if (dim.value.case === 'dimValue') return dim.value.value < 0n ? null : Number(dim.value.value);
    return dim.value.case === 'dimParam' ? dim.value.value : null;
  });
}

export function elementType(info: ValueInfoProto): DataType {
  const value = info.type?.value;
  return value?.case === 'tensorType' ? value.value.elemType : DataType.UNDEFINED;
}

/** Shape of a weight, seen through the casts, transposes and dequantisation before its use. */
export function weightShape(index: GraphIndex, tensor: string): number[] | null {
  const orders: (number[] | null)[] = [];
  let name = tensor;
  while (!index.initializers.has(name)) {
    const node = producerOf(index, name);
    if (node === undefined || !passesShape.has(node.opType)) break;
    if (node.opType === 'Transpose') {
      orders.push(attribute(node, 'perm')?.ints.map(Number) ?? null);
    }
    name = node.input[0] ?? '';
  }
  const weight = storedAt(index, name);
  if (weight === undefined) return null;
  // The transpose nearest to the weight comes first.
  return orders.reduceRight<number[]>(
    (shape, order) => (order === null ? shape.reverse() : order.map((axis) => shape[axis] ?? 0)),
    weight.dims.map(Number),
  );
}

const passesShape = new Set(['Cast', 'Identity', 'DequantizeLinear', 'Transpose']);

/** Renames tensors everywhere in the nodes, their subgraphs included. */
export function renameTensors(
  nodes: readonly NodeProto[],
  names: ReadonlyMap<string, string>,
): void {
  const renamed = (name: string): string => names.get(name) ?? name;
  for (const node of nodes) {
    node.input = node.input.map(renamed);
    node.output = node.output.map(renamed);
    for (const graph of subgraphs(node)) renameInSubgraph(graph, names);
  }
}

function renameInSubgraph(graph: GraphProto, names: ReadonlyMap<string, string>): void {
  renameTensors(graph.node, names);
  for (const info of graph.output) info.name = names.get(info.name) ?? info.name;
}

function subgraphs(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap(({ type, g, graphs }) =>
    type === AttributeType.GRAPH && g !== undefined ? [g] : graphs,
  );
}

/** Tensors that a node reads, those that its subgraphs capture included. */
export function readsOf(node: NodeProto): string[] {
  const captured = subgraphs(node).flatMap(capturedBy);
  return [...node.input, ...captured].filter((name) => name !== '');
}

function capturedBy(graph: GraphProto): string[] {
  const own = new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  const used = [...graph.node.flatMap(readsOf), ...graph.output.map(({ name }) => name)];
  return used.filter((name) => !own.has(name));
}

/** Kahn's algorithm: ONNX wants nodes in topological order, and not every exporter obeys. */
function sortNodes(graph: GraphProto): NodeProto[] {
  const made = new Map<string, number>();
  graph.node.forEach((node, i) => {
    for (const name of node.output) {
      if (name === '') continue;
      if (made.has(name)) {
        throw new Error(`model: two nodes make tensor ${name}; the file is not valid ONNX`);
      }
      made.set(name, i);
    }
  });
  const followers = graph.node.map((): number[] => []);
  const waiting = graph.node.map((node, i) => {
    const before = new Set(readsOf(node).flatMap((name) => made.get(name) ?? []));
    for (const source of before) followers[source]?.push(i);
    return before.size;
  });
  const order = waiting.flatMap((count, i) => (count === 0 ? [i] : []));
  for (let next = 0; next < order.length; next++) {
    for (const i of followers[order[next] ?? -1] ?? []) {
      const left = (waiting[i] ?? 0) - 1;
      waiting[i] = left;
      if (left === 0) order.push(i);
    }
  }
  if (order.length < graph.node.length) {
    const stuck = graph.node.find((_, i) => (waiting[i] ?? 0) > 0);
    const name = stuck === undefined ? '' : describe(stuck);
    throw new Error(`model: node ${name} waits for its own output; the file is not valid ONNX`);
  }
  return order.flatMap((i) => graph.node[i] ?? []);
}

const random = ['RandomNormal', 'RandomUniform', 'RandomNormalLike', 'RandomUniformLike'];

function findConstants(
  nodes: readonly NodeProto[],
  reads: readonly string[][],
  initializers: ReadonlyMap<string, TensorProto>,
): Set<string> {
  const constants = new Set(initializers.keys());
  nodes.forEach((node, i) => {
    if (random.includes(node.opType)) return;
    if ((reads[i] ?? []).every((name) => constants.has(name))) {
      for (const name of node.output) constants.add(name);
    }
  });
  return constants;
}

/** The input that decides the type of a node's outputs, where that is not the first one. */
const typeInput: Record<string, number> = {
  Where: 1,
  DequantizeLinear: 1,
  GatherBlockQuantized: 2,
};

function elementTypes(graph: GraphProto, nodes: readonly NodeProto[]): Map<string, DataType> {
  const types = new Map<string, DataType>(graph.initializer.map((t) => [t.name, t.dataType]));
  const declared = [...graph.input, ...graph.output, ...graph.valueInfo];
  const fixed = new Map(declared.map((info) => [info.name, elementType(info)]));
  for (const { name } of graph.input) types.set(name, fixed.get(name) ?? DataType.UNDEFINED);
  for (const node of nodes) {
    const source = node.input[typeInput[node.opType] ?? 0] ?? '';
    const own =
      node.opType === 'Cast'
        ? Number(attribute(node, 'to')?.i ?? 0n)
        : (attribute(node, 'value')?.t?.dataType ?? types.get(source) ?? DataType.UNDEFINED);
    for (const name of node.output) types.set(name, fixed.get(name) ?? own);
  }
  return types;
}
