/**
 * The safetensors format: 8 bytes of little-endian header length, a JSON header, raw data.
 * Written here as float32 with text metadata; read from any type of floats that others save.
 *
 * Specification: https://github.com/huggingface/safetensors#format
 */
import { fromBfloat16, fromFloat16 } from './float16.js';
import { shownName } from '../text/given.js';

export interface FloatTensor {
  shape: readonly number[];
  /** Row-major. */
  values: Float32Array;
}

export interface Safetensors {
  tensors: Map<string, FloatTensor>;
  metadata: Record<string, string>;
}

/** The reference implementation's limit; a larger header is hostile or no safetensors file. */
const maxHeaderBytes = 100_000_000;

/** Types of numbers that are read: bytes each, and how one is read. */
const types: Readonly<
  Record<string, { size: number; read: (view: DataView, at: number) => number }>
> = {
  F32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  F64: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  F16: { size: 2, read: (view, at) => fromFloat16(view.getUint16(at, true)) },
  BF16: { size: 2, read: (view, at) => fromBfloat16(view.getUint16(at, true)) },
};

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Bytes of a safetensors file; tensors stand in the order of the map, data aligned to 8 bytes. */
export function writeSafetensors(file: Safetensors): Uint8Array {
  const shapes = new Map<string, readonly number[]>();
  for (const [name, tensor] of file.tensors) {
    const count = tensor.shape.reduce((product, n) => product * n, 1);
    if (count !== tensor.values.length) {
      throw new Error(
        `safetensors: ${shownName(name)} has ${tensor.values.length} numbers (expected ${count} for shape [${tensor.shape.join(', ')}])`,
      );
    }
    shapes.set(name, tensor.shape);
  }
  const header = safetensorsHeader(shapes, file.metadata);
  const data = [...file.tensors.values()].map(({ values }) => float32Bytes(values));
  const parts = [header, ...data];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** All that stands before the data of float32 tensors, which follow in the order of the map. */
export function safetensorsHeader(
  shapes: ReadonlyMap<string, readonly number[]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, shape] of shapes) {
    const end = offset + 4 * shape.reduce((product, n) => product * n, 1);
    header[name] = { dtype: 'F32', shape: [...shape], data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return bytes;
}

/** Little-endian, whatever the machine. */
export function float32Bytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return bytes;
}

/**
 * Parses a safetensors file of float tensors. `source` names it in errors.
 * @throws where the file is truncated, its header is not valid, tensors overlap, or one holds other
 * numbers than floats.
 */
export function readSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) {
    throw new Error(`${source}: not safetensors (expected at least 8 bytes, got ${bytes.length})`);
  }
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > BigInt(Math.min(maxHeaderBytes, bytes.length - 8))) {
    throw new Error(
      `${source}: safetensors header length ${headerLength} exceeds the ${bytes.length - 8} bytes that follow; the file is truncated or of another format`,
    );
  }
  const start = 8 + Number(headerLength);
  const header = parseHeader(bytes.subarray(8, start), source);
  const tensors = new Map<string, FloatTensor>();
  let metadata: Record<string, string> = {};
  // Tensors that share bytes could ask for far more memory than the file has.
  let left = bytes.length - start;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = checkMetadata(entry, source);
      continue;
    }
    const place = { view, start, name, entry, source, left };
    const tensor = readTensor(place);
    left -= tensor.bytes;
    tensors.set(name, { shape: tensor.shape, values: tensor.values });
  }
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Error(`${source}: the safetensors header is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${source}: the safetensors header is not an object`);
  }
  return value as Record<string, unknown>;
}

function checkMetadata(value: unknown, source: string): Record<string, string> {
  if (typeof value !== 'object' || value === null) {
    throw new Error(`${source}: __metadata__ is not an object of texts`);
  }
  const bad = Object.entries(value).find(([, text]) => typeof text !== 'string');
  if (bad)
    throw new Error(
      `${source}: metadata ${shownName(bad[0])} is not a text (got ${typeof bad[1]})`,
    );
  return value as Record<string, string>;
}

interface TensorPlace {
  view: DataView;
  /** Where the data begin. */
  start: number;
  name: string;
  entry: unknown;
  source: string;
  /** Bytes of data that no tensor before it has. */
  left: number;
}

function readTensor(place: TensorPlace): FloatTensor & { bytes: number } {
  const { view, start, name, entry, source, left } = place;
  if (!isEntry(entry)) {
    throw new Error(`${source}: tensor ${shownName(name)} has no dtype, shape and data_offsets`);
  }
  const type = types[entry.dtype];
  if (!Object.hasOwn(types, entry.dtype) || !type) {
    throw new Error(
      `${source}: tensor ${shownName(name)} has dtype ${entry.dtype.slice(0, 40)} (expected ${Object.keys(types).join(', ')})`,
    );
  }
  const [from, to] = entry.data_offsets;
  const count = entry.shape.reduce((product, n) => product * n, 1);
  const bytes = count * type.size;
  if (to - from !== bytes || start + to > view.byteLength || bytes > left) {
    throw new Error(
      `${source}: tensor ${shownName(name)} lies at bytes ${from} … ${to} (expected ${bytes} bytes of its own within ${view.byteLength - start}); the file is truncated or damaged`,
    );
  }
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = type.read(view, start + from + type.size * i);
  return { shape: entry.shape, values, bytes };
}

function isEntry(value: unknown): value is HeaderEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const natural = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
  return (
    typeof dtype === 'string' &&
    Array.isArray(shape) &&
    shape.every(natural) &&
    Array.isArray(offsets) &&
    offsets.length === 2 &&
    offsets.every(natural)
  );
}
