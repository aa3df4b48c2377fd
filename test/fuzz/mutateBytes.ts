/** Damage that knows nothing of the format. */
import type { Random } from '../../src/math/random.js';

type ByteMutation = (random: Random, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

export const byteMutations: Readonly<Record<string, ByteMutation>> = {
  flip(random, bytes) {
    const copy = copied(bytes);
    for (let left = 1 + random.integer(8); left > 0; left--) {
      const at = random.integer(copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(8));
    }
    return copy;
  },
  replace(random, bytes) {
    const copy = copied(bytes);
    const at = random.integer(copy.length);
    copy[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.integer(256)]);
    return copy;
  },
  truncate: (random, bytes) => copied(bytes).subarray(0, random.integer(bytes.length)),
  remove(random, bytes) {
    const [from, to] = range(random, bytes);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  repeat(random, bytes) {
    const [from, to] = range(random, bytes);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  splice(random, bytes, other) {
    const [from, to] = range(random, other);
    const at = random.integer(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at)]);
  },
  cross: (random, bytes, other) =>
    Buffer.concat([
      bytes.subarray(0, random.integer(bytes.length)),
      other.subarray(random.integer(other.length)),
    ]),
};

/** Of a Buffer, `slice` would be a view: damages would add up. */
function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function range(random: Random, bytes: Uint8Array): [number, number] {
  const from = random.integer(bytes.length);
  const length = 1 + random.integer(random.pick([4, 64, 1024]));
  return [from, Math.min(bytes.length, from + length)];
}
