/** Small decoders on disk, through the real worker. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that lives as long as the test file; call `remove` at its end. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'aligner-lab-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes bytes as `<folder>/<name>/onnx/model.onnx` and returns the model folder. */
export function writeModel(folder: string, name: string, bytes: Uint8Array): string {
  const model = join(folder, name);
  mkdirSync(join(model, 'onnx'), { recursive: true });
  writeFileSync(join(model, 'onnx', 'model.onnx'), bytes);
  return model;
}

/** Largest difference, relative to the larger of 1 and the root mean square of `b`. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  let squares = 0;
  a.forEach((x, i) => {
    const y = b[i] ?? NaN;
    largest = Math.max(largest, Number.isNaN(x - y) ? Infinity : Math.abs(x - y));
    squares += y * y;
  });
  return largest / Math.max(1, Math.sqrt(squares / Math.max(1, b.length)));
}

/** Ids that look random: a row of `length` tokens below `vocabulary`. */
export function tokenRow(length: number, vocabulary: number, seed = 1): number[] {
  return Array.from(
    { length },
    (_, i) => (seed * 7919 + i * 104729 + i * i * seed * 31) % vocabulary,
  );
}
