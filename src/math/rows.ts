/** The shape `[N, D]`: N rows of width D in one flat array, row-major. */

export interface Rows {
  /** `[N, D]` */
  data: Float32Array;
  rows: number;
  width: number;
}

/**
 * Mean of the rows, float64 `[D]`.
 * @throws where the array does not fit the shape, has no row, or holds NaN or infinity.
 */
export function checkedMeans(given: Rows, subject: string): Float64Array {
  const { data, rows, width } = given;
  if (rows < 1 || width < 1 || data.length !== rows * width) {
    throw new Error(
      `${subject}: data do not fit their shape (expected ${rows} × ${width}, got ${data.length} numbers)`,
    );
  }
  const means = columnMeans(given);
  // In float64 a sum of finite float32 numbers is finite, and one with any other number is not.
  if (means.every(Number.isFinite)) return means;
  const at = data.findIndex((number) => !Number.isFinite(number));
  throw new Error(
    `${subject}: row ${Math.floor(at / width)} holds ${data[at]} at column ${at % width} (expected finite numbers)`,
  );
}

function columnMeans(given: Rows): Float64Array {
  const { rows, width } = given;
  const sums = new Float64Array(width);
  let first = 0;
  for (; first + 4 <= rows; first += 4) {
    const [p, q, r, s] = fourRows(given, first);
    // One after the other, as single rows would be added.
    for (let j = 0; j < width; j++) sums[j] = (sums[j] ?? 0) + (p[j] ?? 0) + (q[j] ?? 0) + (r[j] ?? 0) + (s[j] ?? 0); // prettier-ignore
  }
  for (; first < rows; first++) {
    const [row] = fourRows(given, first);
    for (let j = 0; j < width; j++) sums[j] = (sums[j] ?? 0) + (row[j] ?? 0);
  }
  return sums.map((sum) => sum / rows);
}

/** Sum of squares about a centre `[D]`, of all columns. */
export function totalSquares(given: Rows, centre: Float64Array): number {
  const { rows, width } = given;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let first = 0; first < rows; first += 4) {
    const [p, q, r, s] = fourRows(given, first);
    // The last row stands for those after it, and counts once.
    const [second = 0, third = 0, fourth = 0] = [1, 2, 3].map((i) => Number(first + i < rows));
    for (let j = 0; j < width; j++) {
      const middle = centre[j] ?? 0;
      const x = (p[j] ?? 0) - middle;
      const y = (q[j] ?? 0) - middle;
      const z = (r[j] ?? 0) - middle;
      const w = (s[j] ?? 0) - middle;
      a += x * x;
      b += y * y * second;
      c += z * z * third;
      d += w * w * fourth;
    }
  }
  return a + b + c + d;
}

/** Rows that are gone over together: a processor adds four numbers in the time of one. */
export type FourRows = readonly [Float32Array, Float32Array, Float32Array, Float32Array];

/** Four rows from `first` on; the last row stands for those after it. */
export function fourRows({ data, rows, width }: Rows, first: number): FourRows {
  const row = (i: number): Float32Array => {
    const start = Math.min(i, rows - 1) * width;
    return data.subarray(start, start + width);
  };
  return [row(first), row(first + 1), row(first + 2), row(first + 3)];
}
