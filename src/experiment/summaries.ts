/**
 * The summaries of runs: the shapes of `scan.json`, `sweep.json`, `causal.json`, `lens.json`,
 * `evaluate.json`, `corrector.json`, `health.json`, `rounds.json`, `compare.json`, `report.json`. They
 * are part of the interface; `schemas/` has the same as JSON Schemas.
 *
 * Every `ci` is `[low, high]`, 95 %, null where undefined. Rates are fractions 0–1, times are
 * milliseconds, layers count from 0.
 */
import type { CausalSummary } from './causal/types.js';
import type { LensSummary } from './lens/types.js';
import type { CompareSummary } from './answers/compareTypes.js';
import type { RoundsSummary } from './rounds/types.js';
import type { SweepFit, SweepPoint } from './sweep/types.js';
import type { Interval } from '../math/interval.js';
import type { Label, LabelNames } from '../read/stimuli.js';

export interface Summaries {
  scan: ScanSummary;
  sweep: SweepSummary;
  causal: CausalSummary;
  lens: LensSummary;
  evaluate: EvaluateSummary;
  corrector: CorrectorSummary;
  health: HealthSummary;
  rounds: RoundsSummary;
  compare: CompareSummary;
}

export type SummaryKind = keyof Summaries;

/** How readings are scaled. */
export type Standardize = 'zscore' | 'raw' | 'cosine';

/** What the unsteered corrector does with a stimulus; or its label as given. */
export type CaseLabel = Label;

/** How well a class is told on held-out stimuli, unpaired, threshold from the training stimuli. */
export interface HeldOut {
  heldOutAccuracy: number | null;
  ci: Interval | null;
  auc: number | null;
}

export interface LayerAccuracy extends HeldOut {
  layer: number;
}

/** How well the directions of one method tell the classes on held-out stimuli, layer by layer. */
export interface MethodAccuracy {
  method: string;
  /** Held-out stimuli. */
  n: number;
  perLayer: { layer: number; heldOutAccuracy: number | null; ci: Interval | null }[];
}

export interface ScanCase {
  id: string;
  label: CaseLabel;
  /** Output tokens as text. */
  tokens: string[];
  /** `[layer][token]`, in the unit of {@link ScanSummary.standardize}. */
  readings: number[][];
}

/** Mean reading per layer over the output tokens of many cases of one class. */
export interface Activity {
  label: CaseLabel;
  /** Cases. */
  n: number;
  /** One per layer. */
  mean: number[];
  /** One per layer, over cases. */
  ci: (Interval | null)[];
}

export interface ScanSummary {
  model: string;
  device: string;
  /** L */
  layers: number;
  /** Output tokens asked for. */
  tokens: number;
  standardize: Standardize;
  direction: { method: string; [detail: string]: unknown };
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
  perLayer: LayerAccuracy[];
  cases: ScanCase[];
  /** Milliseconds by part. */
  timing: Record<string, number>;
  /** What can be told without the residual stream: from y1's length, and from the embeddings. */
  baselines?: { length: HeldOut; embeddings: HeldOut };
  /** The directions' health report: at least its warnings. */
  health?: {
    warnings: string[];
    /** Of highest held-out accuracy. */
    bestLayer?: number;
    /** Every direction method on the same stimuli. */
    methods?: MethodAccuracy[];
    [detail: string]: unknown;
  };
  /** Free-running: each class over its own output tokens. */
  activity?: Activity[];
  /** Both classes over identical output tokens, so that token identity cannot pose as a decision. */
  teacherForced?: Activity[];
}

export type { CausalSummary, CompareSummary, LensSummary, RoundsSummary };
export type { SweepFit, SweepPoint };

/** The same sweep along a direction that should do nothing. */
export interface SweepControl extends SweepFit {
  seed: number;
  /** With the tested direction, before it was made orthogonal to it. */
  cosine: number;
}

export interface SweepSummary {
  model: string;
  mode: 'loop' | 'fixed';
  /** Which positions were steered: every one, the prompt's, or the generated ones. */
  positions?: 'all' | 'prompt' | 'generated';
  /** How the direction was found, e.g. `pca`. */
  method: string;
  /** What `mean` is, e.g. `editRatio`. */
  metric: string;
  /** What coefficient 1 means, in words. */
  unit: string;
  /** Added norm at coefficient 1, in units of the residual stream: one number per steered layer. */
  unitValue: number[];
  /** The steered layers. */
  layers: number[];
  seed: number;
  /** Lowest and highest coefficient of the fit, fixed on validation data. */
  fitRange: Interval;
  /** Mean of the metric with steering switched off. */
  baseline: number | null;
  points: SweepPoint[];
  fit: SweepFit;
  controls: { random: SweepControl[]; shuffled: SweepControl[] };
  /** What was fixed on validation data before the test run, and what was seen there. */
  validation?: Record<string, unknown>;
  /** Spearman's, between coefficient and mean over the fit range. */
  rankCorrelation?: number | null;
  /** R² of a parabola over the fit range. */
  quadraticR2?: number | null;
  /** The fit over the whole grid. */
  wholeGrid?: SweepFit & { quadraticR2?: number | null; rankCorrelation?: number | null };
  /** What counts as degenerate, in words. */
  degenerateRule?: string;
  /** The papers' grid, −1 … 0.5 in steps of 0.25. */
  paperGrid?: SweepPoint[];
  /** The tested slope against the random ones, on the controls' problems and coefficients. */
  comparison?: Record<string, unknown>;
  /** What a reader must know before believing the figure. */
  warnings?: string[];
}

/** A direction's health: how far it is to be trusted, layer by layer. */
export interface HealthSummary {
  model: string;
  /** Labelled stimuli, both halves. */
  stimuli: number;
  method: string;
  perLayer: LayerHealth[];
  /** Of highest held-out accuracy (then AUC, then depth): chosen after the fact, for showing. */
  bestLayer: number;
  baselines: { length: HeldOut; embeddings: HeldOut };
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
  /** Every direction method on the same stimuli. */
  methods: MethodAccuracy[];
  warnings: string[];
}

export interface LayerHealth extends LayerAccuracy {
  /** Between the classes, in projections. */
  threshold: number;
  aucCi: Interval | null;
  /** Held-out accuracy within each kind of input. */
  withinKind: Record<string, { n: number; accuracy: number }>;
  /** Share of the training pairs' squared differences that lies along the direction. */
  explainedVariance: number;
  /** With each method's direction from the same training stimuli. */
  cosines: Record<string, number>;
}

/** What steering one layer at a time does, by layer and coefficient: a part of `causal.json`. */
export interface LayerEffects {
  /** What the effect is a change of, e.g. `editRatio`. */
  metric: string;
  /** The metric with steering switched off. */
  baseline: number;
  /** What coefficient 1 means, in words. */
  unit: string;
  layers: number[];
  coefficients: number[];
  /** `[layer][coefficient]`, metric − baseline, in the order of the two lists; null: no value. */
  effect: (number | null)[][];
  /** Problems behind every cell. */
  n: number;
  /** Of the effect, over problems. */
  ci?: (Interval | null)[][];
}

export interface EvaluatedSystem {
  /** `upstream`, `stream-<corrector>`, `aligner-<…>`, `corrector-alone-<…>`. */
  name: string;
  /** Problems. */
  n: number;
  accuracy: number | null;
  ci: Interval | null;
  /** Over rounds; null for systems without rounds. */
  copyRate: number | null;
  /** Right now, given that the upstream alone was wrong. */
  fixRate: number | null;
  /** Wrong now, given that the upstream alone was right. */
  breakRate: number | null;
  msPerToken: number | null;
  firstTokenMs: number | null;
  copyRateCi?: Interval | null;
  fixRateCi?: Interval | null;
  breakRateCi?: Interval | null;
  /** The same for the problems with the family that training never saw. */
  unseenFamily?: EvaluatedPart;
  /** And for the others. */
  seenFamilies?: EvaluatedPart;
  /** Mean number of revisions (rounds that were corrected) per problem. */
  revisions?: number | null;
  /** How many answers ended for which reason. */
  stops?: Record<string, number>;
  /** Paired differences in accuracy, over the upstream and over the corrector alone. */
  gains?: { over: string; n: number; gain: number | null; ci: Interval | null }[];
}

/** A part of the problems. */
export interface EvaluatedPart {
  n: number;
  accuracy: number | null;
  ci: Interval | null;
  fixRate?: number | null;
  fixRateCi?: Interval | null;
  breakRate?: number | null;
  breakRateCi?: Interval | null;
}

export interface EvaluateSummary {
  systems: EvaluatedSystem[];
  /** What was answered, e.g. the split, and how many. */
  data?: Record<string, unknown>;
  /** Milliseconds by part. */
  timing?: Record<string, number>;
}

/** A rate over `n` sentences. */
export interface SentenceRate {
  rate: number | null;
  n: number;
  ci: Interval | null;
}

/** Sentence-level rates of a corrector on recorded quadruples. */
export interface CorrectorSummary {
  model: string;
  /** Quadruples. */
  n: number;
  /** Good sentences copied verbatim. */
  goodCopied: SentenceRate;
  /** Bad sentences rewritten to right ones. */
  badFixed: SentenceRate;
  /** Neutral sentences whose content was kept and whose form was mended. */
  neutralImproved: SentenceRate;
  /** Empty output where the answer was complete. */
  surplusStopped?: SentenceRate;
  /** A right sentence where the upstream stopped too early. */
  missingWritten?: SentenceRate;
  /** Bad sentences copied verbatim: faults not noticed. */
  badCopied?: SentenceRate;
  /** Good sentences neither copied nor replaced by another good one. */
  goodBroken?: SentenceRate;
  /** Sentences with that kind of fault for which the correction is good. */
  byFault?: Record<string, SentenceRate>;
  /** The same rates on problems with the family that training never saw. */
  unseenFamily?: Record<string, SentenceRate>;
  /** And on the others. */
  seenFamilies?: Record<string, SentenceRate>;
}
