/** Logistic regression of fractions on one number: logit p = intercept + slope · x. */

export interface LogisticLine {
  intercept: number;
  slope: number;
}

/** Keeps the slope finite where x tells all values apart; too small to matter elsewhere. */
const ridge = 1e-3;
const mostSteps = 100;
const tolerance = 1e-9;

/**
 * Minimises the mean log loss + ridge/2 · slope² by Newton's method, from zero; the problem is convex.
 * @param y fractions 0–1, one per x
 * @returns null where all fractions are 0, or all 1: then no intercept is finite.
 */
export function fitLogisticLine(x: ArrayLike<number>, y: ArrayLike<number>): LogisticLine | null {
  const n = x.length;
  if (n !== y.length) throw new Error(`logistic: ${n} numbers have ${y.length} fractions`);
  const values = Array.from(y);
  if (values.every((value) => value === 0) || values.every((value) => value === 1)) return null;
  let line: LogisticLine = { intercept: 0, slope: 0 };
  for (let step = 0; step < mostSteps; step++) {
    const next = newtonStep(line, x, y);
    const moved = Math.abs(next.intercept - line.intercept) + Math.abs(next.slope - line.slope);
    line = next;
    if (moved < tolerance) break;
  }
  return line;
}

/** Halved until the loss falls. */
function newtonStep(line: LogisticLine, x: ArrayLike<number>, y: ArrayLike<number>): LogisticLine {
  const n = x.length;
  let [g0, g1, h00, h01, h11] = [0, ridge * line.slope, 0, 0, ridge];
  for (let i = 0; i < n; i++) {
    const at = x[i] ?? 0;
    const p = logistic(line.intercept + line.slope * at);
    const off = (p - (y[i] ?? 0)) / n;
    const weight = Math.max(p * (1 - p), 1e-9) / n;
    g0 += off;
    g1 += off * at;
    h00 += weight;
    h01 += weight * at;
    h11 += weight * at * at;
  }
  const determinant = h00 * h11 - h01 * h01;
  const d0 = (h11 * g0 - h01 * g1) / determinant;
  const d1 = (h00 * g1 - h01 * g0) / determinant;
  const before = loss(line, x, y);
  for (let size = 1; size > 1e-6; size /= 2) {
    const next = { intercept: line.intercept - size * d0, slope: line.slope - size * d1 };
    if (loss(next, x, y) <= before + 1e-14) return next;
  }
  return line;
}

function loss(
  { intercept, slope }: LogisticLine,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const z = intercept + slope * (x[i] ?? 0);
    // log(1 + e^z) − y z
    sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - (y[i] ?? 0) * z;
  }
  return sum / x.length + (ridge / 2) * slope ** 2;
}

/** 1 / (1 + e^−z) */
export function logistic(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
