/**
 * Directions as safetensors: the lab's own format, one tensor `directions` `[L, D]` and, as metadata,
 * what they were made from; row l belongs to the *output* of block l. Of others' files those are read
 * that name their tensors alike: `directions` `[L, D]`, or `direction.{l}` `[D]`, of any norm.
 */
import { norm } from '../../math/linear.js';
import { absentLayers, directionAt, type Directions } from '../directions.js';
import { importDirections, matrixRows } from './importedDirections.js';
import { behaviourNames, type LabelNames } from '../stimuli.js';
import { readSafetensors, writeSafetensors, type Safetensors } from '../../tensors/safetensors.js';
import {
  conventions,
  directionFormats,
  isUnit,
  type Imported,
  type StoredDirections,
} from './storedDirections.js';

const format = 'aligner-lab.directions.v1';

/** Of a {@link StateSignature}: two tensors, and an entry of the metadata. */
const signed = {
  states: 'signature_states',
  logits: 'signature_logits',
  tokens: 'signature_tokens',
} as const;
/** The lab writes 16. */
const mostSigned = 1024;

/** Bytes of a direction file; what is equal gives equal bytes. */
export function formatNative(stored: StoredDirections): Uint8Array {
  const { directions, origin, imported, signature } = stored;
  const { layers, width, vectors, method, explainedVariance } = directions;
  const absent = absentLayers(directions);
  return writeSafetensors({
    tensors: new Map([
      ['directions', { shape: [layers, width], values: vectors }],
      ...(explainedVariance.length > 0
        ? ([
            [
              'explained_variance',
              { shape: [layers], values: Float32Array.from(explainedVariance) },
            ],
          ] as const)
        : []),
      ...(signature
        ? ([
            [signed.states, { shape: [layers, width], values: signature.states }],
            [signed.logits, { shape: [signature.logits.length], values: signature.logits }],
          ] as const)
        : []),
    ]),
    metadata: {
      format,
      method,
      layers: String(layers),
      width: String(width),
      position: imported ? 'not known' : 'boundary token (the last of the prompt)',
      hidden_state: 'block output, layer 0 = first block',
      sign: imported ? 'as its maker left it' : signOf(stored.labels ?? behaviourNames),
      unit: 'unit norm per layer',
      model: origin.model,
      model_sha256: origin.modelSha256,
      stimuli_sha256: origin.stimuliSha256,
      seed: origin.seed,
      ...measured(stored),
      ...(signature && { [signed.tokens]: signature.tokens.join(',') }),
      ...(absent.length > 0 && { absent_layers: absent.join(',') }),
      ...(imported && {
        imported_format: imported.format,
        ...(imported.convention && { imported_convention: imported.convention }),
        imported_norms: imported.norms.join(','),
      }),
    },
  });
}

function signOf({ positive, negative }: LabelNames): string {
  return `positive = ${positive}, negative = ${negative}`;
}

/** As decimals, which keep every digit. */
function measured({
  meanNorms,
  heldOutAccuracy,
  heldOutN,
  labels,
}: StoredDirections): Record<string, string> {
  return {
    ...(meanNorms && { mean_norms: meanNorms.join(',') }),
    ...(heldOutAccuracy && { held_out_accuracy: heldOutAccuracy.join(',') }),
    ...(heldOutN !== undefined && { held_out_n: String(heldOutN) }),
    ...(labels && { positive_label: labels.positive, negative_label: labels.negative }),
  };
}

/** @throws where a list has another length than the layers, or numbers that cannot be. */
function parseMeasured(
  metadata: Safetensors['metadata'],
  layers: number,
  source: string,
): Pick<StoredDirections, 'meanNorms' | 'heldOutAccuracy' | 'heldOutN' | 'labels'> {
  const list = (key: string, possible: (x: number) => boolean): number[] | undefined => {
    if (metadata[key] === undefined) return undefined;
    const values = numbersOf(metadata[key]);
    if (values.length === layers && values.every(possible)) return values;
    throw new Error(`${source}: ${key} is not usable (expected ${layers} numbers, one per layer)`);
  };
  const meanNorms = list('mean_norms', (x) => x > 0 && Number.isFinite(x));
  const heldOutAccuracy = list('held_out_accuracy', (x) => x >= 0 && x <= 1);
  const heldOutN = metadata.held_out_n === undefined ? undefined : Number(metadata.held_out_n);
  if (heldOutN !== undefined && !(Number.isSafeInteger(heldOutN) && heldOutN > 0)) {
    throw new Error(`${source}: held_out_n is not usable (expected a whole number from 1)`);
  }
  const { positive_label: positive, negative_label: negative } = metadata;
  return {
    ...(meanNorms && { meanNorms }),
    ...(heldOutAccuracy && { heldOutAccuracy }),
    ...(heldOutN !== undefined && { heldOutN }),
    ...(positive !== undefined && negative !== undefined && { labels: { positive, negative } }),
  };
}

/** @throws where only a part of it is there, or of another size. */
function parseSignature(
  { tensors, metadata }: Safetensors,
  { layers, width }: Directions,
  source: string,
): Pick<StoredDirections, 'signature'> {
  const [states, logits] = [tensors.get(signed.states), tensors.get(signed.logits)];
  const list = metadata[signed.tokens];
  if (!states && !logits && list === undefined) return {};
  const tokens = numbersOf(list);
  const sound =
    states?.shape.join() === [layers, width].join() &&
    logits?.shape.join() === String(tokens.length) &&
    tokens.length > 0 &&
    tokens.length <= mostSigned &&
    tokens.every((id) => Number.isSafeInteger(id) && id >= 0) &&
    [states, logits].every(({ values }) => values.every(Number.isFinite));
  if (!sound) {
    throw new Error(
      `${source}: its model's signature is not usable (expected ${signed.states} [${layers}, ${width}], and as many ${signed.tokens} as ${signed.logits})`,
    );
  }
  return { signature: { tokens, states: states.values, logits: logits.values } };
}

/**
 * Parses the lab's own format, or another's safetensors.
 * @throws where the bytes are neither; `source` names them.
 */
export function parseSafetensors(
  bytes: Uint8Array,
  source: string,
  layers?: number,
): StoredDirections {
  const file = readSafetensors(bytes, source);
  return file.metadata.format === format
    ? parseNative(file, source)
    : parseForeign(file, { source, layers });
}

function parseNative({ tensors, metadata }: Safetensors, source: string): StoredDirections {
  const tensor = tensors.get('directions');
  const [layers, width] = tensor?.shape ?? [];
  if (!tensor || tensor.shape.length !== 2 || !layers || !width) {
    throw new Error(`${source}: no tensor directions of shape [layers, width]`);
  }
  const { method } = metadata;
  if (!method) throw new Error(`${source}: does not say by which method it was made`);
  const directions = {
    method,
    layers,
    width,
    vectors: tensor.values,
    explainedVariance: [...(tensors.get('explained_variance')?.values ?? [])],
  };
  checkRows(directions, numbersOf(metadata.absent_layers), source);
  return {
    directions,
    origin: {
      model: metadata.model ?? '',
      modelSha256: metadata.model_sha256 ?? '',
      stimuliSha256: metadata.stimuli_sha256 ?? '',
      seed: metadata.seed ?? '',
    },
    ...parseMeasured(metadata, layers, source),
    ...parseSignature({ tensors, metadata }, directions, source),
    ...(method === 'imported' && { imported: importedFrom(metadata, directions, source) }),
  };
}

/** Every row is a unit vector, except those that are said to be absent. */
function checkRows(directions: Directions, absent: readonly number[], source: string): void {
  for (let layer = 0; layer < directions.layers; layer++) {
    const length = norm(directionAt(directions, layer));
    if (isUnit(length) || (length === 0 && absent.includes(layer))) continue;
    throw new Error(`${source}: the direction of layer ${layer} has norm ${length} (expected 1)`);
  }
}

function numbersOf(list: string | undefined): number[] {
  return list === undefined || list === '' ? [] : list.split(',').map(Number);
}

function importedFrom(
  metadata: Safetensors['metadata'],
  directions: Directions,
  source: string,
): Imported {
  const { layers } = directions;
  const absent = absentLayers(directions);
  const convention = conventions.find((known) => known === metadata.imported_convention);
  const from = directionFormats.find((known) => known === metadata.imported_format);
  const norms = numbersOf(metadata.imported_norms);
  const sound = norms.every((n, layer) => (absent.includes(layer) ? n === 0 : n > 0));
  if (!from || norms.length !== layers || !sound || !norms.every(Number.isFinite)) {
    throw new Error(
      `${source}: says that it was imported, but not from what or with which norms (expected imported_format and ${layers} imported_norms)`,
    );
  }
  return { format: from, ...(convention && { convention }), norms };
}

function parseForeign(
  { tensors }: Safetensors,
  { source, layers }: { source: string; layers: number | undefined },
): StoredDirections {
  const whole = tensors.get('directions');
  if (whole) {
    const [rows, columns] = whole.shape;
    if (whole.shape.length !== 2 || rows === undefined || columns === undefined) {
      throw new Error(
        `${source}: tensor directions has shape [${whole.shape.join(', ')}] (expected [layers, width])`,
      );
    }
    const vectors = matrixRows({ rows, columns, values: whole.values }, source);
    return importDirections({ vectors, layers: rows, format: 'safetensors' }, source);
  }
  const vectors = new Map<number, Float32Array>();
  for (const [name, { shape, values }] of tensors) {
    const layer = /^direction\.(0|[1-9]\d{0,5})$/.exec(name)?.[1];
    if (layer !== undefined && shape.length === 1) vectors.set(Number(layer), values);
  }
  if (vectors.size === 0) {
    throw new Error(
      `${source}: not a direction file (expected a tensor directions [layers, width] or tensors direction.{layer} [width], got ${[...tensors.keys()].slice(0, 5).join(', ') || 'no tensor'})`,
    );
  }
  return importDirections({ vectors, layers, format: 'safetensors' }, source);
}
