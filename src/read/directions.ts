/**
 * Directions: one unit vector per layer along which the two classes differ, `correct` and `copy`
 * where nothing else is said. Its positive side is the positive label's: the sign follows the labels
 * of the training stimuli, never an effect.
 */
import { dot, normalise } from '../math/linear.js';
import { createRandom } from '../math/random.js';
import { mean } from '../math/summary.js';
import { differences, type Contrast } from './methods/contrast.js';
import { resolveMethod, type OwnMethod } from './methods/table.js';
import type { Method } from './methods/names.js';
import { pairStimuli, type Pairing } from './pairs.js';
import { layerStates, selectStates, type AnyStates, type FetchedStates } from './states.js';
import {
  checkTraining,
  isPositive,
  lengthOf,
  pairOf,
  type Half,
  type Label,
  type Stimulus,
} from './stimuli.js';

export interface Directions {
  /** How it was found: a method's name; `imported`: by another tool, whose sign it has. */
  method: string;
  layers: number;
  width: number;
  /**
   * float32 `[L, D]`, unit rows, positive = the positive label. A row of zeros says that a file has no
   * direction for that layer; none is made so here.
   */
  vectors: Float32Array;
  /**
   * `[L]`, 0 … 1: share of the training pairs' squared differences that lies along the direction.
   * Defined alike for every method, so that they can be compared. Empty where it is not known.
   */
  explainedVariance: number[];
}

/** Labelled hidden states of `N` stimuli. */
export interface LabelledStates {
  states: AnyStates;
  /** `[N]` */
  labels: readonly Label[];
  /** `[N]`, names of pairs that are given; undefined where a stimulus has none. */
  pairs?: readonly (string | undefined)[];
  /** `[N]`, of y1 in code points, for pairing those that have no pair. */
  lengths?: readonly number[];
}

/** The stimuli of one half with their hidden states. */
export function takeHalf<S extends Stimulus>(
  stimuli: readonly S[],
  states: AnyStates,
  half: Half,
): { stimuli: S[]; states: FetchedStates } {
  const indices = stimuli.flatMap((s, i) => (s.half === half ? [i] : []));
  return {
    stimuli: stimuli.filter((s) => s.half === half),
    states: selectStates(states, indices),
  };
}

/** What directions are made from: the training half, its labels, pairs and lengths. */
export function trainingStates(stimuli: readonly Stimulus[], states: AnyStates): LabelledStates {
  const train = takeHalf(stimuli, states, 'train');
  return {
    states: train.states,
    labels: train.stimuli.map(({ label }) => label),
    pairs: train.stimuli.map(pairOf),
    lengths: train.stimuli.map(lengthOf),
  };
}

export interface DirectionOptions {
  /** The training half. */
  training: LabelledStates;
  /** One of the table's, or one's own. Default `pca`. */
  method?: Method | OwnMethod;
  seed: number | string;
  pairing?: Pairing;
  /**
   * Whether each pair's order is drawn at random (only `pca` looks at it). Default true; false is
   * the centring trap, kept for showing it.
   */
  shuffle?: boolean;
}

/**
 * A direction for every layer.
 * @throws where a label has fewer than two stimuli, the states' number differs from the labels', or a layer's
 * states do not differ between the labels.
 */
export function makeDirections(options: DirectionOptions): Directions {
  const { states } = options.training;
  const method = resolveMethod(options.method ?? 'pca');
  const shared = contrastFrame(options);
  const { layers, width } = states;
  const directions = emptyDirections(method.name, { layers, width });
  for (let layer = 0; layer < layers; layer++) {
    addDirections(
      [{ method, directions }],
      { ...shared, states: layerStates(states, layer) },
      layer,
    );
  }
  return directions;
}

/** Without any direction yet. */
export function emptyDirections(
  method: string,
  { layers, width }: Pick<Directions, 'layers' | 'width'>,
): Directions {
  const vectors = new Float32Array(layers * width);
  return { method, layers, width, vectors, explainedVariance: [] };
}

/**
 * Adds what each method finds at the next layer.
 * @throws where one finds nothing.
 */
export function addDirections(
  found: readonly { method: OwnMethod; directions: Directions }[],
  contrast: Contrast,
  layer: number,
): void {
  const apart = differences(contrast.states, contrast.pairs);
  for (const { method, directions } of found) {
    const vector = signedUnit(contrast, method, layer);
    directions.vectors.set(vector, layer * directions.width);
    directions.explainedVariance.push(shareAlong(vector, apart));
  }
}

/** The direction `[D]` of one layer, as a view. */
export function directionAt(directions: Directions, layer: number): Float32Array {
  const { width } = directions;
  return directions.vectors.subarray(layer * width, (layer + 1) * width);
}

/** Layers without a direction, ascending: their rows are zeros. */
export function absentLayers(directions: Directions): number[] {
  return Array.from({ length: directions.layers }, (_, layer) => layer).filter((layer) =>
    directionAt(directions, layer).every((x) => x === 0),
  );
}

/**
 * What all layers and methods share: pairs and the recorded order of each.
 * @throws as {@link makeDirections}, on the labels.
 */
export function contrastFrame(options: Omit<DirectionOptions, 'method'>): Omit<Contrast, 'states'> {
  const { states, labels, pairs: given, lengths } = options.training;
  if (states.count !== labels.length) {
    throw new Error(`directions: ${states.count} states have ${labels.length} labels`);
  }
  checkTraining(labels, 'directions');
  const random = createRandom(options.seed).fork('directions');
  const pairs = pairStimuli({
    labels,
    pairs: given,
    lengths,
    pairing: options.pairing,
    random: random.fork('pairs'),
  });
  const coin = random.fork('orders');
  const orders = pairs.map((): 1 | -1 => {
    const heads = coin.integer(2) === 1;
    return heads || options.shuffle === false ? 1 : -1;
  });
  return { labels, pairs, orders };
}

function signedUnit(contrast: Contrast, method: OwnMethod, layer: number): Float32Array {
  const { states, labels } = contrast;
  let unit: Float32Array;
  try {
    unit = normalise(checkVector(method.find(contrast), states[0]?.length ?? 0));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`directions: ${method.name} finds nothing at layer ${layer} (${reason})`, {
      cause,
    });
  }
  const along = (positive: boolean): number =>
    mean(states.flatMap((s, i) => (isPositive(labels[i]) === positive ? [dot(s, unit)] : [])));
  return along(true) >= along(false) ? unit : unit.map((x) => -x);
}

/** @throws where what a method found is no vector of the states' width. */
function checkVector(vector: ArrayLike<number>, width: number): ArrayLike<number> {
  if (vector.length === width) return vector;
  throw new Error(`its vector has ${vector.length} numbers, the hidden states have ${width}`);
}

function shareAlong(unit: Float32Array, rows: readonly Float32Array[]): number {
  let along = 0;
  let total = 0;
  for (const row of rows) {
    along += dot(row, unit) ** 2;
    total += dot(row, row);
  }
  return total > 0 ? along / total : 0;
}
