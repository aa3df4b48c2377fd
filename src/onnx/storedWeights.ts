/** Weights as they are stored, in the graph or beside it, and what becomes of replaced ones. */
import type { GraphProto, NodeProto, TensorProto } from 'onnx-buf';
import { externalWeight } from './externalData.js';
import type { ExternalWeight } from './externalData.js';
import { readsOf } from './graph.js';
import { readNumbers } from './numbers.js';
import { isExternal } from './tensors.js';

/** Bytes of a weight beside the graph. */
export type ReadExternal = (weight: ExternalWeight) => Uint8Array;

/** The numbers of a weight. @throws where it lies beside the graph and nobody reads it there */
export function readStored(
  tensor: TensorProto,
  external: ReadExternal | undefined,
): Float32Array<ArrayBuffer> {
  if (!isExternal(tensor)) return readNumbers(tensor);
  if (external) return readNumbers(tensor, external(externalWeight(tensor)));
  throw new Error(`model: weight ${tensor.name} lies in another file, which is not given`);
}

/** Rows and columns exchanged. */
export function turned(
  values: Float32Array,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      result[j * rows + i] = values[i * columns + j] ?? 0;
    }
  }
  return result;
}

/** Takes out weights that nothing reads any more, and the nodes that prepared them. */
export function dropUnused(graph: GraphProto, replaced: readonly string[]): void {
  const reads = new Map<string, number>();
  const count = (name: string, by: number): void => {
    reads.set(name, (reads.get(name) ?? 0) + by);
  };
  for (const name of graph.node.flatMap(readsOf)) count(name, 1);
  for (const { name } of graph.output) count(name, 1);
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node])));
  const unread = (name: string): boolean => (reads.get(name) ?? 0) === 0;
  const nodes = new Set<NodeProto>();
  const weights = new Set<string>();
  const open = replaced.filter(unread);
  for (const name of open) {
    const node = makers.get(name);
    if (node === undefined) weights.add(name);
    else if (!nodes.has(node) && node.output.every(unread)) {
      nodes.add(node);
      for (const input of readsOf(node)) count(input, -1);
      open.push(...readsOf(node).filter(unread));
    }
  }
  graph.node = graph.node.filter((node) => !nodes.has(node));
  graph.initializer = graph.initializer.filter(({ name }) => !weights.has(name));
}
