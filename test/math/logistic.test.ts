import { describe, expect, it } from 'vitest';
import { cosine, dot } from '../../src/math/linear.js';
import { fitLogistic } from '../../src/math/logistic.js';
import { createRandom } from '../../src/math/random.js';

function twoClasses(options: { rows: number; width: number; gap: number }): {
  data: Float32Array;
  labels: boolean[];
  axis: Float32Array;
} {
  const { rows, width, gap } = options;
  const random = createRandom('logistic');
  const axis = random.unitVector(width);
  const data = new Float32Array(rows * width);
  const labels = Array.from({ length: rows }, (_, i) => i % 3 === 0);
  labels.forEach((label, i) => {
    for (let j = 0; j < width; j++) {
      data[i * width + j] = 2 + (label ? gap : -gap) * (axis[j] ?? 0) + random.normal();
    }
  });
  return { data, labels, axis };
}

describe('fitLogistic', () => {
  it('finds the axis between two classes and classifies new rows', () => {
    const width = 12;
    const { data, labels, axis } = twoClasses({ rows: 900, width, gap: 2 });
    const half = 600;
    const model = fitLogistic({
      data: data.slice(0, half * width),
      rows: half,
      width,
      labels: labels.slice(0, half),
    });
    expect(model.converged).toBe(true);
    expect(cosine(model.weights, axis)).toBeGreaterThan(0.95);
    const right = labels.slice(half).filter((label, i) => {
      const row = data.subarray((half + i) * width, (half + i + 1) * width);
      return dot(model.weights, row) + model.bias > 0 === label;
    });
    expect(right.length / 300).toBeGreaterThan(0.95);
  });

  it('is at the optimum: the mean residual is zero and the ridge balances the rest', () => {
    const width = 3;
    const rows = 200;
    const { data, labels } = twoClasses({ rows, width, gap: 0.5 });
    const { weights, bias } = fitLogistic({ data, rows, width, labels, ridge: 1e-9 });
    const residuals = labels.map((label, i) => {
      const logit = dot(weights, data.subarray(i * width, (i + 1) * width)) + bias;
      return 1 / (1 + Math.exp(-logit)) - (label ? 1 : 0);
    });
    expect(Math.abs(residuals.reduce((a, b) => a + b) / rows)).toBeLessThan(1e-5);
    for (let j = 0; j < width; j++) {
      const pull = residuals.reduce((sum, r, i) => sum + r * (data[i * width + j] ?? 0), 0);
      expect(Math.abs(pull / rows)).toBeLessThan(1e-5);
    }
  });

  it('fits sparse rows as it fits the same rows with their zeros', () => {
    const [rows, width] = [120, 30];
    const random = createRandom('sparse');
    const data = new Float32Array(rows * width);
    const labels = Array.from({ length: rows }, (_, i) => i % 2 === 0);
    const [starts, columns, values]: [number[], number[], number[]] = [[0], [], []];
    labels.forEach((label, i) => {
      for (let j = 0; j < width; j++) {
        if (random.next() > (label && j < 9 ? 0.3 : 0.1)) continue;
        const value = Math.fround(0.5 + random.next());
        data[i * width + j] = value;
        columns.push(j);
        values.push(value);
      }
      starts.push(columns.length);
    });
    const dense = fitLogistic({ data, rows, width, labels });
    const numbers = { starts: Uint32Array.from(starts), columns: Uint32Array.from(columns), values: Float32Array.from(values) }; // prettier-ignore
    const sparse = fitLogistic({ rows, width, ...numbers, labels });
    dense.weights.forEach((weight, j) => expect(sparse.weights[j]).toBeCloseTo(weight, 6));
    expect(sparse.bias).toBeCloseTo(dense.bias, 6);
    const far = { ...numbers, columns: numbers.columns.map(() => width) };
    expect(() => fitLogistic({ rows, width, ...far, labels })).toThrow('column 30 is none');
    const short = { ...numbers, starts: numbers.starts.subarray(1) };
    expect(() => fitLogistic({ rows, width, ...short, labels })).toThrow('do not fit their shape');
  });

  it('has the closed form of a balanced 2 × 2 table', () => {
    // One feature ±1; P(true | +1) = 3/4, P(true | −1) = 1/4: log odds ±ln 3, no bias.
    const data = Float32Array.from([1, 1, 1, 1, -1, -1, -1, -1]);
    const labels = [true, true, true, false, true, false, false, false];
    const model = fitLogistic({ data, rows: 8, width: 1, labels, ridge: 1e-12 });
    expect(model.weights[0]).toBeCloseTo(Math.log(3), 5);
    expect(model.bias).toBeCloseTo(0, 6);
  });

  it('does not depend on the unit of the data, and shrinks with the ridge', () => {
    const { data, labels } = twoClasses({ rows: 90, width: 4, gap: 1 });
    const small = fitLogistic({ data: data.map((x) => x / 1024), rows: 90, width: 4, labels });
    const plain = fitLogistic({ data, rows: 90, width: 4, labels });
    expect(small.weights[0]).toBeCloseTo(1024 * (plain.weights[0] ?? 0), 2);
    const strong = fitLogistic({ data, rows: 90, width: 4, labels, ridge: 10 });
    expect(Math.hypot(...strong.weights)).toBeLessThan(Math.hypot(...plain.weights) / 4);
  });

  it('converges on separable data wider than they are long', () => {
    const { data, labels } = twoClasses({ rows: 30, width: 200, gap: 3 });
    const model = fitLogistic({ data, rows: 30, width: 200, labels });
    expect(model.converged).toBe(true);
    expect(model.weights.every((w) => Number.isFinite(w))).toBe(true);
  });

  it('refuses one class, a wrong number of labels, no variance and no ridge', () => {
    const data = new Float32Array([1, 2, 3, 4]);
    const shape = { data, rows: 2, width: 2 };
    expect(() => fitLogistic({ ...shape, labels: [true, true] })).toThrow('both classes');
    expect(() => fitLogistic({ ...shape, labels: [true] })).toThrow('2 rows have 1 labels');
    expect(() => fitLogistic({ ...shape, labels: [true, false], ridge: 0 })).toThrow('ridge');
    const flat = { ...shape, data: new Float32Array(4).fill(1) };
    expect(() => fitLogistic({ ...flat, labels: [true, false] })).toThrow('do not vary');
  });
});
