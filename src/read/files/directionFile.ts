/**
 * Directions on disk. The ending of a file chooses its format: `.safetensors` is the lab's own and
 * keeps everything; `.gguf` (control vectors of repeng and llama.cpp) and `.npy` (numpy) are for
 * taking directions to other tools and for bringing theirs.
 */
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { writeAtomic } from '../../disk/atomic.js';
import type { DecoderInfo } from '../../runtime/decoder.js';
import { formatControlVector, parseControlVector } from './controlVector.js';
import { exportedVector, importDirections, matrixRows } from './importedDirections.js';
import { formatNative, parseSafetensors } from './nativeDirections.js';
import { readNpy, writeNpy } from './npy.js';
import {
  checkFits,
  directionFormats,
  type Convention,
  type DirectionFormat,
  type StoredDirections,
} from './storedDirections.js';

/** More than 1,024 layers of 65,536 float64; whatever is larger is a model. */
const maxFileBytes = 640 * 2 ** 20;

export interface ReadOptions {
  /** How a GGUF file is numbered. Default: told from the file (controlVector.ts). */
  convention?: Convention | undefined;
  /** L of the model it is for, where a file need not have every layer. */
  layers?: number | undefined;
}

/** @throws where the ending is none of the formats'. */
export function formatOf(path: string): DirectionFormat {
  const ending = extname(path).slice(1).toLowerCase();
  const known = directionFormats.find((name) => name === ending);
  if (known) return known;
  throw new Error(
    `direction: ${path} ends in no known format (expected ${directionFormats.map((name) => `.${name}`).join(', ')})`,
  );
}

/**
 * Bytes of a direction file. The lab's own has unit rows; the others get the norms that an imported
 * direction had.
 * @throws as {@link formatControlVector} does.
 */
export function formatDirections(
  stored: StoredDirections,
  format: DirectionFormat = 'safetensors',
  convention: Convention = 'repeng',
): Uint8Array {
  if (format === 'safetensors') return formatNative(stored);
  if (format === 'gguf') return formatControlVector(stored, convention);
  const { layers, width } = stored.directions;
  const values = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) {
    values.set(exportedVector(stored, layer), layer * width);
  }
  return writeNpy({ rows: layers, columns: width, values });
}

/**
 * Parses a file's bytes; the ending of `source`, which errors name, says what they are.
 * @throws where they are something else, truncated, or of absurd sizes.
 */
export function parseDirections(
  bytes: Uint8Array,
  source: string,
  options: ReadOptions = {},
): StoredDirections {
  const format = formatOf(source);
  if (format === 'safetensors') return parseSafetensors(bytes, source, options.layers);
  if (format === 'gguf') return parseControlVector(bytes, source, options);
  const matrix = readNpy(bytes, source);
  const vectors = matrixRows(matrix, source);
  return importDirections({ vectors, layers: matrix.rows, format }, source);
}

/** @throws where the ending is none of the formats', or the file cannot be written. */
export async function saveDirections(
  path: string,
  stored: StoredDirections,
  convention?: Convention,
): Promise<void> {
  const bytes = formatDirections(stored, formatOf(path), convention);
  await writeAtomic(path, bytes, 'direction');
}

/** Reads a direction file of any of the formats, for whatever model. @throws where it cannot. */
export async function readDirections(
  path: string,
  options: ReadOptions = {},
): Promise<StoredDirections> {
  let size: number;
  let bytes: Uint8Array;
  try {
    ({ size } = await stat(path));
    bytes = size > maxFileBytes ? new Uint8Array() : await readFile(path);
  } catch (cause) {
    throw new Error(`direction: cannot read ${path}; make one with \`aligner-lab extract\``, {
      cause,
    });
  }
  if (size > maxFileBytes) {
    throw new Error(
      `direction: ${path} has ${size} bytes (expected at most ${maxFileBytes}); is it a model?`,
    );
  }
  return parseDirections(bytes, path, options);
}

/**
 * Reads a direction file and checks that it fits the model. The weights that an imported one was
 * made from are not known, so that only its size is: see `imported` and {@link importWarnings}.
 */
export async function loadDirections(path: string, model: DecoderInfo): Promise<StoredDirections> {
  const stored = await readDirections(path, { layers: model.layers });
  checkFits(stored, model);
  return stored;
}
