/** A saved steering, opened for a model. */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { absentLayers } from '../../read/directions.js';
import { readDirections } from '../../read/files/directionFile.js';
import {
  locateDirection,
  steeringFileName,
  type DirectionPlace,
} from '../../read/files/steeringFile.js';
import { checkSize, hashes, type StoredDirections } from '../../read/files/storedDirections.js';
import { sameStates, signatureDifference } from '../../read/stateSignature.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import type { PositionRule } from '../../runtime/steering.js';
import { layersToSteer } from './reading/steeringBasis.js';
import { basisOfStored } from './reading/steeringBasis.js';
import { makeKnob, type SteeringKnob } from './steeringKnob.js';
import { steeringUnit } from './steeringUnit.js';
import { percent } from '../../text/table.js';
import { UsageError } from '../../text/usageError.js';

export interface OpenSteeringOptions {
  /** That is steered; see {@link Model.languageModel}. */
  model: Pick<LanguageModel, 'name' | 'identity' | 'decoder'>;
  /**
   * A direction file, a `steering.json`, or the folder of a run that saved one. Default: the model's
   * own, in its folder.
   */
  from?: string;
  /** In place of those that were saved; without any, the layer that tells best. */
  layers?: readonly number[];
  /** In place of the saved one; without any, 1 mean residual norm. */
  scale?: number;
  /** In place of the saved ones; without any, {@link defaultPositions}. */
  positions?: PositionRule;
}

/**
 * The knob that every command turns: coefficient 1 adds the same norms at the same layers.
 * @throws where there is none, where it was saved for a model with other hidden states, and where the
 *   direction's file knows no mean norms.
 *
 * @example
 * const model = await open('corrector-arithmetic-m');
 * const knob = await openSteering({ model: model.languageModel });
 * const { text } = await model.generate('How many are 2 + 3?', { steer: steerBy(knob, -0.5) });
 * await model.close();
 */
export async function openSteering(options: OpenSteeringOptions): Promise<SteeringKnob> {
  const { model, from, layers, scale, positions } = options;
  const place = from === undefined ? await ownPlace(model) : await locateDirection(from);
  if (!place) {
    throw new Error(
      `steering: ${model.name} has none of its own; give the folder of a sweep, or a direction file`,
    );
  }
  const stored = await loadPlace(place, model, layers);
  const basis = await basisOfStored(stored, () => {
    throw new Error(
      `steering: ${place.direction} knows no mean norms, which coefficients count in; \`aligner-lab sweep --direction\` measures and saves them`,
    );
  });
  return toKnob({ basis, place, layers, scale, positions });
}

/** Layers, scale and positions: as given, else as saved, else by default. */
export function toKnob(
  given: Pick<OpenSteeringOptions, 'layers' | 'scale' | 'positions'> & {
    basis: Parameters<typeof layersToSteer>[0] & Pick<SteeringKnob, 'directions' | 'meanNorms'>;
    place: DirectionPlace | null;
  },
): SteeringKnob {
  const { basis, place } = given;
  const saved = place?.steering?.saved;
  return makeKnob({
    ...{ directions: basis.directions, meanNorms: basis.meanNorms },
    layers: layersToSteer(basis, given.layers ?? saved?.layers),
    scale: given.scale ?? saved?.scale ?? 1,
    positions: given.positions ?? saved?.positions,
  });
}

/** The steering in the model's folder; null where there is none. @throws as {@link locateDirection} does. */
export async function ownPlace({
  identity: { source },
}: Pick<LanguageModel, 'identity'>): Promise<DirectionPlace | null> {
  if (source === undefined || !isAbsolute(source)) return null;
  const path = join(source, steeringFileName);
  return existsSync(path) ? await locateDirection(path) : null;
}

/**
 * The direction of a place, and that it is the model's.
 * @throws where it is not; where one of `layers`, or of those that were saved, has no direction.
 */
export async function loadPlace(
  place: DirectionPlace,
  model: OpenSteeringOptions['model'],
  layers: readonly number[] | undefined = place.steering?.saved.layers,
): Promise<StoredDirections> {
  const { direction, steering } = place;
  const stored = await readDirections(direction, { layers: model.decoder.info.layers });
  checkSize(stored.directions, model.decoder.info);
  const other = await whyOther(place, stored, model);
  if (other !== null) throw new Error(other);
  if (steering) checkUnit(steering, stored);
  const absent = absentLayers(stored.directions);
  const missing = absent.filter((layer) => layers?.includes(layer));
  if (missing.length === 0) return stored;
  throw new UsageError(
    `direction: ${direction} has none for layer ${missing.join(', ')}; give --layers without ${missing.length === 1 ? 'it' : 'them'}`,
  );
}

/** Whether a place's direction is of a model: of its very file, or of one with the same hidden states. */
export async function isOfModel(
  place: DirectionPlace,
  model: OpenSteeringOptions['model'],
): Promise<boolean> {
  return (await whyOther(place, await readDirections(place.direction), model)) === null;
}

/** Why a place is of another model: of another file, and of other hidden states or none; null where it is not. */
async function whyOther(
  place: DirectionPlace,
  stored: StoredDirections,
  model: OpenSteeringOptions['model'],
): Promise<string | null> {
  const otherwise = ofAnotherFile(place, stored, model);
  if (otherwise === null) return null;
  // A steering is saved for models that are the direction's own, so that this tells of its model, too.
  const { signature } = stored;
  const difference = signature ? await signatureDifference(signature, model.decoder) : null;
  if (difference !== null && difference <= sameStates) return null;
  const states = difference === null ? '' : `; its hidden states differ by ${percent(difference)}`;
  return `${otherwise.is}${states}; ${otherwise.remedy}`;
}

/** What is wrong where the bytes of a model are all that counts; null where they are the same. */
function ofAnotherFile(
  { direction, steering }: DirectionPlace,
  { origin, imported }: StoredDirections,
  { name, identity, decoder }: OpenSteeringOptions['model'],
): { is: string; remedy: string } | null {
  const saved = steering?.saved.model;
  if (steering && saved && saved.sha256 !== identity.sha256) {
    return {
      is: `steering: ${steering.path} is of another model than ${name} (${hashes(identity.sha256, saved.sha256)} of ${saved.name})`,
      remedy: 'make it anew with `aligner-lab sweep`',
    };
  }
  if (imported || origin.modelSha256 === decoder.info.sha256) return null;
  return {
    is: `direction: ${direction} was made from another model than ${name} (${hashes(decoder.info.sha256, origin.modelSha256)} of ${origin.model})`,
    remedy: 'extract it anew',
  };
}

type Saved = NonNullable<DirectionPlace['steering']>;

/** What was saved in words and numbers must be what the direction's norms give. */
function checkUnit({ path, saved }: Saved, { meanNorms }: StoredDirections): void {
  if (!meanNorms) {
    throw new Error(`steering: ${path} names a direction whose file knows no mean norms`);
  }
  const { layers, scale, unitValue } = saved;
  const unit = steeringUnit({ layers, meanNorms, scale });
  const differs = unit.unitValue.findIndex(
    (value, i) => Math.abs(value - (unitValue[i] ?? NaN)) > 1e-6 * value || !unitValue[i],
  );
  if (differs < 0) return;
  throw new Error(
    `steering: ${path} says that coefficient 1 adds ${unitValue[differs]} at layer ${layers[differs]} (expected ${unit.unitValue[differs]} from scale and mean norms)`,
  );
}
