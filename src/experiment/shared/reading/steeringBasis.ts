/**
 * What steering needs: a direction, and the norms that its coefficients count in. Where the direction
 * is found now, they come from labelled stimuli; one that is given needs no labels.
 */
import { absentLayers, type Directions, type LabelledStates } from '../../../read/directions.js';
import type { StoredDirections } from '../../../read/files/storedDirections.js';
import type { LanguageModel } from '../../../runtime/decoder.js';
import type { Reading } from './readCorrector.js';
import { UsageError } from '../../../text/usageError.js';

export interface SteeringBasis {
  directions: Directions;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  meanNorms: readonly number[];
  /** `[L]`, of the direction on held-out stimuli; null where nobody has measured it. */
  accuracy: readonly number[] | null;
  /** How many held-out stimuli these are shares of, where it is known. */
  heldOutN?: number | undefined;
  /** Of highest accuracy; null where that is not known. */
  bestLayer: number | null;
  /** What control directions from permuted labels are made of; null where nothing was labelled. */
  training: LabelledStates | null;
}

/** Of a direction that was found now. */
export function basisOfReading({ directions, norms, health, training }: Reading): SteeringBasis {
  const accuracy = health.perLayer.map(({ heldOutAccuracy }) => heldOutAccuracy);
  const heldOutN = health.methods[0]?.n;
  return {
    directions,
    meanNorms: norms,
    accuracy,
    heldOutN,
    bestLayer: health.bestLayer,
    training,
  };
}

/**
 * Of a direction that is given.
 * @param measureNorms `[L]`, where its file does not know the model's mean norms
 */
export async function basisOfStored(
  stored: StoredDirections,
  measureNorms: () => Promise<readonly number[]>,
): Promise<SteeringBasis> {
  const { directions, meanNorms, heldOutAccuracy = null, heldOutN } = stored;
  return {
    directions,
    meanNorms: meanNorms ?? (await measureNorms()),
    accuracy: heldOutAccuracy,
    heldOutN,
    bestLayer: heldOutAccuracy && bestLayer(directions, heldOutAccuracy),
    training: null,
  };
}

/** The first of the best that have a direction. */
function bestLayer(directions: Directions, accuracy: readonly number[]): number {
  const absent = absentLayers(directions);
  const present = accuracy.map((value, layer) => (absent.includes(layer) ? -1 : value));
  return present.indexOf(Math.max(...present));
}

/**
 * The layers to steer: those that are given, else the best one.
 * @throws where none is given and none is known to be best.
 */
export function layersToSteer(
  { bestLayer }: Pick<SteeringBasis, 'bestLayer'>,
  given: readonly number[] | undefined,
): readonly number[] {
  if (given) return given;
  if (bestLayer !== null) return [bestLayer];
  throw new UsageError(`steering: ${unknownAccuracy}`);
}

/** Why layers must be given. */
export const unknownAccuracy =
  'how well the direction tells at each layer is not known, so no layer can be chosen; give --layers';

/** A direction as it is kept, with what steering by it needs. */
export function storedReading(
  { directions, norms, health, names }: Reading & { names?: StoredDirections['labels'] },
  made: { model: LanguageModel; stimuliSha256: string; seed: number },
): StoredDirections {
  return {
    directions,
    origin: {
      model: made.model.name,
      modelSha256: made.model.identity.sha256,
      stimuliSha256: made.stimuliSha256,
      seed: String(made.seed),
    },
    meanNorms: norms,
    heldOutAccuracy: health.perLayer.map(({ heldOutAccuracy }) => heldOutAccuracy),
    heldOutN: health.methods[0]?.n,
    labels: names,
  };
}
