/**
 * Rows of features as a regression sees them: about their mean, and divided by one number, the root
 * mean variance per column. Nothing of that is stored, so that no copy of the rows is made.
 */
import { checkedMeans } from './rows.js';
import type { Rows } from './rows.js';

/** `[N, D]` of which most numbers are zero. */
export interface SparseRows {
  rows: number;
  width: number;
  /** `[N + 1]`: where each row begins, and where the last one ends. */
  starts: Uint32Array;
  /** Of each number that is not zero: its column. */
  columns: Uint32Array;
  values: Float32Array;
}

export interface Design {
  readonly rows: number;
  readonly width: number;
  /** float64 `[D]` */
  readonly centre: Float64Array;
  readonly scale: number;
  /** Float64 `[N]`: ⟨row, weights⟩ + bias. */
  times(weights: Float64Array, bias: number): Float64Array;
  /** Float64 `[D]`: the sum of the rows, each as often as its share says. */
  sum(shares: Float64Array): Float64Array;
}

/** @throws on a wrong shape, on NaN, and where nothing varies. */
export function standardised(features: Rows | SparseRows, subject: string): Design {
  const design = 'columns' in features ? sparse(features, subject) : dense(features, subject);
  if (design.scale > 0) return design;
  throw new Error(`${subject}: the ${features.rows} rows do not vary`);
}

function dense(features: Rows, subject: string): Design {
  const { data, rows, width } = features;
  const centre = checkedMeans(features, subject);
  let squares = 0;
  for (let at = 0, j = 0; at < data.length; at++, j = j + 1 === width ? 0 : j + 1) {
    const x = (data[at] ?? 0) - (centre[j] ?? 0);
    squares += x * x;
  }
  const scale = Math.sqrt(squares / (rows * width));
  return {
    ...{ rows, width, centre, scale },
    times: (weights, bias) => {
      const products = new Float64Array(rows);
      for (let i = 0, at = 0; i < rows; i++) {
        let sum = bias;
        for (let j = 0; j < width; j++, at++) {
          sum += (((data[at] ?? 0) - (centre[j] ?? 0)) / scale) * (weights[j] ?? 0);
        }
        products[i] = sum;
      }
      return products;
    },
    sum: (shares) => {
      const total = new Float64Array(width);
      for (let i = 0, at = 0; i < rows; i++) {
        const share = shares[i] ?? 0;
        for (let j = 0; j < width; j++, at++) {
          total[j] = (total[j] ?? 0) + share * (((data[at] ?? 0) - (centre[j] ?? 0)) / scale);
        }
      }
      return total;
    },
  };
}

function sparse(features: SparseRows, subject: string): Design {
  checkSparse(features, subject);
  const { rows, width, starts, columns, values } = features;
  const centre = new Float64Array(width);
  values.forEach((x, at) => {
    const j = columns[at] ?? 0;
    centre[j] = (centre[j] ?? 0) + x / rows;
  });
  // Of the zeros first, then what the others differ from that.
  let squares = rows * centre.reduce((sum, c) => sum + c * c, 0);
  values.forEach((x, at) => (squares += x * (x - 2 * (centre[columns[at] ?? 0] ?? 0))));
  const scale = Math.sqrt(Math.max(0, squares) / (rows * width));
  return {
    ...{ rows, width, centre, scale },
    times: (weights, bias) => {
      const middle = centre.reduce((sum, c, j) => sum + c * (weights[j] ?? 0), 0);
      const products = new Float64Array(rows);
      for (let i = 0; i < rows; i++) {
        let sum = -middle;
        for (let at = starts[i] ?? 0; at < (starts[i + 1] ?? 0); at++) {
          sum += (values[at] ?? 0) * (weights[columns[at] ?? 0] ?? 0);
        }
        products[i] = bias + sum / scale;
      }
      return products;
    },
    sum: (shares) => {
      const total = new Float64Array(width);
      const all = shares.reduce((sum, share) => sum + share, 0);
      for (let i = 0; i < rows; i++) {
        for (let at = starts[i] ?? 0; at < (starts[i + 1] ?? 0); at++) {
          const j = columns[at] ?? 0;
          total[j] = (total[j] ?? 0) + (shares[i] ?? 0) * (values[at] ?? 0);
        }
      }
      return total.map((x, j) => (x - all * (centre[j] ?? 0)) / scale);
    },
  };
}

function checkSparse(features: SparseRows, subject: string): void {
  const { rows, width, starts, columns, values } = features;
  const fits = starts.length === rows + 1 && starts[rows] === values.length;
  if (rows < 1 || width < 1 || !fits || columns.length !== values.length) {
    throw new Error(
      `${subject}: data do not fit their shape (expected ${rows} rows of ${width}, got ${values.length} numbers in ${starts.length - 1} rows)`,
    );
  }
  const far = columns.find((column) => column >= width);
  if (far !== undefined) {
    throw new Error(`${subject}: column ${far} is none (expected 0 … ${width - 1})`);
  }
  const bad = values.find((x) => !Number.isFinite(x));
  if (bad !== undefined)
    throw new Error(`${subject}: a row holds ${bad} (expected finite numbers)`);
}
