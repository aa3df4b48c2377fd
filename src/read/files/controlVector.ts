/**
 * GGUF control vectors: architecture `controlvector`, one float32 tensor `direction.{i}` `[D]` per
 * layer, keys `controlvector.model_hint` and `controlvector.layer_count` (the number of tensors).
 *
 * What i means, from the public sources:
 * - repeng (`extract.py`, `control.py`) measures `direction.{i}` on `hidden_states[i + 1]`, the output
 *   of block i (of the last block: after the final norm), and adds it there. By default it makes
 *   1 … L − 1, the last one first.
 * - llama.cpp (`llama-adapter.cpp`) adds `direction.{i}` to the output of block i, as repeng does. It
 *   has no place for block 0 and refuses a whole file with `direction.0` (`common.cpp`).
 * - llama.cpp's `cvector-generator` measures block j's output and calls it `direction.{j + 1}`, so
 *   that it is added one block after where it was measured. Block L − 1 is left out.
 *
 * The indices are 1 … L − 1 either way; the one mark in the file is the type of `layer_count`, int32
 * from cvector-generator, uint32 from repeng and others that use Python's `gguf`.
 */
import { shownName } from '../../text/given.js';
import { absentLayers } from '../directions.js';
import { readGguf, readGgufFloats, type Gguf } from './gguf.js';
import { writeGguf, type WritableValue } from './ggufWriter.js';
import { checkClaims, exportedVector, importDirections } from './importedDirections.js';
import {
  conventions,
  type Convention,
  type DirectionOrigin,
  type StoredDirections,
} from './storedDirections.js';

/** Layer l is written as `direction.{l + shift}`. */
const shifts: Readonly<Record<Convention, number>> = { repeng: 0, 'cvector-generator': 1 };

/** Keys under which this lab keeps what the format has no place for; other tools pass over them. */
const own = 'aligner_lab';

const indexPattern = /^direction\.(0|[1-9]\d{0,5})$/;

export interface ControlVectorOptions {
  /** Default: what the file says, or what the type of its `layer_count` tells. */
  convention?: Convention | undefined;
  /** L of the model it is for, since layers may be absent. Default: as many as the file shows. */
  layers?: number | undefined;
}

/**
 * Parses a control vector. `source` names it in errors.
 * @throws where it is no GGUF file of that architecture, a tensor is not float32 `[D]`, or
 * {@link importDirections} does.
 */
export function parseControlVector(
  bytes: Uint8Array,
  source: string,
  options: ControlVectorOptions = {},
): StoredDirections {
  const file = readGguf(bytes, source);
  const architecture = textOf(file, 'general.architecture') ?? 'none';
  if (architecture !== 'controlvector') {
    throw new Error(
      `${source}: GGUF of architecture ${architecture} (expected controlvector); a model holds no direction`,
    );
  }
  const convention = options.convention ?? conventionOf(file, source);
  const vectors = new Map<number, Float32Array>();
  for (const [name, tensor] of file.tensors) {
    const index = indexPattern.exec(name)?.[1];
    if (index === undefined || tensor.shape.length !== 1) {
      throw new Error(
        `${source}: GGUF tensor ${shownName(name)} of shape [${tensor.shape.join(', ')}] (expected direction.{layer} of shape [width])`,
      );
    }
    // Tensors may claim the same bytes over and over.
    checkClaims({ layers: file.tensors.size, width: tensor.shape[0] ?? 0 }, source);
    const layer = Number(index) - shifts[convention];
    if (layer < 0) {
      throw new Error(
        `${source}: has direction.0, which cvector-generator never writes; give the convention repeng`,
      );
    }
    vectors.set(layer, readGgufFloats(bytes, tensor, { name, source }));
  }
  const stored = importDirections(
    {
      vectors,
      layers: layersOf(file, { convention, given: options.layers, present: vectors.keys() }),
      format: 'gguf',
      convention,
      model: textOf(file, 'controlvector.model_hint') ?? '',
    },
    source,
  );
  return withOrigin(stored, file);
}

/**
 * Bytes of a control vector in a stated convention, with the layers of {@link writtenLayers}.
 * @throws where none of its layers can be written.
 */
export function formatControlVector(stored: StoredDirections, convention: Convention): Uint8Array {
  const { directions, origin, imported } = stored;
  const layers = writtenLayers(stored, convention);
  if (layers.length === 0) {
    throw new Error(
      `direction: no layer to write as GGUF (${directions.layers} in all, and ${convention} leaves out ${convention === 'repeng' ? 'the first' : 'the last'})`,
    );
  }
  const metadata = new Map<string, WritableValue>([
    ['general.architecture', { type: 'string', value: 'controlvector' }],
    ['controlvector.model_hint', { type: 'string', value: origin.model }],
    [
      'controlvector.layer_count',
      { type: convention === 'repeng' ? 'uint32' : 'int32', value: layers.length },
    ],
    [`${own}.convention`, { type: 'string', value: convention }],
    [`${own}.layers`, { type: 'uint32', value: directions.layers }],
  ]);
  if (!imported) {
    const texts = {
      method: directions.method,
      sign: 'positive = correct, negative = copy',
      model_sha256: origin.modelSha256,
      stimuli_sha256: origin.stimuliSha256,
      seed: origin.seed,
    };
    for (const [key, value] of Object.entries(texts)) {
      metadata.set(`${own}.${key}`, { type: 'string', value });
    }
  }
  const shift = shifts[convention];
  const tensors = layers.map(
    (layer) => [`direction.${layer + shift}`, exportedVector(stored, layer)] as const,
  );
  return writeGguf({ metadata, tensors: new Map(tensors) });
}

/**
 * Layers that a GGUF file gets, ascending: those that have a direction, without layer 0 (numbered as
 * by repeng: llama.cpp would refuse the file) or without the last one (as by cvector-generator).
 */
export function writtenLayers({ directions }: StoredDirections, convention: Convention): number[] {
  const { layers } = directions;
  const absent = absentLayers(directions);
  const left = convention === 'repeng' ? 0 : layers - 1;
  return Array.from({ length: layers }, (_, layer) => layer).filter(
    (layer) => layer !== left && !absent.includes(layer),
  );
}

function conventionOf(file: Gguf, source: string): Convention {
  const stated = textOf(file, `${own}.convention`);
  if (stated !== undefined) {
    const known = conventions.find((convention) => convention === stated);
    if (known) return known;
    throw new Error(
      `${source}: unknown convention ${stated} (expected ${conventions.join(' or ')})`,
    );
  }
  const count = file.metadata.get('controlvector.layer_count');
  return count?.type === 'int32' ? 'cvector-generator' : 'repeng';
}

interface Known {
  convention: Convention;
  /** L of a model. */
  given: number | undefined;
  /** Layers of the file. */
  present: Iterable<number>;
}

/**
 * L as the file states it; else the model's; else the highest layer is taken for the last one, or
 * for the last but one that cvector-generator writes.
 */
function layersOf(file: Gguf, { convention, given, present }: Known): number {
  const stated = file.metadata.get(`${own}.layers`)?.value;
  if (typeof stated === 'number') return stated;
  return given ?? Math.max(-1, ...present) + 1 + shifts[convention];
}

function textOf(file: Gguf, key: string): string | undefined {
  const value = file.metadata.get(key)?.value;
  return typeof value === 'string' ? value : undefined;
}

/** A file that this lab wrote from a direction of its own is that direction again. */
function withOrigin(stored: StoredDirections, file: Gguf): StoredDirections {
  const method = textOf(file, `${own}.method`);
  if (!method || method === 'imported') return stored;
  const { directions, origin } = stored;
  const text = (key: string): string => textOf(file, `${own}.${key}`) ?? '';
  const made: DirectionOrigin = {
    model: origin.model,
    modelSha256: text('model_sha256'),
    stimuliSha256: text('stimuli_sha256'),
    seed: text('seed'),
  };
  return { directions: { ...directions, method }, origin: made };
}
