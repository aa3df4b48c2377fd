/**
 * numpy's `.npy`: 6 bytes of magic, a version, a header that is the text of a Python dict, raw data.
 * Read and written for matrices of floats, which is all that directions need.
 *
 * Specification: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { fromFloat16 } from '../../tensors/float16.js';

export interface Matrix {
  rows: number;
  columns: number;
  /** Row-major; float64 where the file has float64. */
  values: Float32Array | Float64Array;
}

/** Types of numbers that are read, by numpy's name for them: bytes each, and how one is read. */
const types: Readonly<
  Record<string, { size: number; read: (view: DataView, at: number) => number }>
> = {
  '<f2': { size: 2, read: (view, at) => fromFloat16(view.getUint16(at, true)) },
  '<f4': { size: 4, read: (view, at) => view.getFloat32(at, true) },
  '<f8': { size: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** Version 1's own limit; a matrix of floats needs about 100 bytes. */
const maxHeaderBytes = 65_535;

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

/**
 * Bytes of a `.npy` file of version 1, float32, row-major.
 * @throws where the number of values is not rows × columns.
 */
export function writeNpy({ rows, columns, values }: Matrix): Uint8Array {
  if (values.length !== rows * columns) {
    throw new Error(`npy: ${values.length} numbers (expected ${rows} × ${columns})`);
  }
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  // The data begin at a multiple of 64 bytes; the header ends with a new line.
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + 4 * values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([...magic, 1, 0]);
  view.setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${dict.padEnd(start - 11)}\n`), 10);
  values.forEach((value, i) => view.setFloat32(start + 4 * i, value, true));
  return bytes;
}

/**
 * Parses a `.npy` file of float16, float32 or float64, little-endian, row-major, of two dimensions.
 * `source` names it in errors.
 * @throws where it is truncated, no `.npy` file, or of another type, order or shape.
 */
export function readNpy(bytes: Uint8Array, source: string): Matrix {
  const { header, start } = readHeader(bytes, source);
  const type = types[header.descr];
  if (!Object.hasOwn(types, header.descr) || !type) {
    throw new Error(
      `${source}: npy type ${header.descr} (expected ${Object.keys(types).join(', ')}); convert with array.astype('<f4')`,
    );
  }
  if (header.fortran) {
    throw new Error(
      `${source}: npy in Fortran order (expected C order); convert with numpy.ascontiguousarray`,
    );
  }
  const [rows, columns] = header.shape;
  if (header.shape.length !== 2 || rows === undefined || columns === undefined) {
    throw new Error(
      `${source}: npy of shape (${header.shape.join(', ')}) (expected two dimensions, [layers, width])`,
    );
  }
  const count = rows * columns;
  if (count * type.size !== bytes.length - start) {
    throw new Error(
      `${source}: npy of ${rows} × ${columns} numbers needs ${count * type.size} bytes of data, got ${bytes.length - start}; the file is truncated or damaged`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = type.size === 8 ? new Float64Array(count) : new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = type.read(view, start + type.size * i);
  return { rows, columns, values };
}

interface Header {
  descr: string;
  fortran: boolean;
  shape: number[];
}

function readHeader(bytes: Uint8Array, source: string): { header: Header; start: number } {
  const major = bytes[6] ?? 0;
  const before = major === 1 ? 10 : 12;
  if (bytes.length < before || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new Error(`${source}: not a npy file (it does not begin with \\x93NUMPY and a version)`);
  }
  if (major < 1 || major > 3) {
    throw new Error(`${source}: npy version ${major} (expected 1, 2 or 3)`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > Math.min(maxHeaderBytes, bytes.length - before)) {
    throw new Error(
      `${source}: npy header length ${length} exceeds the ${bytes.length - before} bytes that follow, or the limit of ${maxHeaderBytes}`,
    );
  }
  const text = new TextDecoder('utf-8').decode(bytes.subarray(before, before + length));
  return { header: parseDict(text, source), start: before + length };
}

/** The three entries that the format has; whatever else a Python dict can be is refused. */
function parseDict(text: string, source: string): Header {
  const descr = /["']descr["']\s*:\s*(?:"([^"]*)"|'([^']*)'|(\[[^\]]*\]))/.exec(text);
  const order = /["']fortran_order["']\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /["']shape["']\s*:\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (!descr || order === undefined || shape === undefined) {
    throw new Error(`${source}: the npy header has no descr, fortran_order and shape`);
  }
  return {
    descr: descr[1] ?? descr[2] ?? descr[3] ?? '',
    fortran: order === 'True',
    shape: shape
      .split(',')
      .map((size) => size.trim())
      .filter((size) => size !== '')
      .map(Number),
  };
}
