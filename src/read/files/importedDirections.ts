/**
 * Directions that another tool made: unit rows from vectors of any norm, the norms back where they
 * go to another tool again, and what their user must know.
 */
import { norm, normalise } from '../../math/linear.js';
import { absentLayers } from '../directions.js';
import {
  isUnit,
  type Convention,
  type DirectionFormat,
  type Imported,
  type StoredDirections,
} from './storedDirections.js';

/** Limits on what a file may claim; the largest models known have some 130 layers of 18,432. */
const maxLayers = 1024;
const maxWidth = 65_536;

/** @throws where a file claims sizes that no model has, before anything is allocated by them. */
export function checkClaims(
  { layers, width }: { layers: number; width: number },
  source: string,
): void {
  if (layers >= 1 && layers <= maxLayers && width >= 1 && width <= maxWidth) return;
  throw new Error(
    `${source}: ${layers} layers of width ${width} (expected 1 … ${maxLayers} of 1 … ${maxWidth})`,
  );
}

/** Rows of a matrix `[L, D]` by layer. @throws where it is empty or of absurd sizes. */
export function matrixRows(
  matrix: { rows: number; columns: number; values: Float32Array | Float64Array },
  source: string,
): Map<number, Float32Array | Float64Array> {
  const { rows, columns, values } = matrix;
  checkClaims({ layers: rows, width: columns }, source);
  const row = (layer: number): Float32Array | Float64Array =>
    values.subarray(layer * columns, (layer + 1) * columns);
  return new Map(Array.from({ length: rows }, (_, layer) => [layer, row(layer)]));
}

/** Vectors as another tool's file has them. */
export interface LayerVectors {
  /** `[D]` by the layer whose output they belong to, of any norm. */
  vectors: ReadonlyMap<number, ArrayLike<number>>;
  /** L, where it is known; else the file's last layer is taken for the model's. */
  layers?: number | undefined;
  format: DirectionFormat;
  convention?: Convention;
  model?: string;
}

/**
 * Unit directions of a file that another tool made. Rows of norm 1 stay as they are, others are
 * normalised, rows of zeros count as absent; their sign is their maker's.
 * @throws where there is none, widths differ, a number is not finite, or a layer is beyond L.
 */
export function importDirections(given: LayerVectors, source: string): StoredDirections {
  const { width, layers } = sizeOf(given, source);
  const vectors = new Float32Array(layers * width);
  const norms = new Array<number>(layers).fill(0);
  for (const [layer, vector] of given.vectors) {
    const length = norm(vector);
    if (!Number.isFinite(length)) {
      throw new Error(`${source}: the direction of layer ${layer} has numbers that are not finite`);
    }
    if (length === 0) continue;
    norms[layer] = length;
    const unit = isUnit(length) ? vector : normalise(vector);
    vectors.set(unit, layer * width);
  }
  if (norms.every((length) => length === 0)) {
    throw new Error(`${source}: no direction in it (expected one for some layer)`);
  }
  return {
    directions: { method: 'imported', layers, width, vectors, explainedVariance: [] },
    origin: { model: given.model ?? '', modelSha256: '', stimuliSha256: '', seed: '' },
    imported: {
      format: given.format,
      ...(given.convention && { convention: given.convention }),
      norms,
    },
  };
}

function sizeOf(given: LayerVectors, source: string): { width: number; layers: number } {
  const highest = Math.max(-1, ...given.vectors.keys());
  const layers = given.layers ?? highest + 1;
  const width = [...given.vectors.values()][0]?.length ?? 0;
  checkClaims({ layers, width }, source);
  if (highest >= layers) {
    throw new Error(
      `${source}: has a direction for layer ${highest}, but layers end at ${layers - 1}; was it made for another model?`,
    );
  }
  for (const [layer, vector] of given.vectors) {
    if (vector.length === width) continue;
    throw new Error(
      `${source}: the direction of layer ${layer} has width ${vector.length}, others ${width}`,
    );
  }
  return { width, layers };
}

/**
 * The vector `[D]` of a layer as other tools get it: with the norm that it had in the file it was
 * imported from, so that converting between their formats changes no strength.
 */
export function exportedVector(
  { directions, imported }: StoredDirections,
  layer: number,
): Float32Array {
  const { vectors, width } = directions;
  const unit = vectors.subarray(layer * width, (layer + 1) * width);
  const length = imported?.norms[layer] ?? 1;
  return isUnit(length) ? unit : unit.map((x) => x * length);
}

/** Norms in the file it was imported from, of the layers that have a direction: smallest and largest. */
export function normRange({ norms }: Imported): [number, number] {
  const present = norms.filter((length) => length > 0);
  return [Math.min(...present), Math.max(...present)];
}

/**
 * What a user of an imported direction must know, each in one line; empty for the lab's own.
 * `source` names the file.
 */
export function importWarnings(
  { directions, imported }: StoredDirections,
  source: string,
): string[] {
  const absent = absentLayers(directions);
  const warnings: string[] = [];
  if (imported) {
    warnings.push(`${source}: ${foreignNote}`);
    if (imported.convention) warnings.push(`${source}: ${conventionNotes[imported.convention]}`);
    const [least, most] = normRange(imported);
    if (!isUnit(least) || !isUnit(most)) {
      warnings.push(
        `${source}: norms ${least.toPrecision(3)} … ${most.toPrecision(3)} were made 1 per layer; coefficients count from there`,
      );
    }
  }
  if (absent.length > 0) {
    warnings.push(`${source}: no direction for layer ${absent.join(', ')}`);
  }
  return warnings;
}

/** Of every imported direction, for people. */
export const foreignNote =
  'made by another tool, so that only its layers and width can be checked, not the model it was made from; its sign is its maker’s: positive may not mean correct';

/** What a convention means, for people. */
export const conventionNotes: Readonly<Record<Convention, string>> = {
  repeng: 'read as numbered by repeng: direction.i is the output of block i',
  'cvector-generator':
    'read as numbered by llama.cpp’s cvector-generator: direction.i is the output of block i − 1',
};
