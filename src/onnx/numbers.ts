/** Weights as float32 numbers, and back. Like ONNX Runtime, for little-endian machines only. */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '../tensors/float16.js';

/** float32 numbers of a tensor. @param raw its bytes where they lie outside the graph */
export function readNumbers(
  tensor: TensorProto,
  raw: Uint8Array = tensor.rawData,
): Float32Array<ArrayBuffer> {
  const { name, dataType, floatData, int32Data } = tensor;
  const type: DataType = dataType;
  const half = type === DataType.FLOAT16 ? fromFloat16 : fromBfloat16;
  if (type !== DataType.FLOAT && type !== DataType.FLOAT16 && type !== DataType.BFLOAT16) {
    throw new Error(
      `adapter: weight ${name} has the element type ${DataType[type] ?? dataType} (expected FLOAT, FLOAT16 or BFLOAT16); name a model that is not quantised`,
    );
  }
  if (raw.length === 0) {
    return type === DataType.FLOAT
      ? Float32Array.from(floatData)
      : Float32Array.from(int32Data, half);
  }
  // Copied, since the bytes of a file begin anywhere.
  const { buffer } = new Uint8Array(raw);
  if (type === DataType.FLOAT) return new Float32Array(buffer);
  const table = tableOf(half);
  const bits = new Uint16Array(buffer);
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i] ?? 0] ?? 0;
  return values;
}

const tables = new Map<(bits: number) => number, Float32Array>();

/** What each of the 65,536 halves is: a look is five times as fast as a calculation. */
function tableOf(half: (bits: number) => number): Float32Array {
  const known = tables.get(half);
  if (known !== undefined) return known;
  const made = new Float32Array(0x10000).map((_, bits) => half(bits));
  tables.set(half, made);
  return made;
}

/** Little-endian bytes of numbers in the type given, which may share their memory. */
export function writeNumbers(
  values: Float32Array<ArrayBuffer>,
  type: DataType,
): Uint8Array<ArrayBuffer> {
  if (type === DataType.FLOAT) return new Uint8Array(values.buffer);
  const half = type === DataType.FLOAT16 ? toFloat16 : toBfloat16;
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = half(values[i] ?? 0);
  return new Uint8Array(bits.buffer);
}
