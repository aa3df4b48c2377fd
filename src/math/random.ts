/**
 * Seeded random numbers that are the same on every platform.
 *
 * Generator: Chris Doty-Humphrey's sfc32 (small fast counting, 128 bits of state, from PractRand).
 * Its state comes from the seed's text: four lanes hash the UTF-16 units by multiply and xor, and
 * each is finished by the splitmix32 mixer; the first 12 outputs are thrown away. Only integer
 * arithmetic on 32 bits is used, except in `normal`, which needs `Math.log` and `Math.sqrt`.
 */

export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform integer in 0 … n−1, without modulo bias. Throws unless n is an integer in 1 … 2³². */
  integer(n: number): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** A new array in uniformly random order (Fisher–Yates); the given one is left alone. */
  shuffle<T>(items: readonly T[]): T[];
  /** One item, uniformly. Throws on an empty array. */
  pick<T>(items: readonly T[]): T;
  /** float32 `[d]`, uniform on the unit sphere. */
  unitVector(d: number): Float32Array;
  /**
   * An independent stream, `createRandom(seed + '/' + label)`: it depends on the seed and the label
   * alone, not on how many numbers were drawn before.
   */
  fork(label: string | number): Random;
}

const range = 2 ** 32;

/** splitmix32's finaliser: every input bit reaches every output bit. */
function mix(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}

/** 128 bits of state from any text. */
function seedState(text: string): [number, number, number, number] {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let d = 0x6a09e667;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x85ebca6b) ^ (d >>> 13);
    b = Math.imul(b ^ unit, 0xc2b2ae35) ^ (a >>> 15);
    c = Math.imul(c ^ unit, 0x27d4eb2f) ^ (b >>> 16);
    d = Math.imul(d ^ unit, 0x165667b1) ^ (c >>> 14);
  }
  return [mix(a + text.length), mix(b ^ a), mix(c ^ b), mix(d ^ c)];
}

/** The raw generator: unsigned 32-bit words. */
function createWords(text: string): () => number {
  let [a, b, c, counter] = seedState(text);
  const word = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) word();
  return word;
}

/**
 * A random source from a seed. A number and its decimal text are the same seed.
 * @throws where a number is not finite.
 */
export function createRandom(seed: number | string): Random {
  if (typeof seed === 'number' && !Number.isFinite(seed)) {
    throw new Error(`random: seed is not a finite number (got ${seed}); give an integer or a text`);
  }
  const text = String(seed);
  const word = createWords(text);
  // The polar method yields two at a time.
  let spare: number | null = null;

  const next = (): number => {
    const high = word() >>> 5;
    const low = word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  };
  const integer = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > range) {
      throw new Error(`random: integer needs a bound in 1 … 2^32 (got ${n})`);
    }
    const limit = range - (range % n);
    let x = word();
    while (x >= limit) x = word();
    return x % n;
  };
  const normal = (): number => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const u = 2 * next() - 1;
      const v = 2 * next() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const factor = Math.sqrt((-2 * Math.log(s)) / s);
        spare = v * factor;
        return u * factor;
      }
    }
  };
  return {
    next,
    integer,
    normal,
    shuffle: (items) => shuffle(items, integer),
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new Error('random: cannot pick from an empty array');
      return items[integer(items.length)] as T;
    },
    unitVector: (d) => unitVector(d, normal),
    fork: (label) => createRandom(`${text}/${label}`),
  };
}

function shuffle<T>(items: readonly T[], integer: (n: number) => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = integer(i + 1);
    const kept = result[i] as T;
    result[i] = result[j] as T;
    result[j] = kept;
  }
  return result;
}

function unitVector(d: number, normal: () => number): Float32Array {
  if (!Number.isInteger(d) || d < 1) {
    throw new Error(`random: a unit vector needs a width of at least 1 (got ${d})`);
  }
  for (;;) {
    const values = Float64Array.from({ length: d }, normal);
    const length = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
    // A vanishing draw (possible in one dimension) has no direction.
    if (length > 1e-12) return Float32Array.from(values, (x) => x / length);
  }
}
