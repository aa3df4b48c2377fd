/** The shapes of a causal test: what goes in, the records, and the summary. */
import type { Interval } from '../../math/interval.js';
import type { PositionRule } from '../../runtime/steering.js';
import type { Behaviour } from '../../read/stimuli.js';

/** Rules are applied on `validation` and tested on `test`. */
export type CausalSplit = 'validation' | 'test';

/** One recorded sentence of one problem: the unit of analysis. */
export interface CausalProblem {
  id: string;
  question: string;
  prefix: string;
  last: string;
}

/** What the unsteered corrector does with a sentence. */
export interface CaseRecord {
  kind: 'case';
  split: CausalSplit;
  problem: string;
  label: Behaviour;
  /** The greedy first token of y2, as an id. */
  first: number;
  /** Whether that token begins y1. A copy's does; of a correction that it does not is usual. */
  beginsLast: boolean;
  /** Of the prompt, in tokens. */
  promptLength: number;
}

/** One output under one edit. */
export interface EditOutcome {
  editRatio: number | null;
  copied: boolean;
  degenerate: boolean;
}

/** One sentence, unsteered and under every edit of one layer at a time, in one batch. */
export interface EditRecord {
  kind: 'edit';
  split: CausalSplit;
  problem: string;
  unsteered: EditOutcome;
  /** `[layer][coefficient]`, 0 left out, in the order of the options. */
  steered: EditOutcome[][];
  /** `[layer]`: the direction removed at that layer. */
  ablated: EditOutcome[];
}

/** One sentence steered along directions that should do nothing, one layer at a time. */
export interface ControlRecord {
  kind: 'control';
  split: 'test';
  problem: string;
  /** `[direction][layer][coefficient]`, 0 left out. */
  outcomes: EditOutcome[][][];
}

/**
 * Whose hidden state goes where. The first two exchange the classes' states, both ways. The others
 * are controls: a donor of the recipient's own class, and a correcting donor drawn at random,
 * whatever its length.
 */
export type PatchSetting = 'correctIntoCopy' | 'copyIntoCorrect' | 'copyIntoCopy' | 'random';

/** What one patch does to the recipient's first token. */
export interface PatchOutcome {
  /**
   * Change of the logit difference (donor's first token − recipient's own) as a share of the way
   * from the recipient's to the donor's: 0 = as unpatched, 1 = as the donor.
   */
  effect: number;
  /** A copy no longer begins with y1, or a correction now begins with its own y1. */
  switched: boolean;
  /** The greedy first token is the donor's. */
  taken: boolean;
}

/** One pair of runs, patched at one layer and column at a time. */
export interface PatchRecord {
  kind: 'patch';
  split: CausalSplit;
  setting: PatchSetting;
  recipient: string;
  donor: string;
  equalLength: boolean;
  /** `[layer][column]`; null where the prompts do not reach that far. */
  outcomes: (PatchOutcome | null)[][];
}

export type CausalRecord = CaseRecord | EditRecord | ControlRecord | PatchRecord;

/** A mean over problems, or pairs, at one layer. */
export interface LayerMean {
  layer: number;
  mean: number | null;
  ci: Interval | null;
}

/** A share of `n`, Wilson's interval. */
export interface Share {
  rate: number | null;
  n: number;
  ci: Interval | null;
}

/** What steering one layer at a time does; the effect map draws it. */
export interface SteeringEffects {
  metric: 'editRatio';
  /** Of the metric, unsteered. */
  baseline: number;
  unit: string;
  /** Per layer, the norm that coefficient 1 adds. */
  unitValue: number[];
  layers: number[];
  /** 0 among them. */
  coefficients: number[];
  /** `[layer][coefficient]`, metric − unsteered. */
  effect: (number | null)[][];
  /** Over problems. */
  ci: (Interval | null)[][];
  /** `[layer][coefficient]`, share of the outputs that are degenerate. */
  degenerate: (number | null)[][];
  n: number;
}

/** The tested direction's slopes beside those of random ones, one layer at a time. */
export interface LayerControls {
  /** Problems: the first of those that are steered. */
  n: number;
  /** Without 0; the lines go through it. */
  coefficients: number[];
  perLayer: LayerControl[];
}

/** Slopes of the edit ratio against the coefficient, all on the same problems and coefficients. */
export interface LayerControl {
  layer: number;
  tested: number | null;
  /** Over problems. */
  ci: Interval | null;
  /** One per random direction. */
  random: number[];
  /** Of the random ones' |slope|. */
  median: number | null;
  max: number | null;
  /** Random directions whose |slope| is below the tested one's. */
  exceeded: number;
}

/** What removing the direction at one layer does. */
export interface LayerAblation {
  layer: number;
  /** Change of the edit ratio against the unsteered model. */
  change: number | null;
  ci: Interval | null;
  /** Of the sentences that the unsteered model copies: still copied. */
  stillCopied: Share;
  /** Of those it corrects: still corrected. */
  stillCorrected: Share;
}

/** The patches of one setting, `[layer][column]`. */
export interface PatchMap {
  setting: PatchSetting;
  /** Pairs; a problem is in one of them at most. */
  n: number;
  /** Share of the pairs whose prompts have the same number of tokens. */
  equalLength: number;
  /** `earlier` (all positions before the others, at once), or the position counted from the last token, 0. */
  columns: string[];
  effect: (number | null)[][];
  /** Over pairs. */
  ci: (Interval | null)[][];
  switched: (number | null)[][];
  taken: (number | null)[][];
}

export type LayerRole = 'prepares' | 'decides' | 'carriesOut';

/** A layer's part, by {@link roleRule} on validation pairs, then on test pairs. */
export interface LayerPart {
  layer: number;
  role: LayerRole;
  /** By the same rule on test pairs. */
  testRole: LayerRole;
  /** The same on test pairs; for `decides`, with an interval of the gain above 0. */
  confirmed: boolean;
  /** What the layer holds minus what the one before it holds, on validation pairs. */
  validationGain: number;
  /** On test pairs. */
  gain: number;
  gainCi: Interval | null;
}

export type Measure = 'steering' | 'ablation' | 'patching';

/** One measure of a layer's effect, beside the scan's held-out accuracy. */
export interface Evidence {
  measure: Measure;
  /** What is measured, in words. */
  what: string;
  /** Problems, or pairs, of the test data. */
  n: number;
  perLayer: LayerMean[];
  /** Of largest |mean| on validation data. */
  largest: number;
  /** On test data: |mean| at that layer minus the largest |mean| elsewhere. */
  lead: number | null;
  leadCi: Interval | null;
  /** Spearman's, over layers: |mean| on test data against held-out accuracy. */
  rankCorrelation: number | null;
  /** Over problems, or pairs; the accuracies are held. */
  rankCorrelationCi: Interval | null;
  /** Whether `largest` is the layer of best held-out accuracy. */
  largestIsBest: boolean;
}

/** The summary `causal.json`; every key is part of the interface. */
export interface CausalSummary {
  model: string;
  method: string;
  /** Steered and ablated positions. */
  positions: PositionRule;
  seed: number;
  layers: number[];
  steering: SteeringEffects;
  /** Absent where no random direction was tried. */
  controls?: LayerControls;
  ablation: { n: number; perLayer: LayerAblation[] };
  patching: PatchMap[];
  /** {@link LayerRole} in words, as it was written before any run. */
  rule: string;
  parts: LayerPart[];
  scan: { layer: number; heldOutAccuracy: number }[];
  /** Of the layers tested, the one of best held-out accuracy. */
  bestLayer: number;
  evidence: Evidence[];
  /** How cases and pairs were made, with counts. */
  data: {
    problems: Record<CausalSplit, number>;
    cases: Record<CausalSplit, { copy: number; correct: number; lateCorrections: number }>;
    pairing: string;
  };
  warnings: string[];
}
