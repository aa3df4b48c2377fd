/** Weights as float32 numbers, and back. */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '../../tensors/float16.js';

/** float32 numbers of a tensor. @param raw its bytes where they lie outside the graph */
export function readNumbers(tensor: TensorProto, raw: Uint8Array = tensor.rawData): Float32Array {
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
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (type === DataType.FLOAT) {
    return Float32Array.from({ length: raw.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }
  return Float32Array.from({ length: raw.length / 2 }, (_, i) => half(view.getUint16(2 * i, true)));
}

/** Little-endian bytes of numbers in the type given. */
export function writeNumbers(values: Float32Array, type: DataType): Uint8Array<ArrayBuffer> {
  const size = type === DataType.FLOAT ? 4 : 2;
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  const half = type === DataType.FLOAT16 ? toFloat16 : toBfloat16;
  if (size === 4) values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  else values.forEach((value, i) => view.setUint16(2 * i, half(value), true));
  return bytes;
}
