/**
 * Puts a LoRA adapter on a decoder's weights: W + s · B A, as PEFT's `merge_and_unload`.
 *
 * The sum is made in float64 of the stored weights and rounded once to the type that the node
 * computes in. A matrix that others share (a tied embedding) is theirs as before: the adapted one is
 * a copy.
 */
import { create } from '@bufbuild/protobuf';
import { TensorProto_DataType as DataType, TensorProtoSchema } from 'onnx-buf';
import type { GraphProto, NodeProto, TensorProto } from 'onnx-buf';
import { externalWeight } from '../externalData.js';
import type { ExternalWeight } from '../externalData.js';
import { describe, readsOf } from '../graph.js';
import type { GraphIndex } from '../graph.js';
import { readDecoder } from '../inspect.js';
import { parseModel, serializeModel } from '../model.js';
import { nodeAt } from '../residual.js';
import { isExternal } from '../tensors.js';
import type { Adapter } from './file.js';
import { readNumbers, writeNumbers } from './numbers.js';
import { placeAdapter } from './places.js';
import type { Place } from './places.js';

export interface ApplyOptions {
  adapter: Adapter;
  /** Bytes of a weight beside the graph. Default: there are none. */
  external?: (weight: ExternalWeight) => Uint8Array;
}

/**
 * Bytes of the decoder with the adapter in its weights.
 *
 * @param model bytes of the ONNX file
 * @throws Error where a module of the adapter is not in the graph, is of another size, or quantised;
 * where the bytes are no decoder; where the result is too large for one file
 */
export function applyAdapter(model: Uint8Array, options: ApplyOptions): Uint8Array {
  const decoder = readDecoder(model);
  const { index } = decoder;
  const places = byNode(placeAdapter(decoder, options.adapter));
  // The file as it came: looking through it has rewritten what the edits need.
  const { model: file, graph } = parseModel(model);
  const nodes = new Map(graph.node.map((node) => [node.output.join('\n'), node]));
  const replaced: string[] = [];
  for (const [i, here] of places) {
    const node = nodes.get(nodeAt(index, i).output.join('\n'));
    if (!node) throw new Error(`adapter: ${describe(nodeAt(index, i))} is not in the file`);
    const tensor = adapted(index, i, here, options);
    graph.initializer.push(tensor);
    replaced.push(node.input[1] ?? '');
    node.input[1] = tensor.name;
  }
  dropUnused(graph, replaced);
  return serializeModel(file);
}

function byNode(places: readonly Place[]): Map<number, Place[]> {
  const grouped = new Map<number, Place[]>();
  for (const place of places) {
    const { node } = place.product;
    grouped.set(node, [...(grouped.get(node) ?? []), place]);
  }
  return grouped;
}

/** The weights of one node with all that is added to them, as the node takes them. */
function adapted(
  index: GraphIndex,
  i: number,
  places: readonly Place[],
  { external }: ApplyOptions,
): TensorProto {
  const [{ product } = { product: null }] = places;
  const { weight } = product ?? {};
  const node = nodeAt(index, i);
  if (!product || !weight) throw new Error(`adapter: ${describe(node)} has no weights`);
  const stored = readStored(weight.tensor, external);
  const [rows = 0, columns = 0] = weight.tensor.dims.map(Number);
  const seen = weight.transposed ? turned(stored, rows, columns) : stored;
  const dims = weight.transposed ? [columns, rows] : [rows, columns];
  for (const one of places) add(seen, dims[1] ?? 0, one);
  const type: DataType = index.types.get(node.input[1] ?? '') ?? weight.tensor.dataType;
  const name = `adapter/${node.output[0] ?? ''}`;
  const rawData = writeNumbers(seen, type);
  return create(TensorProtoSchema, { name, dataType: type, dims: dims.map(BigInt), rawData });
}

function readStored(
  tensor: TensorProto,
  external: ApplyOptions['external'],
): Float32Array<ArrayBufferLike> {
  if (!isExternal(tensor)) return readNumbers(tensor);
  if (external) return readNumbers(tensor, external(externalWeight(tensor)));
  throw new Error(`adapter: weight ${tensor.name} lies in another file, which is not given`);
}

function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      result[j * rows + i] = values[i * columns + j] ?? 0;
    }
  }
  return result;
}

/** Adds s · B A to weights with rows of `columns`. */
function add(weights: Float32Array, columns: number, { product, low, offset }: Place): void {
  const { a, b, scale } = low;
  const [rank = 0, into = 0] = a.shape;
  const [out = 0] = b.shape;
  const sums = new Float64Array(into);
  for (let o = 0; o < out; o++) {
    sums.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = b.values[o * rank + r] ?? 0;
      for (let n = 0; n < into; n++)
        sums[n] = (sums[n] ?? 0) + factor * (a.values[r * into + n] ?? 0);
    }
    for (let n = 0; n < into; n++) {
      const at = product.outFirst ? (offset + o) * columns + n : n * columns + offset + o;
      weights[at] = (weights[at] ?? 0) + scale * (sums[n] ?? 0);
    }
  }
}

/** Takes out weights that nothing reads any more, and the nodes that prepared them. */
function dropUnused(graph: GraphProto, replaced: readonly string[]): void {
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
