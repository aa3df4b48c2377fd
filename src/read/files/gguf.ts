/**
 * The GGUF container: magic and version, typed keys and values, tensor infos, aligned raw data.
 * Read here as far as control vectors need it: single values and float32 tensors; arrays are
 * stepped over. Nothing is allocated by a size that the file only claims.
 *
 * Specification: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { shownName } from '../../text/given.js';

/** Types of single values, in the order of their numbers in the file; 9 is an array. */
export const ggufTypes = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'float32',
  'bool',
  'string',
  'array',
  'uint64',
  'int64',
  'float64',
] as const;

export type GgufType = (typeof ggufTypes)[number];

export interface GgufValue {
  type: GgufType;
  /** null for an array. */
  value: string | number | bigint | boolean | null;
}

export interface GgufTensor {
  /** Fastest dimension first, as the file has it. */
  shape: number[];
  /** Number of the element type; 0 is float32. */
  type: number;
  /** Where its data begin, from the beginning of the file. */
  start: number;
}

export interface Gguf {
  metadata: Map<string, GgufValue>;
  tensors: Map<string, GgufTensor>;
}

/** Far above any control vector (tens of each); more is hostile, or a model. */
const maxEntries = 65_536;
/** A name, a hint, a template; the specification allows 64 KiB for a key. */
const maxTextBytes = 1_048_576;
/** Arrays of arrays are allowed without end; nobody writes them. */
const maxNesting = 4;
/** As in ggml. */
const maxDimensions = 4;

/**
 * Parses a GGUF file. `source` names it in errors.
 * @throws where it is truncated, of another format or version, or breaks the specification.
 */
export function readGguf(bytes: Uint8Array, source: string): Gguf {
  const cursor = createCursor(bytes, source);
  if (bytes.length < 4 || cursor.take(4, 'the magic') !== 0 || !hasMagic(bytes)) {
    throw new Error(`${source}: not a GGUF file (it does not begin with GGUF)`);
  }
  const version = cursor.uint32('the version');
  if (version !== 2 && version !== 3) {
    const big = version >= 0x10000 ? ', big-endian' : '';
    throw new Error(`${source}: GGUF version ${version}${big} (expected 2 or 3, little-endian)`);
  }
  const tensorCount = cursor.count('tensors', maxEntries);
  const valueCount = cursor.count('values', maxEntries);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < valueCount; i++) {
    const key = cursor.text('a key');
    if (metadata.has(key)) throw new Error(`${source}: GGUF key ${shownName(key)} is there twice`);
    metadata.set(key, readValue(cursor, key, source));
  }
  const infos = new Map<string, GgufTensor>();
  for (let i = 0; i < tensorCount; i++) {
    const name = cursor.text('the name of a tensor');
    if (infos.has(name))
      throw new Error(`${source}: GGUF tensor ${shownName(name)} is there twice`);
    infos.set(name, readInfo(cursor, name, source));
  }
  const alignment = readAlignment(metadata, source);
  const start = Math.ceil(cursor.position() / alignment) * alignment;
  for (const tensor of infos.values()) tensor.start += start;
  return { metadata, tensors: infos };
}

/**
 * The numbers of a float32 tensor.
 * @throws where it has another type or reaches beyond the end of the file.
 */
export function readGgufFloats(
  bytes: Uint8Array,
  tensor: GgufTensor,
  names: { name: string; source: string },
): Float32Array {
  const { name, source } = names;
  if (tensor.type !== 0) {
    throw new Error(
      `${source}: GGUF tensor ${shownName(name)} has type ${tensor.type} (expected 0, float32)`,
    );
  }
  const count = tensor.shape.reduce((product, n) => product * n, 1);
  if (tensor.start + 4 * count > bytes.length) {
    throw new Error(
      `${source}: GGUF tensor ${shownName(name)} ends at byte ${tensor.start + 4 * count} of ${bytes.length}; the file is truncated or damaged`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: count }, (_, i) =>
    view.getFloat32(tensor.start + 4 * i, true),
  );
}

function hasMagic(bytes: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(bytes.subarray(0, 4)) === 'GGUF';
}

interface Cursor {
  view: DataView;
  position(): number;
  /** Steps over so many bytes and returns where they begin. */
  take(size: number, what: string): number;
  uint32(what: string): number;
  /** A 64-bit size that lies within a limit. */
  count(what: string, limit: number): number;
  text(what: string): string;
}

function createCursor(bytes: Uint8Array, source: string): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size: number, what: string): number => {
    if (size > bytes.length - at) {
      throw new Error(
        `${source}: GGUF ends within ${what} (${size} bytes from byte ${at}, the file has ${bytes.length}); it is truncated or damaged`,
      );
    }
    at += size;
    return at - size;
  };
  const count = (what: string, limit: number): number => {
    const number = view.getBigUint64(take(8, `the number of ${what}`), true);
    if (number > BigInt(limit)) {
      throw new Error(`${source}: GGUF claims ${number} ${what} (expected at most ${limit})`);
    }
    return Number(number);
  };
  return {
    view,
    position: () => at,
    take,
    uint32: (what) => view.getUint32(take(4, what), true),
    count,
    text: (what) => {
      const size = count(`bytes of ${what}`, maxTextBytes);
      const start = take(size, what);
      return new TextDecoder('utf-8').decode(bytes.subarray(start, start + size));
    },
  };
}

function readValue(cursor: Cursor, key: string, source: string): GgufValue {
  const type = readType(cursor, key, source);
  if (type === 'array') {
    skipArray(cursor, { key, source, depth: 1 });
    return { type, value: null };
  }
  if (type === 'string') return { type, value: cursor.text(key) };
  const at = cursor.take(sizes[type], key);
  return { type, value: readers[type](cursor.view, at) };
}

function readType(cursor: Cursor, key: string, source: string): GgufType {
  const number = cursor.uint32(`the type of ${key}`);
  const type = ggufTypes[number];
  if (type === undefined) {
    throw new Error(`${source}: GGUF key ${shownName(key)} has the unknown type ${number}`);
  }
  return type;
}

function skipArray(
  cursor: Cursor,
  { key, source, depth }: { key: string; source: string; depth: number },
): void {
  if (depth > maxNesting)
    throw new Error(`${source}: GGUF key ${shownName(key)} nests arrays too deeply`);
  const type = readType(cursor, key, source);
  const count = cursor.count(`items of ${key}`, Number.MAX_SAFE_INTEGER);
  if (type !== 'array' && type !== 'string') {
    cursor.take(count * sizes[type], key);
    return;
  }
  // Each item takes at least 8 bytes of the file, so that the end of the file ends this.
  for (let i = 0; i < count; i++) {
    if (type === 'array') skipArray(cursor, { key, source, depth: depth + 1 });
    else cursor.take(cursor.count(`bytes of ${key}`, Number.MAX_SAFE_INTEGER), key);
  }
}

type FixedType = Exclude<GgufType, 'string' | 'array'>;

const sizes: Readonly<Record<FixedType, number>> = {
  ...{ uint8: 1, int8: 1, bool: 1, uint16: 2, int16: 2 },
  ...{ uint32: 4, int32: 4, float32: 4, uint64: 8, int64: 8, float64: 8 },
};

const readers: Readonly<
  Record<FixedType, (view: DataView, at: number) => number | bigint | boolean>
> = {
  uint8: (view, at) => view.getUint8(at),
  int8: (view, at) => view.getInt8(at),
  uint16: (view, at) => view.getUint16(at, true),
  int16: (view, at) => view.getInt16(at, true),
  uint32: (view, at) => view.getUint32(at, true),
  int32: (view, at) => view.getInt32(at, true),
  float32: (view, at) => view.getFloat32(at, true),
  bool: (view, at) => view.getUint8(at) !== 0,
  uint64: (view, at) => view.getBigUint64(at, true),
  int64: (view, at) => view.getBigInt64(at, true),
  float64: (view, at) => view.getFloat64(at, true),
};

/** `start` is counted from the beginning of the data, which is not yet known. */
function readInfo(cursor: Cursor, name: string, source: string): GgufTensor {
  const dimensions = cursor.uint32(`the shape of ${name}`);
  if (dimensions < 1 || dimensions > maxDimensions) {
    throw new Error(
      `${source}: GGUF tensor ${shownName(name)} has ${dimensions} dimensions (expected 1 … ${maxDimensions})`,
    );
  }
  const shape = Array.from({ length: dimensions }, () =>
    cursor.count(`elements of ${name}`, Number.MAX_SAFE_INTEGER),
  );
  const type = cursor.uint32(`the type of ${name}`);
  const start = cursor.count(`bytes before ${name}`, Number.MAX_SAFE_INTEGER);
  return { shape, type, start };
}

function readAlignment(metadata: Gguf['metadata'], source: string): number {
  const given = metadata.get('general.alignment');
  if (given === undefined) return 32;
  const { type, value } = given;
  const valid = type === 'uint32' && typeof value === 'number' && value >= 8 && value % 8 === 0;
  if (!valid) {
    throw new Error(
      `${source}: GGUF alignment ${String(value)} (expected a multiple of 8, as uint32)`,
    );
  }
  return value;
}
