/**
 * Weights in a file of their own, as ONNX Runtime computes with them: as numbers and, for products,
 * packed for the processor. Sessions map such a file instead of each holding a copy.
 *
 * ONNX Runtime writes the file beside a graph that it saves. Its optimiser may have turned or merged
 * weights under their old names, so that only those count whose numbers are the model's own.
 */
import { create, fromBinary } from '@bufbuild/protobuf';
import {
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from 'onnx-buf';
import type { NodeProto, TensorProto } from 'onnx-buf';
import { z } from 'zod';
import { attribute, indexGraph, keepNeeded, producerOf } from './graph.js';
import type { GraphIndex } from './graph.js';
import { parseModel, serializeModel } from './model.js';
import { writeNumbers } from './numbers.js';
import { turnsMatrix } from './products.js';
import { readStored, turned } from './storedWeights.js';
import { isExternal, sizeInBytes } from './tensors.js';

/** Where the file holds a weight, packed forms included, as ONNX Runtime names it. */
export const packedWeight = z.strictObject({
  name: z.string(),
  dims: z.array(z.int().nonnegative()),
  dataType: z.int(),
  place: z.array(z.tuple([z.string(), z.string()])),
});
export type PackedWeight = z.infer<typeof packedWeight>;

/**
 * The weights of a decoder that a saved graph has in its file with the same numbers.
 *
 * @param model bytes of the decoder
 * @param saved bytes of the graph that ONNX Runtime saved of it
 * @param read bytes of the file, from an offset on
 */
export function packedWeights(
  model: Uint8Array,
  saved: Uint8Array,
  read: (offset: number, length: number) => Uint8Array,
): PackedWeight[] {
  const index = indexGraph(parseModel(model).graph);
  const stored = fromBinary(ModelProtoSchema, saved).graph?.initializer ?? [];
  return stored.filter(isExternal).flatMap((tensor) => {
    const own = valueOf(index, tensor.name);
    const length = sizeInBytes(tensor);
    const place = tensor.externalData.map(({ key, value }): [string, string] => [key, value]);
    if (own === null || length !== own.bytes.length) return [];
    if (own.dims.join() !== tensor.dims.join()) return [];
    const offset = Number(new Map(place).get('offset') ?? 0);
    if (Buffer.compare(own.bytes, read(offset, length)) !== 0) return [];
    const { name, dims, dataType } = tensor;
    return [{ name, dims: dims.map(Number), dataType, place }];
  });
}

/**
 * The decoder with these weights in the file, and without what made them.
 *
 * @param model bytes of the decoder
 * @param location of the file, within the folder that a session is given
 */
export function mapWeights(
  model: Uint8Array,
  weights: readonly PackedWeight[],
  location: string,
): Uint8Array {
  const { model: parsed, graph } = parseModel(model);
  const names = new Set(weights.map(({ name }) => name));
  // All nodes that make a weight make nothing else.
  graph.node = graph.node.filter(({ output }) => !output.some((name) => names.has(name)));
  graph.initializer = graph.initializer.filter(({ name }) => !names.has(name));
  graph.initializer.push(...weights.map((weight) => toTensor(weight, location)));
  graph.node = indexGraph(graph).nodes;
  keepNeeded(graph);
  return serializeModel(parsed);
}

function toTensor({ name, dims, dataType, place }: PackedWeight, location: string): TensorProto {
  const entries = place.map(([key, value]) => {
    return create(StringStringEntryProtoSchema, { key, value: key === 'location' ? location : value }); // prettier-ignore
  });
  return create(TensorProtoSchema, {
    ...{ name, dataType, dims: dims.map(BigInt) },
    ...{ dataLocation: TensorProto_DataLocation.EXTERNAL, externalData: entries },
  });
}

interface Value {
  bytes: Uint8Array;
  dims: readonly number[];
}

/**
 * What a tensor of the decoder holds: a stored weight, or one behind a cast to float32 or a turn of a
 * matrix, as exporters write them. Null of all others.
 */
function valueOf(index: GraphIndex, name: string): Value | null {
  const tensor = index.initializers.get(name);
  if (tensor !== undefined) return isExternal(tensor) ? null : ownBytes(tensor);
  const floats = floatsOf(index, name);
  return floats && { bytes: writeNumbers(floats.values, DataType.FLOAT), dims: floats.dims };
}

function ownBytes({ rawData, dims }: TensorProto): Value | null {
  return rawData.length > 0 ? { bytes: rawData, dims: dims.map(Number) } : null;
}

const floatTypes = new Set<number>([DataType.FLOAT, DataType.FLOAT16, DataType.BFLOAT16]);

interface Floats {
  values: Float32Array<ArrayBuffer>;
  dims: readonly number[];
}

function floatsOf(index: GraphIndex, name: string, steps = 4): Floats | null {
  const tensor = index.initializers.get(name);
  if (tensor !== undefined) {
    if (!floatTypes.has(tensor.dataType) || isExternal(tensor)) return null;
    return { values: readStored(tensor, undefined), dims: tensor.dims.map(Number) };
  }
  const node = producerOf(index, name);
  if (node === undefined || steps === 0 || !passes(node)) return null;
  const floats = floatsOf(index, node.input[0] ?? '', steps - 1);
  if (!floats || node.opType !== 'Transpose') return floats;
  const [rows = 0, columns = 0, ...more] = floats.dims;
  if (more.length > 0) return null;
  return { values: turned(floats.values, rows, columns), dims: [columns, rows] };
}

function passes(node: NodeProto): boolean {
  if (node.opType === 'Cast') return attribute(node, 'to')?.i === BigInt(DataType.FLOAT);
  return node.opType === 'Transpose' ? turnsMatrix(node) : node.opType === 'Identity';
}
