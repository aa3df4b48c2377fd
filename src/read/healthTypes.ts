/** The shapes of a direction's health. */
import type { Interval } from '../math/interval.js';
import type { Separation } from './accuracy.js';
import type { Baselines } from './baselines.js';
import type { Method } from './methods/names.js';

export interface LayerHealth extends Separation {
  layer: number;
  explainedVariance: number;
  /**
   * Cosine with each method's direction from the same training stimuli; 1 with its own. 0 where an
   * imported file has no direction for the layer.
   */
  cosines: Record<Method, number>;
}

/** Held-out accuracy of one method's directions from the same training stimuli. */
export interface MethodAccuracy {
  method: Method;
  /** Held-out stimuli. */
  n: number;
  perLayer: { layer: number; heldOutAccuracy: number; ci: Interval | null }[];
}

export interface Health {
  method: string;
  perLayer: LayerHealth[];
  /** Every method, for comparison. */
  methods: MethodAccuracy[];
  /** Of highest held-out accuracy (then AUC, then depth): chosen after the fact, for showing. */
  bestLayer: number;
  baselines: Baselines;
  warnings: string[];
}
