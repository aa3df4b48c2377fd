/** Case number i of a seed, for one reader: always the same bytes, whatever ran before. */
import { createRandom, type Random } from '../../../src/math/random.js';
import { byteMutations } from '../mutateBytes.js';
import { mutateJson, mutateLines } from './mutateJson.js';
import type { Specimen } from './reader.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export interface FileCase {
  specimen: Specimen;
  bytes: Uint8Array;
}

/** Mutates one of the specimens: one case in four without regard to the format. */
export function makeFileCase(seed: string, i: number, specimens: readonly Specimen[]): FileCase {
  const random = createRandom(seed).fork(i);
  const specimen = random.pick(specimens);
  const { bytes, format } = specimen;
  if (format === 'bytes' || random.integer(4) === 0) {
    const kind = random.pick(Object.keys(byteMutations));
    const other = random.pick(specimens).bytes;
    return { specimen, bytes: byteMutations[kind]?.(random, bytes, other) ?? bytes };
  }
  return { specimen, bytes: mutations[format](random, bytes) };
}

const mutations = {
  json: (random: Random, bytes: Uint8Array) => bytesOf(mutateJson(random, textOf(bytes))),
  lines: (random: Random, bytes: Uint8Array) => bytesOf(mutateLines(random, textOf(bytes))),
  safetensors: mutateHeader,
} as const;

/** The header of a safetensors file: its length as 8 bytes, then JSON. */
function mutateHeader(random: Random, bytes: Uint8Array): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = bytesOf(mutateJson(random, textOf(bytes.subarray(8, 8 + length))));
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(header.length), true);
  return Buffer.concat([size, header, bytes.subarray(8 + length)]);
}
