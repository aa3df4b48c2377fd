/** Vectors as flat arrays: inner products, norms, angles. Sums are taken in float64. */

/** Inner product. @throws where the widths differ. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) {
    throw new Error(`dot: vectors have different widths (${a.length} and ${b.length})`);
  }
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Euclidean length. */
export function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a));
}

/** float32 unit vector. @throws where the vector is zero or not finite. */
export function normalise(a: ArrayLike<number>): Float32Array {
  const length = norm(a);
  if (!(length > 0) || !Number.isFinite(length)) {
    throw new Error(`normalise: a vector of length ${length} has no direction`);
  }
  return Float32Array.from(a, (x) => x / length);
}

/**
 * Cosine of the angle between two vectors, −1 … 1.
 * @throws where one of them is zero or the widths differ.
 */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const lengths = norm(a) * norm(b);
  if (!(lengths > 0)) throw new Error('cosine: a zero vector has no direction');
  return Math.max(-1, Math.min(1, dot(a, b) / lengths));
}

/**
 * float32 unit vector: what is left of `vector` without its part along each of `against`
 * (modified Gram–Schmidt, in float64, run twice so that rounding leaves nothing behind).
 * @throws where nothing is left (relative length below 1e-6).
 */
export function orthogonalise(
  vector: ArrayLike<number>,
  against: readonly ArrayLike<number>[],
): Float32Array {
  const rest = Float64Array.from(vector);
  const basis: Float64Array[] = [];
  for (const other of against) {
    const axis = Float64Array.from(other);
    const before = norm(axis);
    removeParts(axis, basis);
    const length = norm(axis);
    // A repeated axis adds nothing to what is removed.
    if (length > 1e-9 * before) basis.push(axis.map((x) => x / length));
  }
  const before = norm(rest);
  removeParts(rest, basis);
  if (!(norm(rest) > 1e-6 * before)) {
    throw new Error('orthogonalise: the vector lies in the span of the others; nothing is left');
  }
  return normalise(rest);
}

function removeParts(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++) {
    for (const axis of basis) {
      const part = dot(vector, axis);
      for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) - part * (axis[i] ?? 0);
    }
  }
}
