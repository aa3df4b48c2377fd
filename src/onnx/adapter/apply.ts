/**
 * Puts a LoRA adapter on a decoder's weights: W + s · B A, as PEFT's `merge_and_unload`.
 *
 * The sum is made in float64 of the stored weights and rounded once to the type that the node
 * computes in. A matrix that others share (a tied embedding) is theirs as before: the adapted one is
 * a copy.
 */
import { create } from '@bufbuild/protobuf';
import { TensorProto_DataType as DataType, TensorProtoSchema } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { describe } from '../graph.js';
import type { GraphIndex } from '../graph.js';
import { readDecoder } from '../inspect.js';
import { parseModel, serializeModel } from '../model.js';
import { nodeAt } from '../residual.js';
import type { Adapter } from './file.js';
import { writeNumbers } from '../numbers.js';
import { dropUnused, readStored, turned } from '../storedWeights.js';
import type { ReadExternal } from '../storedWeights.js';
import { placeAdapter } from './places.js';
import type { Place } from './places.js';

export interface ApplyOptions {
  adapter: Adapter;
  /** Default: no weights lie beside the graph. */
  external?: ReadExternal;
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

/** Adds s · B A to weights with rows of `columns`, a row at a time: so it goes through memory. */
function add(weights: Float32Array, columns: number, { product, low, offset }: Place): void {
  const { a, b, scale } = low;
  const [rank = 0, into = 0] = a.shape;
  const [out = 0] = b.shape;
  const { outFirst } = product;
  // Rows are outputs or inputs; `along` has what a row is made of, `[r, length]`.
  const along = outFirst ? a.values : turned(b.values, out, rank);
  const [rows, length] = outFirst ? [out, into] : [into, out];
  const [strideRow, strideRank] = outFirst ? [rank, 1] : [1, into];
  const factors = outFirst ? b.values : a.values;
  const sums = new Float64Array(length);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = factors[row * strideRow + r * strideRank] ?? 0;
      const at = r * length;
      for (let i = 0; i < length; i++) sums[i] = (sums[i] ?? 0) + factor * (along[at + i] ?? 0);
    }
    const at = outFirst ? (offset + row) * columns : row * columns + offset;
    for (let i = 0; i < length; i++) {
      weights[at + i] = (weights[at + i] ?? 0) + scale * (sums[i] ?? 0);
    }
  }
}
