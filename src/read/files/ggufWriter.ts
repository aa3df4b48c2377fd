/** GGUF files of float32 vectors, version 3, little-endian, aligned to 32 bytes (see gguf.ts). */
import { ggufTypes } from './gguf.js';

export interface GgufFile {
  /** In the order in which they are written. */
  metadata: ReadonlyMap<string, WritableValue>;
  /** float32 `[D]` each. */
  tensors: ReadonlyMap<string, Float32Array>;
}

export type WritableValue =
  { type: 'string'; value: string } | { type: 'uint32' | 'int32'; value: number };

const alignment = 32;

/** Equal contents give equal bytes. */
export function writeGguf({ metadata, tensors }: GgufFile): Uint8Array {
  const header = headerParts({ metadata, tensors });
  const start = align(header.reduce((sum, part) => sum + part.length, 0));
  const end = [...tensors.values()].reduce((sum, values) => sum + align(values.byteLength), start);
  const bytes = new Uint8Array(end);
  let at = 0;
  for (const part of header) {
    bytes.set(part, at);
    at += part.length;
  }
  const view = new DataView(bytes.buffer);
  at = start;
  for (const values of tensors.values()) {
    values.forEach((value, i) => view.setFloat32(at + 4 * i, value, true));
    at += align(values.byteLength);
  }
  return bytes;
}

function headerParts({ metadata, tensors }: GgufFile): Uint8Array[] {
  const parts = [
    new TextEncoder().encode('GGUF'),
    uint32(3),
    uint64(tensors.size),
    uint64(metadata.size),
  ];
  for (const [key, value] of metadata) {
    parts.push(text(key), uint32(ggufTypes.indexOf(value.type)));
    // A negative int32 has the bits of the uint32 that is 2³² larger.
    parts.push(value.type === 'string' ? text(value.value) : uint32(value.value));
  }
  let offset = 0;
  for (const [name, values] of tensors) {
    // One dimension; element type 0 is float32.
    parts.push(text(name), uint32(1), uint64(values.length), uint32(0), uint64(offset));
    offset += align(values.byteLength);
  }
  return parts;
}

function align(size: number): number {
  return Math.ceil(size / alignment) * alignment;
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return Uint8Array.from([...uint64(bytes.length), ...bytes]);
}
