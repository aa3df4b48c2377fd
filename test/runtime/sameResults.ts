/** What ways of generating that must change nothing are held against. */
import { expect } from 'vitest';
import type { GenerateResult } from '../../src/runtime/decoder.js';
import { relativeError } from './models.js';

const tolerance = 1e-5;

/** `[L, D]`: unit directions, the same signs in every run. */
export function signDirections(layers: number, width: number): Float32Array {
  return Float32Array.from(
    { length: layers * width },
    (_, i) => ((i * 40503) % 11 < 5 ? 1 : -1) / Math.sqrt(width),
  );
}

/** The same tokens and ends, and readings and states within the tolerance. */
export function expectSame(got: GenerateResult, wanted: GenerateResult): void {
  for (const [row, { tokens, finish, projections, states }] of wanted.rows.entries()) {
    const own = got.rows[row];
    expect(own?.tokens).toEqual(tokens);
    expect(own?.finish).toBe(finish);
    const nothing = new Float32Array();
    expect(relativeError(own?.projections ?? nothing, projections)).toBeLessThan(tolerance);
    expect(relativeError(own?.states ?? nothing, states)).toBeLessThan(tolerance);
  }
}
