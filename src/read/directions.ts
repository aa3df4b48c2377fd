/**
 * Directions: one unit vector per layer along which `correct` and `copy` differ. Positive is always
 * `correct`: the sign follows the labels of the training stimuli, never an effect.
 */
import { dot, normalise } from '../math/linear.js';
import { createRandom } from '../math/random.js';
import { mean } from '../math/summary.js';
import { differences, methods, type Contrast, type Method } from './methods.js';
import { pairStimuli, type Pairing } from './pairs.js';
import { stateAt, type States } from './states.js';
import type { Label } from './stimuli.js';

/** How a direction was found; `imported`: by another tool, whose sign it has. */
export type DirectionMethod = Method | 'imported';

export interface Directions {
  method: DirectionMethod;
  layers: number;
  width: number;
  /**
   * float32 `[L, D]`, unit rows, positive = `correct`. A row of zeros says that a file has no
   * direction for that layer; none is made so here.
   */
  vectors: Float32Array;
  /**
   * `[L]`, 0 … 1: share of the training pairs' squared differences that lies along the direction.
   * Defined alike for every method, so that they can be compared. Empty where it is not known.
   */
  explainedVariance: number[];
}

/** Labelled hidden states; `lengths` of y1 in code points serve the pairing. */
export interface LabelledStates {
  states: States;
  /** `[N]` */
  labels: readonly Label[];
  /** `[N]` */
  lengths?: readonly number[];
}

export interface DirectionOptions {
  /** The training half. */
  training: LabelledStates;
  /** Default `pca`. */
  method?: Method;
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
 * @throws where a label is missing, the states' number differs from the labels', or a layer's
 * states do not differ between the labels.
 */
export function makeDirections(options: DirectionOptions): Directions {
  const { training, method = 'pca' } = options;
  const { states, labels } = training;
  if (states.count !== labels.length) {
    throw new Error(`directions: ${states.count} states have ${labels.length} labels`);
  }
  if (!Object.hasOwn(methods, method)) {
    throw new Error(
      `directions: unknown method ${String(method)} (expected ${Object.keys(methods).join(' | ')})`,
    );
  }
  const shared = contrastFrame(options);
  const vectors = new Float32Array(states.layers * states.width);
  const explainedVariance: number[] = [];
  for (let layer = 0; layer < states.layers; layer++) {
    const rows = labels.map((_, i) => stateAt(states, i, layer));
    const vector = signedUnit({ ...shared, states: rows }, method, layer);
    vectors.set(vector, layer * states.width);
    explainedVariance.push(shareAlong(vector, differences(rows, shared.pairs)));
  }
  return { method, layers: states.layers, width: states.width, vectors, explainedVariance };
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

/** What all layers share: pairs and the recorded order of each. */
function contrastFrame(options: DirectionOptions): Omit<Contrast, 'states'> {
  const { labels, lengths } = options.training;
  const random = createRandom(options.seed).fork('directions');
  const pairs = pairStimuli({
    labels,
    ...(lengths && { lengths }),
    ...(options.pairing && { pairing: options.pairing }),
    random: random.fork('pairs'),
  });
  const coin = random.fork('orders');
  const orders = pairs.map((): 1 | -1 => {
    const heads = coin.integer(2) === 1;
    return heads || options.shuffle === false ? 1 : -1;
  });
  return { labels, pairs, orders };
}

function signedUnit(contrast: Contrast, method: Method, layer: number): Float32Array {
  let unit: Float32Array;
  try {
    unit = normalise(methods[method](contrast));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`directions: ${method} finds nothing at layer ${layer} (${reason})`, { cause });
  }
  const along = (label: Label): number =>
    mean(contrast.states.flatMap((s, i) => (contrast.labels[i] === label ? [dot(s, unit)] : [])));
  return along('correct') >= along('copy') ? unit : unit.map((x) => -x);
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
