/**
 * A few directions that hold the largest principal component of many numbers: a Krylov space of XᵀX,
 * made by Lanczos' three terms with full reorthogonalisation (Golub & Kahan 1965; Paige 1970). Each
 * step is one pass over the data, and what is left of the last one tells the residual. NIPALS, which
 * goes over copies, takes tens of times as long.
 */
import { Matrix } from 'ml-matrix';
import { createRandom } from './random.js';
import { fourRows, type FourRows, type Rows } from './rows.js';

/** The rows about their centre. */
export interface CentredRows extends Rows {
  /** float64 `[D]` */
  centre: Float64Array;
}

/** An orthonormal basis that can grow. */
export class KrylovSpace {
  /** Float64 `[D]` each. */
  readonly basis: Float64Array[] = [];
  /** X v of each, float64 `[N]`. */
  readonly images: Float64Array[] = [];
  readonly #data: CentredRows;
  #next: Float64Array | null;
  /** Length of what the last product had outside the basis. */
  #outside = 0;

  constructor(data: CentredRows) {
    this.#data = data;
    const random = createRandom('krylov');
    const start = Float64Array.from({ length: data.rows }, () => random.normal());
    this.#next = unit(back(data, start));
  }

  /** Whether there is no direction beside those of the basis in which the rows vary. */
  get complete(): boolean {
    return this.#next === null;
  }

  /** Adds directions until there are so many, or until they are all. */
  grow(size: number): void {
    while (this.basis.length < size && this.#next !== null) {
      const direction = this.#next;
      const { image, product } = passOver(this.#data, direction);
      this.basis.push(direction);
      this.images.push(image);
      const before = Math.sqrt(dot(product, product));
      // Once is not enough where most of it lies in the basis (Kahan's "twice").
      for (let time = 0; time < 2; time++) {
        for (const known of this.basis) subtract(product, known, dot(product, known));
      }
      const left = Math.sqrt(dot(product, product));
      this.#outside = left;
      this.#next = left > 1e-12 * before ? product.map((x) => x / left) : null;
    }
  }

  /** XᵀX as the basis sees it, `[K, K]`: the products of the images. */
  products(): Matrix {
    const { images } = this;
    const products = Matrix.zeros(images.length, images.length);
    images.forEach((a, i) => {
      for (let j = 0; j <= i; j++) {
        const product = dot(a, images[j] ?? a);
        products.set(i, j, product);
        products.set(j, i, product);
      }
    });
    return products;
  }

  /** The direction `[D]` with these coordinates, of unit length. */
  combine(coordinates: ArrayLike<number>): Float64Array {
    const sum = new Float64Array(this.#data.width);
    this.basis.forEach((direction, i) => subtract(sum, direction, -(coordinates[i] ?? 0)));
    return unit(sum) ?? sum;
  }

  /**
   * ‖XᵀX v − λ v‖ ÷ λ of an eigenvector of {@link products}, given by its coordinates, and its λ: 0
   * where v is a principal component.
   */
  residual(coordinates: ArrayLike<number>, square: number): number {
    return (this.#outside * Math.abs(coordinates[this.basis.length - 1] ?? 0)) / square;
  }
}

/** X v and XᵀX v: rows are used for both while they are at hand. */
function passOver(
  data: CentredRows,
  direction: Float64Array,
): { image: Float64Array; product: Float64Array } {
  const { rows, width, centre } = data;
  const image = new Float64Array(rows);
  const product = new Float64Array(width);
  const middle = dot(centre, direction);
  let sum = 0;
  for (let first = 0; first < rows; first += 4) {
    const block = fourRows(data, first);
    const along = dotFour(block, direction).map((x) => x - middle);
    for (let i = first; i < Math.min(first + 4, rows); i++) {
      image[i] = along[i - first] ?? 0;
      sum += image[i] ?? 0;
    }
    addFour(product, block, image.subarray(first, first + 4));
  }
  subtract(product, centre, sum);
  return { image, product };
}

/** Xᵀ u. */
function back(data: CentredRows, image: Float64Array): Float64Array {
  const { rows, width, centre } = data;
  const product = new Float64Array(width);
  for (let first = 0; first < rows; first += 4) {
    addFour(product, fourRows(data, first), image.subarray(first, first + 4));
  }
  subtract(
    product,
    centre,
    image.reduce((sum, x) => sum + x, 0),
  );
  return product;
}

function dotFour([p, q, r, s]: FourRows, direction: Float64Array): number[] {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let j = 0; j < direction.length; j++) {
    const x = direction[j] ?? 0;
    a += (p[j] ?? 0) * x;
    b += (q[j] ?? 0) * x;
    c += (r[j] ?? 0) * x;
    d += (s[j] ?? 0) * x;
  }
  return [a, b, c, d];
}

/** Adds the rows, each as often as its share says; a row without one is not added. */
function addFour(sum: Float64Array, [p, q, r, s]: FourRows, shares: Float64Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = shares;
  for (let j = 0; j < sum.length; j++) {
    sum[j] = (sum[j] ?? 0) + a * (p[j] ?? 0) + b * (q[j] ?? 0) + c * (r[j] ?? 0) + d * (s[j] ?? 0);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** a ← a − share · b */
function subtract(a: Float64Array, b: Float64Array, share: number): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] ?? 0) - share * (b[i] ?? 0);
}

/** Null where it has no length. */
function unit(vector: Float64Array): Float64Array | null {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((x) => x / length) : null;
}
