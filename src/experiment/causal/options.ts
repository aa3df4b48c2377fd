/** What a causal test is asked for, with its defaults and checks. */
import type { Corrector } from '../../align/corrector.js';
import { absentLayers, type Directions } from '../../read/directions.js';
import type { Store } from '../../record/store.js';
import type { EditMetricName, OwnEditMetric } from '../../text/editMetricTable.js';
import type { Decoder } from '../../runtime/decoder.js';
import type { CausalRecord, CausalSplit } from './shape.js';
import type { CausalProblem } from './problems.js';
import { defaultStrengths } from './defaults.js';
import { defaultPositions, type PositionRule } from '../../runtime/steering.js';
import type { Beginnings } from './cases.js';
import { UsageError } from '../../text/usageError.js';
import { shownName } from '../../text/given.js';

export const splits = ['validation', 'test'] as const;

export type CausalPhase = 'cases' | 'edits' | 'controls' | 'patches';

export interface CausalOptions extends Beginnings {
  /** The corrector's name in the summary. */
  model: string;
  corrector: Corrector;
  /** The same model's, for hidden states and patches. */
  decoder: Pick<Decoder, 'forward' | 'info'>;
  /** The corrector's prompt, as tokens; the last is the boundary. */
  prompt: (problem: CausalProblem) => readonly number[];
  directions: Directions;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  meanNorms: readonly number[];
  /** `[L]`, of the scan, on held-out stimuli; null where it is not known. */
  accuracy: readonly number[] | null;
  /** How many held-out stimuli these are shares of, where it is known. */
  heldOutN?: number | undefined;
  /** In order; those for steering are the first, pairs come from all. No problem is in both. */
  problems: Readonly<Record<CausalSplit, readonly CausalProblem[]>>;
  /** Tested one at a time. Default: those that have a direction. */
  layers?: readonly number[];
  /**
   * The norm that coefficient 1 adds at the steered layer, in its mean norms: a sweep's scale, so that
   * the same number pushes as it does there. Default 1.
   */
  scale?: number;
  /** Default: what adds {@link defaultStrengths}. */
  coefficients?: readonly number[];
  /** What is compared between y1 and y2. Default `editRatio`. */
  metric?: EditMetricName | OwnEditMetric;
  /** Steered and ablated. Default {@link defaultPositions}. */
  positions?: PositionRule;
  /** Test problems that are steered and ablated, and half as many of validation. Default 64. */
  limit?: number;
  /** Pairs per setting of patches, at most. Default 32. */
  pairs?: number;
  /** Positions before the last that are patched one at a time. Default 8. */
  window?: number;
  controls?: {
    /** Random directions beside the tested one. Default 8. */
    random?: number;
    /** The first so many of the test problems that are steered. Default 16. */
    problems?: number;
    /** Some of the coefficients. Default: the lowest and the highest. */
    coefficients?: readonly number[];
  };
  /** Words in a run that must not occur twice in an output, as in a sweep. Default 4. */
  repeat?: number;
  seed: number;
  /** Records of an earlier run of the same command. */
  done?: Iterable<CausalRecord>;
  /** Where units of work are kept for other runs. */
  store?: Store;
  onProgress?: (phase: CausalPhase, done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The options that have defaults. */
export type Settled = Required<
  Pick<
    CausalOptions,
    'layers' | 'scale' | 'coefficients' | 'positions' | 'limit' | 'pairs' | 'window'
  >
> & { controls: Required<NonNullable<CausalOptions['controls']>> };

/** @throws on problems, layers and coefficients that cannot be tested. */
export function settle(options: CausalOptions): Settled {
  const { directions, positions = defaultPositions, limit = 64, pairs = 32, window = 8 } = options;
  const { scale = 1 } = options;
  checkProblems(options.problems);
  const absent = absentLayers(directions);
  const all = Array.from({ length: directions.layers }, (_, layer) => layer);
  const given = options.layers ?? all.filter((layer) => !absent.includes(layer));
  const layers = [...new Set(given)].sort((a, b) => a - b);
  const unknown = layers.find((layer) => !all.includes(layer) || absent.includes(layer));
  if (unknown !== undefined || layers.length === 0) {
    throw new UsageError(
      `causal: no direction at layer ${unknown ?? '(none given)'} (expected layers of 0 … ${all.length - 1}${absent.length > 0 ? ` without ${absent.join(', ')}` : ''})`,
    );
  }
  const usual = defaultStrengths.map((strength) => strength / scale);
  const coefficients = checkCoefficients(options.coefficients ?? usual);
  const controls = settleControls(options.controls ?? {}, coefficients);
  return { layers, scale, coefficients, positions, limit, pairs, window, controls };
}

/** Ascending, without 0: the baseline is always there. */
function checkCoefficients(given: readonly number[]): number[] {
  const bad = given.find((c) => !Number.isFinite(c));
  if (bad !== undefined) throw new Error(`causal: coefficient ${bad} (expected finite numbers)`);
  const coefficients = [...new Set(given)].filter((c) => c !== 0).sort((a, b) => a - b);
  if (coefficients.length === 0) {
    throw new Error('causal: no coefficient beside 0 (expected at least 1); give --coefficient');
  }
  return coefficients;
}

function settleControls(
  { random = 8, problems = 16, coefficients: given }: NonNullable<CausalOptions['controls']>,
  coefficients: readonly number[],
): Settled['controls'] {
  const ends = [coefficients[0], coefficients.at(-1)].flatMap((c) => c ?? []);
  const chosen = [...new Set(given ?? ends)].sort((a, b) => a - b);
  const unknown = chosen.find((c) => !coefficients.includes(c));
  if (unknown !== undefined) {
    throw new Error(
      `causal: controls at coefficient ${unknown} (expected some of ${coefficients.join(', ')})`,
    );
  }
  return { random, problems, coefficients: chosen };
}

function checkProblems(problems: CausalOptions['problems']): void {
  for (const split of splits) {
    const ids = new Set(problems[split].map(({ id }) => id));
    if (ids.size === 0) throw new Error(`causal: no ${split} problem with a recorded sentence`);
    if (ids.size < problems[split].length) {
      throw new Error(`causal: a ${split} problem is given twice (expected one sentence each)`);
    }
  }
  const known = new Set(problems.test.map(({ id }) => id));
  const both = problems.validation.find(({ id }) => known.has(id));
  if (both) throw new Error(`causal: problem ${shownName(both.id)} is in validation and test data`);
}
