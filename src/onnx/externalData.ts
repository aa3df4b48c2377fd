/** Weights that a graph keeps in other files: which, and whether their entries make sense. */
import { posix } from 'node:path';
import type { ModelProto, TensorProto } from 'onnx-buf';
import { parseModel, serializeModel } from './model.js';
import { isExternal, sizeInBytes, tensorsOf } from './tensors.js';

/** A weight in another file. */
export interface ExternalWeight {
  name: string;
  /** Path of the file, relative to the folder of the ONNX file, with slashes, without `.` or `..`. */
  location: string;
  /** First byte in the file. */
  offset: number;
  /** Bytes, from the weight's shape. */
  length: number;
}

/**
 * Lists the weights of a model that lie in other files. Several may lie in one file, overlap, or
 * be the same bytes; `offset` is 0 where the graph gives none.
 *
 * @throws Error where an entry is no such place: a path that is absolute or leaves the folder, an
 * offset or length that is no whole number or does not match the weight's shape
 */
export function externalWeights(model: ModelProto): ExternalWeight[] {
  return [...tensorsOf(model)].filter(isExternal).map(externalWeight);
}

/**
 * Renames the files that a model's weights lie in; the model is otherwise the same.
 *
 * @param model bytes of the ONNX file
 * @param rename from a location as {@link externalWeights} gives it to the new one
 * @throws Error where the bytes are no ONNX model, or as {@link externalWeights}
 */
export function renameExternalData(
  model: Uint8Array,
  rename: (location: string) => string,
): Uint8Array {
  const parsed = parseModel(model);
  for (const tensor of tensorsOf(parsed.model)) {
    if (!isExternal(tensor)) continue;
    const { location } = externalWeight(tensor);
    for (const entry of tensor.externalData) {
      if (entry.key === 'location') entry.value = rename(location);
    }
  }
  return serializeModel(parsed.model);
}

/** ONNX Runtime knows more keys (weights packed beforehand), whose offsets it does not check. */
const keys = ['location', 'offset', 'length', 'checksum'];

/** Where an external weight lies. @throws as {@link externalWeights} */
export function externalWeight(tensor: TensorProto): ExternalWeight {
  const { name, externalData } = tensor;
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const unknown = externalData.find(({ key }) => !keys.includes(key));
  if (unknown !== undefined || entries.size < externalData.length) {
    const found = externalData.slice(0, 8).map(({ key }) => quoted(key));
    throw new Error(
      `model: weight ${name} has external data with the keys ${found.join(', ')} (expected each of ${keys.join(', ')} at most once); export it again`,
    );
  }
  const length = sizeInBytes(tensor);
  if (length === null) {
    throw new Error(
      `model: weight ${name} is external data of an element type without a fixed size; store it in the graph`,
    );
  }
  const announced = readNumber(name, 'length', entries.get('length')) ?? length;
  if (announced !== length) {
    throw new Error(
      `model: weight ${name} does not fit its external data (expected ${length} bytes from its shape, got a length of ${announced}); download the file again`,
    );
  }
  const offset = readNumber(name, 'offset', entries.get('offset')) ?? 0;
  return { name, location: readLocation(name, entries.get('location') ?? ''), offset, length };
}

function readNumber(name: string, key: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new Error(
    `model: weight ${name} has external data with ${key} ${quoted(text)} (expected a whole number of bytes); export it again`,
  );
}

/** Windows' separators and drives count everywhere: a file is as safe on one system as on another. */
function readLocation(name: string, text: string): string {
  const segments = text.split(/[\\/]/);
  const outside = text.startsWith('/') || text.startsWith('\\') || /^[a-z]:/i.test(text);
  // `*/_ORT_MEM_ADDR_/*` is an address in ONNX Runtime's own memory.
  const marker = text.includes('_ORT_MEM_ADDR_');
  const location = posix.normalize(text);
  const nowhere = text === '' || location === '.' || location.endsWith('/');
  if (outside || marker || nowhere || segments.includes('..') || /\p{Cc}/u.test(text)) {
    throw new Error(
      `model: weight ${name} has external data in ${quoted(text)} (expected a path below the model's own folder); such a file is not to be trusted`,
    );
  }
  return location;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
