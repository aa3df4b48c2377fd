/**
 * Principal components of the rows of a matrix, over ml-pca's NIPALS (Wold 1966): power iteration
 * on the data themselves, which never forms the D × D covariance and so stays fast at D = 4096.
 *
 * Two properties of that implementation are met here: it starts from the first column (NaN where
 * that column is constant), and it stops at an absolute change of the scores (too early for small
 * numbers). So the column of largest variance goes first, and the data are scaled to a fixed norm.
 *
 * It goes over copies of the data, which is slow where they are large: there ml-pca's decomposition
 * of a covariance is done in a small space that holds the component (krylov.ts), which grows until the
 * component's residual says that it does.
 */
import { Matrix } from 'ml-matrix';
import { PCA } from 'ml-pca';
import { KrylovSpace } from './krylov.js';
import type { CentredRows } from './krylov.js';
import { checkedMeans, totalSquares } from './rows.js';
import type { Rows } from './rows.js';

/** Frobenius norm at which NIPALS' absolute tolerance (1e-10 on squares) means 1e-8 of the data. */
const workingNorm = 1000;

export interface PrincipalComponents {
  /**
   * `[K, D]`, unit rows, largest variance first. The sign is arbitrary in itself; here the entry of
   * largest magnitude is positive, so that equal data give equal signs.
   */
  components: Float32Array;
  /** Per component, its share of the total sum of squares about the centre, 0 … 1. */
  explained: number[];
  /** float64 `[D]`: the rows' mean where centred, else zero. */
  centre: Float64Array;
}

/**
 * The first `count` principal components (default 1) of `[N, D]` rows, about their mean (default)
 * or, with `centred: false`, about the origin.
 * @throws on a wrong shape, on NaN, on more components than min(N, D), and where the rows do not
 *   differ from the centre at all.
 */
export function principalComponents(
  options: Rows & { count?: number; centred?: boolean },
): PrincipalComponents {
  const { data, rows, width, count = 1, centred = true } = options;
  const means = checkedMeans(options, 'pca');
  if (!Number.isInteger(count) || count < 1 || count > Math.min(rows, width)) {
    throw new Error(
      `pca: cannot take ${count} components of ${rows} × ${width} data (expected 1 … ${Math.min(rows, width)})`,
    );
  }
  const centre = centred ? means : new Float64Array(width);
  if (count === 1 && data.length > largeData) {
    const total = totalSquares(options, centre);
    const short = total > 0 ? shortcut({ data, rows, width, centre }, total) : null;
    if (short) return { ...short, centre };
  }
  const squares = columnSquares(options, centre);
  const total = squares.reduce((a, b) => a + b, 0);
  if (!(total > 0)) throw new Error(`pca: the ${rows} rows do not vary; there is no component`);
  return { ...nipals({ ...options, squares, total, count }, centre), centre };
}

/** More numbers than this are not worth to be gone over by NIPALS. */
const largeData = 2 ** 18;
/** Directions of the small problem: they are made more until the component is exact. */
const [fewest, most, more] = [2, 512, 1.2];
/** Residual, of the eigenvalue: at a gap of a thousandth, 1 − |cos| is then 5e-9. */
const exact = 1e-7;

/** In a Krylov space; null where that does not come to an end. */
function shortcut(data: CentredRows, total: number): Omit<PrincipalComponents, 'centre'> | null {
  const space = new KrylovSpace(data);
  for (let size = fewest; size <= most; size = Math.ceil(more * size)) {
    space.grow(size);
    const inner = new PCA(space.products(), { isCovarianceMatrix: true });
    const [square = 0] = inner.getEigenvalues();
    const coordinates = inner.getLoadings().getRow(0);
    if (!space.complete && space.residual(coordinates, square) > exact) continue;
    const component = space.combine(coordinates);
    return { components: Float32Array.from(signed([...component])), explained: [square / total] };
  }
  return null;
}

/** @param given.squares of each column; `total` is their sum */
function nipals(
  given: Rows & { squares: Float64Array; total: number; count: number },
  centre: Float64Array,
): Omit<PrincipalComponents, 'centre'> {
  const { data, rows, width, squares, total, count } = given;
  const first = squares.indexOf(Math.max(...squares));
  const scale = workingNorm / Math.sqrt(total);
  const matrix = Matrix.zeros(rows, width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      const value = ((data[i * width + j] ?? 0) - (centre[j] ?? 0)) * scale;
      matrix.set(i, swapped(j, first), value);
    }
  }
  const pca = new PCA(matrix, { method: 'NIPALS', nCompNIPALS: count, center: false });
  const loadings = pca.getLoadings();
  const components = new Float32Array(count * width);
  for (let k = 0; k < count; k++) {
    const row = loadings.getRow(k).map((_, j, values) => values[swapped(j, first)] ?? 0);
    components.set(signed(row), k * width);
  }
  if (components.some((x) => Number.isNaN(x))) {
    throw new Error(`pca: the data have fewer than ${count} components; ask for fewer`);
  }
  const explained = pca.getEigenvalues().map((square) => square / workingNorm ** 2);
  return { components, explained };
}

/** Index of column j once columns 0 and `first` have changed places. */
function swapped(j: number, first: number): number {
  if (j === 0) return first;
  return j === first ? 0 : j;
}

function columnSquares({ data, rows, width }: Rows, centre: Float64Array): Float64Array {
  const squares = new Float64Array(width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      const x = (data[i * width + j] ?? 0) - (centre[j] ?? 0);
      squares[j] = (squares[j] ?? 0) + x * x;
    }
  }
  return squares;
}

function signed(row: readonly number[]): number[] {
  const largest = row.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0);
  return largest < 0 ? row.map((x) => -x) : [...row];
}
