/**
 * What steering needs: a direction, and the norms that its coefficients count in. Where the direction
 * is found now, they come from labelled stimuli; one that is given needs no labels.
 */
import { absentLayers, type Directions, type LabelledStates } from '../../read/directions.js';
import type { StoredDirections } from '../../read/files/storedDirections.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import type { Reading } from './readCorrector.js';
import { typicalNorms, type TypicalNormsOptions } from './typicalNorms.js';

export interface SteeringBasis {
  directions: Directions;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  meanNorms: readonly number[];
  /** `[L]`, of the direction on held-out stimuli; null where nobody has measured it. */
  accuracy: readonly number[] | null;
  /** What control directions from permuted labels are made of; null where nothing was labelled. */
  training: LabelledStates | null;
}

/** Of a direction that was found now. */
export function basisOfReading({ directions, norms, health, training }: Reading): SteeringBasis {
  const accuracy = health.perLayer.map(({ heldOutAccuracy }) => heldOutAccuracy);
  return { directions, meanNorms: norms, accuracy, training };
}

/** Of a direction that is given: its file's norms, or else measured on a few prompts. */
export async function basisOfStored(
  stored: StoredDirections,
  options: TypicalNormsOptions,
): Promise<SteeringBasis> {
  const { directions, meanNorms, heldOutAccuracy = null } = stored;
  return {
    directions,
    meanNorms: meanNorms ?? (await typicalNorms(options)),
    accuracy: heldOutAccuracy,
    training: null,
  };
}

/**
 * The layers to steer: those that are given, or the one of best held-out accuracy, the first of
 * equals.
 * @throws where none is given and none is known to be best; where one has no direction.
 */
export function layersToSteer(
  { directions, accuracy }: Pick<SteeringBasis, 'directions' | 'accuracy'>,
  given: readonly number[] | undefined,
): number[] {
  const absent = absentLayers(directions);
  if (given) {
    checkPresent(absent, given);
    return [...given];
  }
  if (!accuracy) throw new Error(unknownLayers);
  const present = accuracy.map((value, layer) => (absent.includes(layer) ? -1 : value));
  return [present.indexOf(Math.max(...present))];
}

/** Why layers must be given. */
export const unknownLayers =
  'steering: which layer to steer is not known, since the direction’s file does not say how well it tells at each; give --layers';

function checkPresent(absent: readonly number[], layers: readonly number[]): void {
  const missing = layers.filter((layer) => absent.includes(layer));
  if (missing.length === 0) return;
  throw new Error(
    `direction: none for layer ${missing.join(', ')}; give --layers without ${missing.length === 1 ? 'it' : 'them'}`,
  );
}

/** A direction as it is kept, with what steering by it needs. */
export function storedReading(
  { directions, norms, health, names }: Reading & { names?: StoredDirections['labels'] },
  of: { model: LanguageModel; stimuliSha256: string; seed: number },
): StoredDirections {
  return {
    directions,
    origin: {
      model: of.model.name,
      modelSha256: of.model.identity.sha256,
      stimuliSha256: of.stimuliSha256,
      seed: String(of.seed),
    },
    meanNorms: norms,
    heldOutAccuracy: health.perLayer.map(({ heldOutAccuracy }) => heldOutAccuracy),
    labels: names,
  };
}
