import { Matrix } from 'ml-matrix';
import { PCA } from 'ml-pca';
import { describe, expect, it } from 'vitest';
import { cosine } from '../../src/math/linear.js';
import { principalComponents } from '../../src/math/pca.js';
import { createRandom } from '../../src/math/random.js';
import type { Rows } from '../../src/math/rows.js';

const rows = 60;
const width = 24;

/** Noise, a planted axis of given strength, and a constant offset. */
function planted(options: { strength: number; offset?: number; scale?: number }): {
  axis: Float32Array;
  input: Rows;
} {
  const { strength, offset = 0, scale = 1 } = options;
  const random = createRandom('pca');
  const axis = random.unitVector(width);
  const data = new Float32Array(rows * width);
  for (let i = 0; i < rows; i++) {
    const along = strength * random.normal();
    for (let j = 0; j < width; j++) {
      data[i * width + j] = scale * (offset + along * (axis[j] ?? 0) + random.normal());
    }
  }
  return { axis, input: { data, rows, width } };
}

function oracle({ data }: Rows, center: boolean): PCA {
  const nested = Array.from({ length: rows }, (_, i) => [
    ...data.subarray(i * width, (i + 1) * width),
  ]);
  return new PCA(new Matrix(nested), { method: 'SVD', center });
}

describe('principalComponents', () => {
  it.each([true, false])('agrees with the SVD (centred: %s), three components', (centred) => {
    const { input } = planted({ strength: 3, offset: 0.5 });
    const found = principalComponents({ ...input, count: 3, centred });
    const svd = oracle(input, centred);
    for (let k = 0; k < 3; k++) {
      const component = found.components.subarray(k * width, (k + 1) * width);
      const expected = svd.getEigenvectors().getColumn(k);
      expect(Math.abs(cosine(component, expected))).toBeGreaterThan(1 - 1e-6);
      expect(found.explained[k]).toBeCloseTo(svd.getExplainedVariance()[k] ?? NaN, 6);
    }
  });

  it.each([
    [true, 0.05],
    [false, 0.5],
  ])('agrees with the SVD on large data (centred: %s)', (centred, strength) => {
    const [many, wide] = [140, 1900];
    const random = createRandom(`large ${strength}`);
    const axis = random.unitVector(wide);
    const data = new Float32Array(many * wide);
    for (let i = 0; i < many; i++) {
      const along = strength * Math.sqrt(wide) * random.normal();
      for (let j = 0; j < wide; j++) {
        data[i * wide + j] = 0.1 + along * (axis[j] ?? 0) + random.normal();
      }
    }
    const nested = Array.from({ length: many }, (_, i) => [
      ...data.subarray(i * wide, (i + 1) * wide),
    ]);
    const svd = new PCA(new Matrix(nested), { method: 'SVD', center: centred });
    const found = principalComponents({ data, rows: many, width: wide, centred });
    const expected = svd.getEigenvectors().getColumn(0);
    expect(Math.abs(cosine(found.components, expected))).toBeGreaterThan(1 - 1e-6);
    expect(found.explained[0]).toBeCloseTo(svd.getExplainedVariance()[0] ?? NaN, 6);
  });

  it('takes large data of rank one, two and few', () => {
    const [many, wide] = [300, 1000];
    for (const rank of [1, 2, 5]) {
      const random = createRandom(`rank ${rank}`);
      const axes = Array.from({ length: rank }, () => random.unitVector(wide));
      const data = new Float32Array(many * wide);
      for (let i = 0; i < many; i++) {
        for (const [k, axis] of axes.entries()) {
          const along = (10 * random.normal()) / (k + 1);
          for (let j = 0; j < wide; j++) data[i * wide + j] = (data[i * wide + j] ?? 0) + along * (axis[j] ?? 0); // prettier-ignore
        }
      }
      const { components, explained } = principalComponents({ data, rows: many, width: wide });
      expect(Math.abs(cosine(components, axes[0] ?? []))).toBeGreaterThan(0.98);
      if (rank === 1) expect(explained[0]).toBeCloseTo(1, 6);
    }
  });

  it.each([1e-6, 1, 1e6])('finds a planted axis whatever the scale of the data (%s)', (scale) => {
    const { axis, input } = planted({ strength: 6, scale });
    const { components, explained } = principalComponents(input);
    expect(Math.abs(cosine(components, axis))).toBeGreaterThan(0.98);
    expect(explained[0]).toBeGreaterThan(0.4);
  });

  it('survives a constant first column', () => {
    const { input } = planted({ strength: 4 });
    const data = input.data.map((x, i) => (i % width === 0 ? 7 : x));
    const { components, centre } = principalComponents({ data, rows, width });
    expect(components[0]).toBe(0);
    expect(centre[0]).toBe(7);
  });

  it('explains everything on data of rank one, and the sign is fixed', () => {
    const data = Float32Array.from([1, -2, 2, -4, -1, 2]);
    const result = principalComponents({ data, rows: 3, width: 2 });
    expect(result.explained[0]).toBeCloseTo(1, 12);
    expect(result.components[0]).toBeCloseTo(-1 / Math.sqrt(5), 6);
    expect(result.components[1]).toBeCloseTo(2 / Math.sqrt(5), 6);
  });

  it('centres a common offset away, and uncentred finds it', () => {
    const { input } = planted({ strength: 0.1, offset: 5 });
    const ones = new Float32Array(width).fill(1);
    const uncentred = principalComponents({ ...input, centred: false });
    expect(Math.abs(cosine(uncentred.components, ones))).toBeGreaterThan(0.99);
    const centred = principalComponents(input);
    expect(Math.abs(cosine(centred.components, ones))).toBeLessThan(0.9);
  });

  it('refuses wrong shapes, NaN, no variance, and components that do not exist', () => {
    const flat = new Float32Array([1, 2, 1, 2]);
    expect(() => principalComponents({ data: flat, rows: 3, width: 2 })).toThrow('expected 3 × 2');
    expect(() => principalComponents({ data: flat, rows: 2, width: 2 })).toThrow('do not vary');
    const holed = new Float32Array([1, 2, NaN, 4]);
    expect(() => principalComponents({ data: holed, rows: 2, width: 2 })).toThrow(
      'row 1 holds NaN at column 0',
    );
    const line = new Float32Array([0, 0, 1, 1, 2, 2]);
    expect(() => principalComponents({ data: line, rows: 3, width: 2, count: 3 })).toThrow(
      'expected 1 … 2',
    );
  });
});
