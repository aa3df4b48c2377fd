/**
 * Ridge-regularised logistic regression on `[N, D]` rows: the linear probe.
 *
 * Minimises mean log loss + ridge/2 · ‖w‖² by Newton steps whose linear systems are solved by
 * conjugate gradients (no D × D matrix, so D may exceed N) with a backtracking line search.
 * Convex and started from zero: the result is unique and does not depend on chance. Rows are
 * centred and scaled by one number, the root mean variance per column, so that the ridge has no
 * unit and does not depend on the choice of axes. The bias is not penalised.
 */
import { standardised } from './design.js';
import type { Design, SparseRows } from './design.js';
import type { Rows } from './rows.js';

export interface LogisticModel {
  /** float32 `[D]`, in the units of the data: logit = ⟨weights, row⟩ + bias. */
  weights: Float32Array;
  bias: number;
  /** Newton steps taken. */
  iterations: number;
  /** Whether the gradient's norm fell below 1e-7. */
  converged: boolean;
}

const maxNewtonSteps = 50;
const gradientTolerance = 1e-7;

/**
 * @param options.labels per row, true for the positive class.
 * @param options.ridge default 0.01.
 * @throws on a wrong shape, on NaN, where a class is absent or nothing varies, and where the ridge
 *   is not positive (separable data have no optimum without it).
 */
export function fitLogistic(
  options: (Rows | SparseRows) & { labels: readonly boolean[]; ridge?: number },
): LogisticModel {
  const { rows, width, labels, ridge = 0.01 } = options;
  checkLabels(labels, rows);
  if (!(ridge > 0)) throw new Error(`logistic: ridge is not positive (got ${ridge})`);
  const design = standardised(options, 'logistic');
  const { centre, scale } = design;
  const problem = new LogisticProblem({ design, labels, ridge });

  let point: Float64Array = new Float64Array(width + 1);
  let iterations = 0;
  let gradient = problem.gradient(point);
  while (length(gradient) > gradientTolerance && iterations < maxNewtonSteps) {
    point = problem.descend(point, gradient);
    gradient = problem.gradient(point);
    iterations++;
  }
  const weights = new Float32Array(width);
  let bias = point[width] ?? 0;
  for (let j = 0; j < width; j++) {
    const weight = (point[j] ?? 0) / scale;
    weights[j] = weight;
    bias -= weight * (centre[j] ?? 0);
  }
  return { weights, bias, iterations, converged: length(gradient) <= gradientTolerance };
}

function checkLabels(labels: readonly boolean[], rows: number): void {
  if (labels.length !== rows) {
    throw new Error(`logistic: ${rows} rows have ${labels.length} labels`);
  }
  if (new Set(labels).size < 2) {
    throw new Error('logistic: all labels are the same (expected both classes)');
  }
}

/** The objective over points `[w, bias]`, float64 `[D + 1]`. */
class LogisticProblem {
  readonly #design: Design;
  readonly #targets: Float64Array;
  readonly #ridge: number;

  constructor(options: { design: Design; labels: readonly boolean[]; ridge: number }) {
    this.#design = options.design;
    this.#targets = Float64Array.from(options.labels, (label) => (label ? 1 : 0));
    this.#ridge = options.ridge;
  }

  gradient(point: Float64Array): Float64Array {
    const residual = this.#logits(point).map((z, i) => sigmoid(z) - (this.#targets[i] ?? 0));
    return this.#pullBack(residual, point);
  }

  /** One Newton step with a line search. */
  descend(point: Float64Array, gradient: Float64Array): Float64Array {
    const curvature = this.#logits(point).map((z) => sigmoid(z) * sigmoid(-z));
    const step = conjugateGradients((v) => {
      const pushed = this.#logits(v).map((x, i) => x * (curvature[i] ?? 0));
      return this.#pullBack(pushed, v);
    }, gradient);
    const slope = product(gradient, step);
    const start = this.#loss(point);
    for (let size = 1; size > 1e-8; size /= 2) {
      const moved = point.map((x, i) => x - size * (step[i] ?? 0));
      if (this.#loss(moved) <= start - 1e-4 * size * slope) return moved;
    }
    // At the limits of float64 the loss no longer falls; the Newton step is still the best guess.
    return point.map((x, i) => x - (step[i] ?? 0));
  }

  #loss(point: Float64Array): number {
    let loss = 0;
    this.#logits(point).forEach((z, i) => {
      const margin = this.#targets[i] === 1 ? z : -z;
      loss += Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
    });
    const weights = this.#weights(point);
    return loss / this.#design.rows + (this.#ridge / 2) * product(weights, weights);
  }

  /** `[N]`: ⟨row, w⟩ + bias. */
  #logits(point: Float64Array): Float64Array {
    return this.#design.times(this.#weights(point), point[this.#design.width] ?? 0);
  }

  /** Mean over rows of value · [row, 1], plus the ridge's part on w. */
  #pullBack(values: Float64Array, point: Float64Array): Float64Array {
    const { rows, width } = this.#design;
    const shares = values.map((value) => value / rows);
    const result = new Float64Array(width + 1);
    result.set(this.#design.sum(shares));
    for (let j = 0; j < width; j++) {
      result[j] = (result[j] ?? 0) + this.#ridge * (point[j] ?? 0);
    }
    result[width] = shares.reduce((sum, share) => sum + share, 0);
    return result;
  }

  #weights(point: Float64Array): Float64Array {
    return point.subarray(0, this.#design.width);
  }
}

/** Solves A x = b for positive definite A, to a relative residual of 1e-6. */
function conjugateGradients(
  apply: (v: Float64Array) => Float64Array,
  b: Float64Array,
): Float64Array {
  const x = new Float64Array(b.length);
  const residual = b.slice();
  let search = b.slice();
  let square = product(residual, residual);
  const enough = square * 1e-12;
  for (let i = 0; i < 2 * b.length && square > enough; i++) {
    const image = apply(search);
    const curvature = product(search, image);
    if (!(curvature > 0)) break;
    const size = square / curvature;
    for (let j = 0; j < x.length; j++) {
      x[j] = (x[j] ?? 0) + size * (search[j] ?? 0);
      residual[j] = (residual[j] ?? 0) - size * (image[j] ?? 0);
    }
    const next = product(residual, residual);
    search = search.map((s, j) => (residual[j] ?? 0) + (next / square) * s);
    square = next;
  }
  return x;
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function length(a: Float64Array): number {
  return Math.sqrt(product(a, a));
}
