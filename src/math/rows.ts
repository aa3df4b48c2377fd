/** The shape `[N, D]`: N rows of width D in one flat array, row-major. */

export interface Rows {
  /** `[N, D]` */
  data: Float32Array;
  rows: number;
  width: number;
}

/** @throws where the array does not fit the shape, has no row, or holds NaN or infinity. */
export function checkRows({ data, rows, width }: Rows, subject: string): void {
  if (rows < 1 || width < 1 || data.length !== rows * width) {
    throw new Error(
      `${subject}: data do not fit their shape (expected ${rows} × ${width}, got ${data.length} numbers)`,
    );
  }
  // A callback for each of millions of numbers takes longer than finding a component.
  for (let at = 0; at < data.length; at++) {
    if (Number.isFinite(data[at])) continue;
    throw new Error(
      `${subject}: row ${Math.floor(at / width)} holds ${data[at]} at column ${at % width} (expected finite numbers)`,
    );
  }
}

/** Mean of the rows, float64 `[D]`. */
export function columnMeans({ data, rows, width }: Rows): Float64Array {
  const means = new Float64Array(width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) means[j] = (means[j] ?? 0) + (data[i * width + j] ?? 0);
  }
  return means.map((sum) => sum / rows);
}
