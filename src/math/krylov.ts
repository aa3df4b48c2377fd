/**
 * A few directions that hold the largest principal component of many numbers: a Krylov space of XᵀX,
 * made by Lanczos' three terms with full reorthogonalisation (Golub & Kahan 1965; Paige 1970). Each
 * step is one pass over the data, so a component of 512 × 4,096 numbers takes some twenty passes where
 * NIPALS, which goes over copies, takes ten times as long.
 */
import { Matrix } from 'ml-matrix';
import { createRandom } from './random.js';
import type { Rows } from './rows.js';

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

  /** ‖XᵀX v − λ v‖ ÷ λ for λ = ‖X v‖²: 0 where v is a principal component. */
  residual(direction: Float64Array): number {
    const { image, product } = passOver(this.#data, direction);
    const square = dot(image, image);
    subtract(product, direction, square);
    return Math.sqrt(dot(product, product)) / square;
  }
}

/** X v and XᵀX v: every row is used for both while it is at hand. */
function passOver(
  { data, rows, width, centre }: CentredRows,
  direction: Float64Array,
): { image: Float64Array; product: Float64Array } {
  const image = new Float64Array(rows);
  const product = new Float64Array(width);
  const middle = dot(centre, direction);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * width, (i + 1) * width);
    let along = -middle;
    for (let j = 0; j < width; j++) along += (row[j] ?? 0) * (direction[j] ?? 0);
    for (let j = 0; j < width; j++) product[j] = (product[j] ?? 0) + along * (row[j] ?? 0);
    image[i] = along;
    sum += along;
  }
  subtract(product, centre, sum);
  return { image, product };
}

/** Xᵀ u. */
function back({ data, rows, width, centre }: CentredRows, image: Float64Array): Float64Array {
  const product = new Float64Array(width);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const along = image[i] ?? 0;
    const row = data.subarray(i * width, (i + 1) * width);
    for (let j = 0; j < width; j++) product[j] = (product[j] ?? 0) + along * (row[j] ?? 0);
    sum += along;
  }
  subtract(product, centre, sum);
  return product;
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
