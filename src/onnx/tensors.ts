/** The weights of a model: where they are, how large they are, and whether their data fit. */
import { TensorProto_DataLocation, TensorProto_DataType as DataType } from 'onnx-buf';
import type { ModelProto, TensorProto } from 'onnx-buf';
import { scopesOf } from './walk.js';

/** All tensors of a model: initialisers and constants of its graph, subgraphs and functions. */
export function* tensorsOf(model: ModelProto): Generator<TensorProto> {
  for (const { nodes, graph } of scopesOf(model)) {
    yield* graph?.initializer ?? [];
    for (const { attribute } of nodes) {
      for (const { t, tensors } of attribute) yield* t ? [t, ...tensors] : tensors;
    }
  }
}

export function isExternal({ dataLocation }: TensorProto): boolean {
  return dataLocation === TensorProto_DataLocation.EXTERNAL;
}

/** Bits of an element; types that are not here have no fixed size. */
const bitsPerElement: Partial<Record<DataType, number>> = {
  ...{ [DataType.UINT2]: 2, [DataType.INT2]: 2 },
  ...{ [DataType.UINT4]: 4, [DataType.INT4]: 4, [DataType.FLOAT4E2M1]: 4 },
  ...{ [DataType.UINT8]: 8, [DataType.INT8]: 8, [DataType.BOOL]: 8 },
  ...{ [DataType.FLOAT8E4M3FN]: 8, [DataType.FLOAT8E4M3FNUZ]: 8, [DataType.FLOAT8E8M0]: 8 },
  ...{ [DataType.FLOAT8E5M2]: 8, [DataType.FLOAT8E5M2FNUZ]: 8 },
  ...{ [DataType.UINT16]: 16, [DataType.INT16]: 16 },
  ...{ [DataType.FLOAT16]: 16, [DataType.BFLOAT16]: 16 },
  ...{ [DataType.UINT32]: 32, [DataType.INT32]: 32, [DataType.FLOAT]: 32 },
  ...{ [DataType.UINT64]: 64, [DataType.INT64]: 64, [DataType.DOUBLE]: 64 },
  ...{ [DataType.COMPLEX64]: 64, [DataType.COMPLEX128]: 128 },
};

/**
 * Bytes of a tensor as raw or external data hold it; null where its type has no fixed size.
 *
 * @throws Error where its shape has a negative dimension, or more elements than can be counted
 */
export function sizeInBytes(tensor: TensorProto): number | null {
  const bits = (bitsPerElement as Record<number, number | undefined>)[tensor.dataType];
  const elements = countElements(tensor);
  return bits === undefined ? null : Math.ceil((elements * bits) / 8);
}

function countElements({ name, dims }: TensorProto): number {
  if (dims.some((dim) => dim < 0n)) {
    throw new Error(
      `model: weight ${name} has the shape [${shown(dims)}] (expected no negative dimension); export it again`,
    );
  }
  if (dims.includes(0n)) return 0;
  const elements = dims.reduce((product, dim) => product * Number(dim), 1);
  // Sixteen bytes is the largest element.
  if (elements > Number.MAX_SAFE_INTEGER / 16) {
    throw new Error(
      `model: weight ${name} has the shape [${shown(dims)}], more elements than can be counted; export it again`,
    );
  }
  return elements;
}

function shown(dims: readonly bigint[]): string {
  const some = dims.slice(0, 8).join(', ');
  return dims.length > 8 ? `${some}, …` : some;
}

/**
 * Checks that a weight inside the file has as much data as its shape says.
 *
 * @throws Error where it has not, or where its element type is unknown
 */
export function checkWeight(tensor: TensorProto): void {
  const { name, dataType, rawData } = tensor;
  const bytes = sizeInBytes(tensor);
  if (bytes === null && (dataType as DataType) !== DataType.STRING) {
    throw new Error(
      `model: weight ${name} has the unknown element type ${dataType}; export it with a current exporter`,
    );
  }
  const inside = fieldsOf(tensor).filter(({ length }) => length > 0);
  if (inside.length > 1 || (isExternal(tensor) && inside.length > 0)) {
    throw new Error(`model: weight ${name} has its data in several places; export it again`);
  }
  if (isExternal(tensor)) return;
  const raw = rawData.length > 0;
  const expected = raw ? (bytes ?? 0) : expectedValues(tensor);
  const got = inside[0]?.length ?? 0;
  if (expected === got) return;
  throw new Error(
    `model: weight ${name} is damaged (expected ${expected} ${raw ? 'bytes' : 'values'}, got ${got}); download the file again`,
  );
}

/** Values in the fields for numbers and texts: complex numbers take two, small ones share one. */
function expectedValues(tensor: TensorProto): number {
  const elements = countElements(tensor);
  const type: DataType = tensor.dataType;
  if (type === DataType.COMPLEX64 || type === DataType.COMPLEX128) return elements * 2;
  const bits = bitsPerElement[type] ?? 8;
  return bits < 8 ? Math.ceil((elements * bits) / 8) : elements;
}

function fieldsOf(tensor: TensorProto): ArrayLike<unknown>[] {
  const { rawData, floatData, int32Data, int64Data, doubleData, uint64Data, stringData } = tensor;
  return [rawData, floatData, int32Data, int64Data, doubleData, uint64Data, stringData];
}

/** The integers of a tensor of int32 or int64; null of other types. */
export function integersOf({
  dataType,
  rawData,
  int64Data,
  int32Data,
}: TensorProto): number[] | null {
  const wide = (dataType as DataType) === DataType.INT64;
  if (!wide && (dataType as DataType) !== DataType.INT32) return null;
  if (rawData.length === 0) return (wide ? int64Data : int32Data).map(Number);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  const size = wide ? 8 : 4;
  return Array.from({ length: Math.floor(rawData.length / size) }, (_, i) =>
    wide ? Number(view.getBigInt64(i * size, true)) : view.getInt32(i * size, true),
  );
}
