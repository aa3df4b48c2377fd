/**
 * Where a command's steering comes from, the same rule for all of them:
 *
 * 1. the direction: that of `--direction`; else the model's own, which lies in its folder, unless
 *    another method, labels or stimuli are asked for; else one that is found now;
 * 2. layers and scale: those that are given; else those of the direction's `steering.json`; else the
 *    best layer and one mean residual norm.
 */
import { importWarnings } from '../../../read/files/importedDirections.js';
import { locateDirection, type DirectionPlace } from '../../../read/files/steeringFile.js';
import type { StoredDirections } from '../../../read/files/storedDirections.js';
import { hashData } from '../../../data/files/place.js';
import type { LanguageModel } from '../../../runtime/decoder.js';
import type { PositionRule } from '../../../runtime/steering.js';
import { isOfModel, loadPlace, ownPlace, toKnob } from '../openSteering.js';
import { describeKnob, type SteeringKnob } from '../steeringKnob.js';
import { keptReading, readModel, type ReadingLab, type ReadingOptions } from './reading.js';
import { basisOfReading, basisOfStored, type SteeringBasis } from './steeringBasis.js';
import { typicalNorms } from './typicalNorms.js';

export interface SteeringOptions extends ReadingOptions {
  /** A direction file, a `steering.json`, or the folder of a run that saved one. */
  direction?: string;
  /** Layers that are to be steered: the file must have them. */
  layers?: readonly number[];
}

export interface KnobOptions extends SteeringOptions {
  /** The whole norm added at coefficient 1, in mean norms. */
  scale?: number;
  positions?: PositionRule;
}

/** The files of `--direction`; null where none is given. @throws as {@link locateDirection} does. */
export async function givenDirection(
  { direction }: Pick<SteeringOptions, 'direction'>,
  lab: Pick<ReadingLab, 'path'>,
): Promise<DirectionPlace | null> {
  return direction === undefined ? null : await locateDirection(lab.path(direction));
}

/** The files of `--direction`, else the model's own; null where a direction is to be found now. */
export async function placeOfDirection(
  model: LanguageModel,
  options: SteeringOptions,
  lab: Pick<ReadingLab, 'path' | 'data' | 'warn'>,
): Promise<DirectionPlace | null> {
  if (options.direction !== undefined) return await givenDirection(options, lab);
  const own = await ownPlace(model);
  return own && (await isAskedFor(own, model, options, lab)) ? own : null;
}

/** As inputs of a run, by the option that names them. */
export function directionFiles(place: DirectionPlace | null): Record<string, string> {
  if (!place) return {};
  const { direction, steering } = place;
  return { direction, ...(steering && { steering: steering.path }) };
}

/** Whether the model's own direction is what method, labels and stimuli ask for. */
async function isAskedFor(
  own: DirectionPlace,
  model: LanguageModel,
  { stimuli, labels = 'behaviour', labelNames, method }: SteeringOptions,
  lab: Pick<ReadingLab, 'path' | 'data' | 'warn'>,
): Promise<boolean> {
  const { steering } = own;
  if (!steering) return false;
  const { foundFrom: from, model: made } = steering.saved;
  if (!from || from.method !== method || from.labels !== labels || labelNames) return false;
  if (from.stimuliSha256 !== (await hashData(await lab.data(stimuli)))) return false;
  if (made.sha256 === model.identity.sha256 || (await isOfModel(own, model))) return true;
  lab.warn(`${steering.path} is of another model than ${model.name} and is not used`);
  return false;
}

/** What steering starts from: the direction of a file, which needs no labels, or one found now. */
export async function steeringBasis(
  model: LanguageModel,
  options: SteeringOptions & { place: DirectionPlace | null },
  lab: ReadingLab,
): Promise<{ basis: SteeringBasis; stored: StoredDirections }> {
  const { place, stimuli, seed, layers } = options;
  if (!place) {
    const reading = await readModel(model, options, lab);
    reading.notes?.forEach(lab.warn);
    const stored = await keptReading({ model, reading, seed });
    return { basis: basisOfReading(reading), stored };
  }
  const stored = await loadStored(model, { ...place, layers }, lab);
  const basis = await basisOfStored(stored, async () =>
    typicalNorms({
      ...{ model, seed, source: await lab.data(stimuli), signal: lab.signal },
      onProgress: lab.stages('measuring mean norms'),
    }),
  );
  return { basis, stored: { ...stored, meanNorms: basis.meanNorms } };
}

/** The knob that a command turns; what it adds where is said. @throws as its parts do. */
export async function findKnob(
  model: LanguageModel,
  options: KnobOptions & { place: DirectionPlace | null },
  lab: ReadingLab,
): Promise<{ knob: SteeringKnob; basis: SteeringBasis }> {
  const { basis } = await steeringBasis(model, options, lab);
  const knob = toKnob({ ...options, basis });
  noteSteering(describeKnob(knob), options.place, lab);
  return { knob, basis };
}

/** Says what coefficient 1 adds where, and whence that is known. */
export function noteSteering(
  what: string,
  place: DirectionPlace | null,
  { note }: Pick<ReadingLab, 'note'>,
): void {
  note(`steering: ${what}; ${whence(place)}`);
}

function whence(place: DirectionPlace | null): string {
  if (place?.steering) return `as saved in ${place.steering.path}`;
  const direction = place ? `direction of ${place.direction}` : 'direction found now';
  return `${direction}, no steering.json (sweep chooses layers and scale, and saves them)`;
}

/**
 * The direction of a place, with warnings where it is another tool's, and a word where it was found in
 * another file of the model. @throws as {@link loadPlace} does.
 */
export async function loadStored(
  model: LanguageModel,
  place: DirectionPlace & { layers?: readonly number[] },
  lab: Pick<ReadingLab, 'warn' | 'note'>,
): Promise<StoredDirections> {
  const stored = await loadPlace(place, model, place.layers);
  importWarnings(stored, place.direction).forEach(lab.warn);
  if (!stored.imported && stored.origin.modelSha256 !== model.decoder.info.sha256) {
    lab.note('direction: found in another file of this model, with the same hidden states');
  }
  return stored;
}
