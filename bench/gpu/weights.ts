/** Random fp16 weights, the same for a seed, written to one raw file as they are drawn. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRandom } from '../../src/math/random.js';

export interface StoredWeight {
  /** As ONNX has it: products are `[in, out]`. */
  shape: readonly number[];
  /** Bytes from the start of the file. */
  offset: number;
  length: number;
}

/** Bits of the nearest float16, halves to even; for finite numbers below 65520. */
export function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 1e-30)));
  const steps = roundToEven(size / 2 ** (exponent - 10));
  // A mantissa that rounds up to the next power of two carries into the exponent by itself.
  return sign + (steps < 1024 ? steps : steps - 1024 + (exponent + 15) * 1024);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

const tableSize = 2 ** 16;
/** Numbers drawn per deviation; a prime, so that no row of a matrix starts where another did. */
const period = 4_194_301;

/**
 * Appends weights to a file. A weight depends on the seed and its name alone: it is a stretch of one
 * long draw that starts at a place of its own and begins anew at its end. So 16 GB take as long as
 * writing them.
 */
export class WeightFile {
  readonly #file: number;
  readonly #normals: Float64Array;
  readonly #seed: number;
  readonly #draws = new Map<string, Uint8Array>();
  #end = 0;
  readonly stored = new Map<string, StoredWeight>();

  constructor(path: string, seed: number) {
    this.#file = openSync(path, 'w');
    this.#seed = seed;
    const random = createRandom(`weights/${seed}`);
    this.#normals = Float64Array.from({ length: tableSize }, () => random.normal());
  }

  /** Normal numbers, of 65,536 values per mean and deviation. */
  normal(name: string, shape: readonly number[], deviation: number, mean = 0): StoredWeight {
    const draw = this.#draw(deviation, mean);
    const random = createRandom(`weights/${this.#seed}/${name}`);
    const offset = this.#end;
    let left = 2 * shape.reduce((a, b) => a * b, 1);
    let from = 2 * random.integer(period);
    while (left > 0) {
      const part = draw.subarray(from, Math.min(draw.length, from + left));
      this.#append(part);
      left -= part.length;
      from = 0;
    }
    return this.#store(name, shape, offset);
  }

  #draw(deviation: number, mean: number): Uint8Array {
    const key = `${deviation}/${mean}`;
    const known = this.#draws.get(key);
    if (known) return known;
    const table = Uint16Array.from(this.#normals, (x) => toFloat16(mean + deviation * x));
    const drawn = new Uint16Array(period);
    const state = createRandom(`weights/${this.#seed}/${key}`).integer(2 ** 32 - 1) + 1;
    fill(drawn, { table, state });
    const bytes = new Uint8Array(drawn.buffer);
    this.#draws.set(key, bytes);
    return bytes;
  }

  /** Given numbers, rounded to float16. */
  numbers(name: string, shape: readonly number[], values: Float64Array): StoredWeight {
    const offset = this.#end;
    this.#append(new Uint8Array(Uint16Array.from(values, toFloat16).buffer));
    return this.#store(name, shape, offset);
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at += writeSync(this.#file, bytes, at, bytes.length - at);
    }
    this.#end += bytes.length;
  }

  /** The next weight starts at a multiple of 4096, as memory maps want it. */
  #store(name: string, shape: readonly number[], offset: number): StoredWeight {
    const weight = { shape, offset, length: this.#end - offset };
    this.stored.set(name, weight);
    const padding = (4096 - (this.#end % 4096)) % 4096;
    this.#append(new Uint8Array(padding));
    return weight;
  }
}

/** Marsaglia's xorshift32, 16 bits per number. */
function fill(target: Uint16Array, { table, state }: { table: Uint16Array; state: number }): void {
  let word = state | 0;
  for (let i = 0; i < target.length; i += 2) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    target[i] = table[word & 0xffff] ?? 0;
    if (i + 1 < target.length) target[i + 1] = table[word >>> 16] ?? 0;
  }
}
