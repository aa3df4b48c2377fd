/**
 * Directions on disk: safetensors with one tensor `directions` `[L, D]` and, as metadata, what they
 * were made from. Row l belongs to the *output* of block l (llama.cpp's files are shifted by one).
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { DecoderInfo } from '../runtime/decoder.js';
import type { Directions } from './directions.js';
import { methods, type Method } from './methods.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

/** What a direction was made from. */
export interface DirectionOrigin {
  /** The model's name, for people. */
  model: string;
  /** SHA-256 of the model's ONNX file: what is checked. */
  modelSha256: string;
  /** SHA-256 of the stimuli file. */
  stimuliSha256: string;
  seed: string;
}

export interface StoredDirections {
  directions: Directions;
  origin: DirectionOrigin;
}

const format = 'aligner-lab.directions.v1';

/** Bytes of a direction file; equal directions and origins give equal bytes. */
export function formatDirections({ directions, origin }: StoredDirections): Uint8Array {
  const { layers, width, vectors, method, explainedVariance } = directions;
  return writeSafetensors({
    tensors: new Map([
      ['directions', { shape: [layers, width], values: vectors }],
      ['explained_variance', { shape: [layers], values: Float32Array.from(explainedVariance) }],
    ]),
    metadata: {
      format,
      method,
      layers: String(layers),
      width: String(width),
      position: 'boundary token (the last of the prompt)',
      hidden_state: 'block output, layer 0 = first block',
      sign: 'positive = correct, negative = copy',
      unit: 'unit norm per layer',
      model: origin.model,
      model_sha256: origin.modelSha256,
      stimuli_sha256: origin.stimuliSha256,
      seed: origin.seed,
    },
  });
}

/** @throws where the bytes are no direction file; `source` names it. */
export function parseDirections(bytes: Uint8Array, source: string): StoredDirections {
  const { tensors, metadata } = readSafetensors(bytes, source);
  if (metadata.format !== format) {
    throw new Error(
      `${source}: not a direction file (expected format ${format}, got ${metadata.format ?? 'none'})`,
    );
  }
  const tensor = tensors.get('directions');
  const [layers, width] = tensor?.shape ?? [];
  if (!tensor || tensor.shape.length !== 2 || layers === undefined || width === undefined) {
    throw new Error(`${source}: no tensor directions of shape [layers, width]`);
  }
  const method = metadata.method ?? 'none';
  if (!isMethod(method)) throw new Error(`${source}: unknown method ${method}`);
  checkUnit(tensor.values, width, source);
  return {
    directions: {
      method,
      layers,
      width,
      vectors: tensor.values,
      explainedVariance: [...(tensors.get('explained_variance')?.values ?? [])],
    },
    origin: {
      model: metadata.model ?? '',
      modelSha256: metadata.model_sha256 ?? '',
      stimuliSha256: metadata.stimuli_sha256 ?? '',
      seed: metadata.seed ?? '',
    },
  };
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name);
}

function checkUnit(vectors: Float32Array, width: number, source: string): void {
  for (let start = 0; start < vectors.length; start += width) {
    const row = vectors.subarray(start, start + width);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    if (!(Math.abs(length - 1) < 1e-3)) {
      throw new Error(
        `${source}: the direction of layer ${start / width} has norm ${length} (expected 1)`,
      );
    }
  }
}

/**
 * @throws where a direction does not fit a model: another width, number of layers, or weights.
 */
export function checkFits(stored: StoredDirections, model: DecoderInfo): void {
  const { directions, origin } = stored;
  if (directions.width !== model.width) {
    throw new Error(
      `direction: width ${directions.width} does not fit model ${model.source} (expected ${model.width})`,
    );
  }
  if (directions.layers !== model.layers) {
    throw new Error(
      `direction: ${directions.layers} layers do not fit model ${model.source} (expected ${model.layers})`,
    );
  }
  if (origin.modelSha256 !== model.sha256) {
    throw new Error(
      `direction: made from another model than ${model.source} (expected SHA-256 ${model.sha256.slice(0, 12)}…, got ${origin.modelSha256.slice(0, 12)}… of ${origin.model}); extract it anew`,
    );
  }
}

export async function saveDirections(path: string, stored: StoredDirections): Promise<void> {
  await writeFile(path, formatDirections(stored));
}

/** Reads a direction file and checks that it fits the model. */
export async function loadDirections(path: string, model: DecoderInfo): Promise<StoredDirections> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new Error(`direction: cannot read ${path}; make one with \`aligner-lab extract\``, {
      cause,
    });
  }
  const stored = parseDirections(bytes, path);
  checkFits(stored, model);
  return stored;
}
