/** The shapes of a steering sweep: what goes in, the records, and the summary. */
import type { Interval } from '../../math/interval.js';
import type { PositionRule } from '../../runtime/steering.js';

/**
 * `loop`: the coefficient acts while the aligner loop runs, so that later rounds see other inputs.
 * `fixed`: the same recorded (q, p, y1) at every coefficient.
 */
export type SweepMode = 'loop' | 'fixed';

/** What is measured between y1 and y2; the default is the papers' `editRatio`. */
export type SweepMetric = 'editRatio' | 'normalizedDistance' | 'indelSimilarity';

/** One problem: the unit of analysis. */
export interface SweepProblem {
  id: string;
  question: string;
  /** Recorded rounds, for `fixed` mode; those with an empty y1 are passed over. */
  inputs: readonly { prefix: string; last: string }[];
}

/** What became of one problem at one coefficient: means over its rounds. */
export interface CaseOutcome {
  /** Rounds with a y1, over which the rest is averaged; where 0, the metrics are null. */
  rounds: number;
  editRatio: number | null;
  normalizedDistance: number | null;
  indelSimilarity: number | null;
  lengthRatio: number | null;
  /** Share of exact copies. */
  copyRate: number | null;
  /** Share of outputs with a repeated 4-gram, or that hit the length limit. */
  degenerate: number | null;
  /** Whether the final answer is right; null in fixed mode. */
  right: boolean | null;
}

/** `tested`, or a control by kind and seed. */
export type DirectionName = 'tested' | `random-${number}` | `shuffled-${number}`;

export interface CaseRecord extends CaseOutcome {
  kind: 'case';
  direction: DirectionName;
  coefficient: number;
  problem: string;
}

/** What was fixed on validation data, written down before the test run. */
export interface PlanRecord {
  kind: 'plan';
  layers: number[];
  /** The whole norm added at coefficient 1, in mean residual norms. */
  scale: number;
  /** Per steered layer. */
  unitValue: number[];
  /** `[low, high]`, coefficients of the grid. */
  fitRange: [number, number];
  validation: ValidationReport;
}

export type ValidationReport = {
  /** In which scale and fit range were fixed. */
  mode: SweepMode;
  problems: number;
  /** See {@link PlanRecord.scale}. */
  scale: number;
  /** Line over the fit range. */
  slope: number;
  r2: number | null;
  points: { coefficient: number; mean: number | null; degenerate: number | null }[];
  /** Windows of layers that were tried, in fixed mode; empty where the layers were given. */
  windows: { layers: number[]; scale: number; slope: number; r2: number | null }[];
  /** Harmless scales of the chosen layers: worst share of degenerate outputs. */
  scales: { scale: number; degenerate: number; slope: number; r2: number | null }[];
  warnings: string[];
};

export type SweepRecord = PlanRecord | CaseRecord;

export interface SweepPoint {
  coefficient: number;
  /** Problems with a value. */
  n: number;
  /** Mean of the sweep's metric over problems, rounds averaged within them. */
  mean: number | null;
  ci: Interval | null;
  /** Share of rounds whose output is an exact copy of y1. */
  copyRate: number | null;
  lengthRatio: number | null;
  degenerate: number | null;
  /** Share of problems answered right; null in fixed mode. */
  accuracy: number | null;
}

/** A line through the means. */
export interface SweepFit {
  slope: number;
  intercept: number;
  r2: number | null;
  /** The slope's, over problems. */
  ci: Interval | null;
}

/** A fit with what tells whether a line is the right shape. */
export interface ShapedFit extends SweepFit {
  /** R² of a parabola through the same points. */
  quadraticR2: number | null;
  /** Spearman's, of mean against coefficient. */
  rankCorrelation: number | null;
}

export interface ControlFit extends SweepFit {
  seed: number;
  cosine: number;
}

/** The tested direction against the random ones, on the controls' problems and coefficients. */
export type ControlComparison = {
  problems: number;
  coefficients: number[];
  /** The tested direction's line there. */
  tested: SweepFit;
  /** Of the random directions' |slope|; null without any. */
  median: number | null;
  max: number | null;
  /** |tested slope| ÷ max; null where the random ones do nothing at all. */
  ratio: number | null;
  exceedsAll: boolean | null;
};

/** The summary `sweep.json`; every key is part of the interface. */
export interface SweepSummary {
  model: string;
  mode: SweepMode;
  /** Which positions were steered. */
  positions: PositionRule;
  method: string;
  metric: SweepMetric;
  unit: string;
  /** Per steered layer, the norm that coefficient 1 adds. */
  unitValue: number[];
  layers: number[];
  seed: number;
  fitRange: [number, number];
  /** Mean of the metric at coefficient 0. */
  baseline: number | null;
  points: SweepPoint[];
  /** Over the fit range, as are the next two. */
  fit: SweepFit;
  rankCorrelation: number | null;
  quadraticR2: number | null;
  wholeGrid: ShapedFit;
  /** The papers' grid, −1 … 0.5 in steps of 0.25; empty where the grid lacks those points. */
  paperGrid: SweepPoint[];
  controls: { random: ControlFit[]; shuffled: ControlFit[] };
  comparison?: ControlComparison;
  degenerateRule: string;
  validation: ValidationReport;
  warnings: string[];
}
