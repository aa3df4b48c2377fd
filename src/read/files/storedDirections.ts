/** A direction with what is known of its making, whatever file it is kept in. */
import type { DecoderInfo } from '../../runtime/decoder.js';
import type { Directions } from '../directions.js';
import type { LabelNames } from '../stimuli.js';

/** What a direction was made from; texts are empty where a file does not say. */
export interface DirectionOrigin {
  /** The model's name, for people. */
  model: string;
  /** As {@link DecoderInfo.sha256}. */
  modelSha256: string;
  /** SHA-256 of the stimuli file. */
  stimuliSha256: string;
  seed: string;
}

/** File formats, by their endings. */
export const directionFormats = ['safetensors', 'gguf', 'npy'] as const;
export type DirectionFormat = (typeof directionFormats)[number];

/**
 * How the tensors `direction.{i}` of a GGUF control vector are numbered (controlVector.ts):
 * `repeng`: i is the block after which it was measured and after which repeng and llama.cpp add it;
 * `cvector-generator`: it was measured one block earlier.
 */
export const conventions = ['repeng', 'cvector-generator'] as const;
export type Convention = (typeof conventions)[number];

/** Of directions that another tool made. */
export interface Imported {
  /** Of the file that was first read. */
  format: DirectionFormat;
  /** Of a GGUF file. */
  convention?: Convention;
  /** `[L]`, norms in that file, which were made 1 here; 0 where it has no direction. */
  norms: number[];
}

/** What a model makes of the last of a few tokens that are no text (stateSignature.ts). */
export interface StateSignature {
  /** Ids, `P`. */
  tokens: readonly number[];
  /** Hidden states, `[L, D]`. */
  states: Float32Array;
  /** Of the same ids, `[P]`. */
  logits: Float32Array;
}

export interface StoredDirections {
  directions: Directions;
  origin: DirectionOrigin;
  /** `[L]`, mean norm of the model's hidden states at the boundary token: the unit of steering. */
  meanNorms?: readonly number[];
  /** `[L]`, share of held-out stimuli that the direction tells rightly. */
  heldOutAccuracy?: readonly number[];
  /** How many held-out stimuli these are shares of. */
  heldOutN?: number;
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
  /** Of the model that it was made from; files of earlier versions have none. */
  signature?: StateSignature;
  /** Absent where this lab made them. */
  imported?: Imported;
}

/** Deviation of a norm from 1 that rounding explains, float16 included. */
const unitTolerance = 1e-3;

export function isUnit(length: number): boolean {
  return Math.abs(length - 1) < unitTolerance;
}

/** What of a model is compared with a direction. */
export type ModelSize = Pick<DecoderInfo, 'source' | 'layers' | 'width'>;

/** @throws where a direction has another width or number of layers than a model. */
export function checkSize({ layers, width }: Directions, model: ModelSize): void {
  if (width !== model.width) {
    throw new Error(
      `direction: width ${width} does not fit model ${model.source} (expected ${model.width})`,
    );
  }
  if (layers !== model.layers) {
    const embeddings =
      layers === model.layers + 1
        ? '; is the first row the embeddings’? Rows are outputs of blocks'
        : '';
    throw new Error(
      `direction: ${layers} layers do not fit model ${model.source} (expected ${model.layers})${embeddings}`,
    );
  }
}

/**
 * @throws where a direction does not fit a model: another width, number of layers, or file.
 * The weights of an imported one are not known, so that only its size is compared.
 */
export function checkFits(
  { directions, origin, imported }: StoredDirections,
  model: ModelSize & Pick<DecoderInfo, 'sha256'>,
): void {
  checkSize(directions, model);
  if (!imported && origin.modelSha256 !== model.sha256) {
    throw new Error(
      `direction: made from another model than ${model.source} (${hashes(model.sha256, origin.modelSha256)} of ${origin.model}); extract it anew`,
    );
  }
}

/** Of models that are two, in messages. */
export function hashes(expected: string, found: string): string {
  return `expected SHA-256 ${expected.slice(0, 12)}…, got ${found.slice(0, 12)}…`;
}
