/** What a sweep is asked for. */
import type { Directions, LabelledStates } from '../../read/directions.js';
import type { Store } from '../../record/store.js';
import { type MeasureOptions } from './measure.js';
import { type PlanOptions } from './plan.js';
import type { SweepMode, SweepRecord } from './shape.js';
import type { SweepProblem } from './problems.js';

export type SweepPhase = 'validation' | 'sweep' | 'controls';

export interface SweepOptions
  extends
    MeasureOptions,
    Pick<PlanOptions, 'meanNorms' | 'accuracy' | 'scale' | 'fitRange' | 'scales'> {
  /** The corrector's name in the summary. */
  model: string;
  directions: Directions;
  /**
   * Labelled states the directions were made from, for the permuted-label controls. Null: nothing was
   * labelled, so that there are none.
   */
  training: LabelledStates | null;
  /** Test problems, all of them used. */
  problems: readonly SweepProblem[];
  /** Validation problems, no test problem among them. */
  validation: readonly SweepProblem[];
  /** Default −1 … 1 in steps of 0.125. */
  grid?: readonly number[];
  /** Default: chosen on validation data. */
  steeredLayers?: readonly number[];
  seed: number;
  /**
   * Mode in which scale and fit range are fixed. Default: the sweep's own. In the loop most of the
   * time goes into this; recorded sentences take a tenth of it.
   */
  planMode?: SweepMode;
  /** Validation problems of the whole grid. Default 40. */
  validationProblems?: number;
  /** Validation problems per window of layers. Default 16. */
  windowProblems?: number;
  controls?: {
    /** Default 30. */
    random?: number;
    /** Default 3. */
    shuffled?: number;
    /** The first so many of the test problems. Default 32. */
    problems?: number;
  };
  /** Records of an earlier run of the same command. */
  done?: Iterable<SweepRecord>;
  /** Where units of work are kept for other runs. */
  store?: Store;
  onProgress?: (phase: SweepPhase, done: number, total: number) => void;
}
