/** What ways of generating that must change nothing are held against. */
import { afterEach, expect } from 'vitest';
import type { Decoder, GenerateResult } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { tinyDecoder, type TinyStyle } from '../onnx/tinyDecoder.js';
import { relativeError, writeModel } from './models.js';

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

/** Small decoders whose rows share what they can, or nothing; closed after each test. */
export function sharingDecoders(
  folder: string,
  sizes: { layers: number; width: number; vocabulary: number },
): {
  open: (style: TinyStyle, sharing: boolean) => Promise<Decoder>;
  openFile: (model: string, sharing: boolean) => Promise<Decoder>;
} {
  const opened: Decoder[] = [];
  afterEach(async () => {
    for (const decoder of opened.splice(0)) await decoder[Symbol.asyncDispose]();
  });
  const openFile = async (model: string, sharing: boolean): Promise<Decoder> => {
    const decoder = await loadDecoder({ model, threads: 1, sharing });
    opened.push(decoder);
    return decoder;
  };
  return {
    open: (style, sharing) =>
      openFile(writeModel(folder, style, tinyDecoder({ style, ...sizes })), sharing),
    openFile,
  };
}
