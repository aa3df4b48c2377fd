/**
 * Directions that should do nothing: what a tested direction's slope is compared with.
 *
 * Random ones are made orthogonal to the tested one, since at width 160 every fifth random unit
 * vector has |cos| > 0.1 with any given one. Permuted labels go over *all* stimuli: swapping labels
 * within pairs leaves PCA as it was (measured |cos| with the truth 0.98).
 */
import { cosine, orthogonalise } from '../../math/linear.js';
import { createRandom } from '../../math/random.js';
import { directionAt, makeDirections, type Directions } from '../../read/directions.js';
import type { LabelledStates } from '../../read/directions.js';

export interface ControlDirection {
  seed: number;
  /**
   * Mean |cosine| with the tested direction over the steered layers; of permuted labels before
   * they are made orthogonal.
   */
  cosine: number;
  /** `[L, D]`, unit rows, orthogonal to the tested ones. */
  vectors: Float32Array;
}

export interface ControlOptions {
  tested: Directions;
  /** Steered layers. */
  layers: readonly number[];
  /** Of the whole sweep; the control's own number is added to it. */
  seed: number | string;
}

/** Random unit directions, one seed each from 0. */
export function randomControls(options: ControlOptions & { count: number }): ControlDirection[] {
  const { tested } = options;
  return Array.from({ length: options.count }, (_, seed) => {
    const random = createRandom(options.seed).fork(`random control ${seed}`);
    const vectors = new Float32Array(tested.vectors.length);
    for (let layer = 0; layer < tested.layers; layer++) {
      const unit = orthogonalise(random.unitVector(tested.width), [directionAt(tested, layer)]);
      vectors.set(unit, layer * tested.width);
    }
    return { seed, cosine: meanCosine(options, vectors), vectors };
  });
}

/**
 * Mean differences under labels permuted over all training stimuli, one seed each from 0, made
 * orthogonal to the tested direction. None where nothing was labelled.
 */
export function shuffledControls(
  options: ControlOptions & { count: number; training: LabelledStates | null },
): ControlDirection[] {
  const { tested, training } = options;
  if (!training) return [];
  return Array.from({ length: options.count }, (_, seed) => {
    const random = createRandom(options.seed).fork(`shuffled control ${seed}`);
    const labels = random.shuffle(training.labels);
    const raw = makeDirections({
      // Pairs would no longer hold one of either label.
      training: { ...training, labels, pairs: undefined },
      method: 'mean-difference',
      seed: options.seed,
    });
    const vectors = new Float32Array(tested.vectors.length);
    for (let layer = 0; layer < tested.layers; layer++) {
      const unit = orthogonalise(directionAt(raw, layer), [directionAt(tested, layer)]);
      vectors.set(unit, layer * tested.width);
    }
    return { seed, cosine: meanCosine(options, raw.vectors), vectors };
  });
}

function meanCosine({ tested, layers }: ControlOptions, vectors: Float32Array): number {
  const cosineAt = (layer: number): number =>
    Math.abs(
      cosine(
        directionAt(tested, layer),
        vectors.subarray(layer * tested.width, (layer + 1) * tested.width),
      ),
    );
  return layers.reduce((sum, layer) => sum + cosineAt(layer), 0) / layers.length;
}
