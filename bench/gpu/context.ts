/** What every stage is given, and its ways to decoders and files. */
import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../src/runtime/decoder.js';
import { makeDecoder } from './decoder.js';
import type { Place } from './results.js';
import { shapeOf } from './shapes.js';
import type { DecoderShape } from './shapes.js';

export interface Context extends Place {
  device: Device;
  /** Small shapes, few repeats: tries the whole check on a CPU. */
  tiny: boolean;
  /** Where intermediate files lie. */
  work: string;
  /** Where made decoders lie; it may hold 22 GB. */
  weights: string;
  /** The Python that has torch and transformers; null: leave PyTorch out. */
  python: string | null;
  /** Names of decoders; default: all of the size asked for. */
  /** Of `speed`: which are measured, without their batch; empty is all. */
  items: readonly string[];
  models: readonly string[];
  /** Measure also what an earlier run has measured. */
  again: boolean;
}

/** The project's folder, from `build/bench/gpu/` and `bench/gpu/` alike. */
export const root = fileURLToPath(import.meta.url).split(/\/(?:build\/)?bench\/gpu\//)[0] ?? '.';

/** Where the embedded models lie; the program beside this file is not in the project's root. */
export const embeddedFolder = join(root, 'artifacts', 'models');

/** Memory where it has room for all decoders, since a disk may take minutes for 22 GB. */
export function roomyFolder(): string {
  const shared = join('/dev/shm', 'aligner-lab-gpu');
  if (existsSync(shared)) return shared;
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize > 30e9) return shared;
  } catch {
    // Only Linux has it.
  }
  return join(tmpdir(), 'aligner-lab-gpu');
}

/** The ONNX file of each decoder asked for, made where it is not there. */
export function* madeDecoders(context: Context): Generator<{ shape: DecoderShape; file: string }> {
  const known = context.tiny ? ['gemma-tiny', 'llama-tiny'] : ['gemma-2b', 'llama-8b'];
  for (const name of context.models.length > 0 ? context.models : known) {
    const shape = shapeOf(name);
    const start = performance.now();
    const file = makeDecoder(shape, join(context.weights, 'models'));
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    context.log(`${name}: ${file}, ${seconds} s to make`);
    yield { shape, file };
  }
}

/** Path of a file in the work folder, with its folder made. */
export function workFile(context: Context, ...parts: string[]): string {
  const file = join(context.work, ...parts);
  mkdirSync(join(file, '..'), { recursive: true });
  return file;
}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
