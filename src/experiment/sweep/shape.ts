/** The shapes of a steering sweep: the records, and the summary. */
import { z } from 'zod';
import { perEditMetric } from '../../text/editMetricTable.js';
import { noteCounts, sentence } from '../shared/revisions.js';
import {
  ci,
  count,
  fraction,
  meanOver,
  numberOrNull,
  pair,
  positionRule,
  rate,
} from '../../shape/pieces.js';

/**
 * `loop`: the coefficient acts while the aligner loop runs, so that later rounds see other inputs.
 * `fixed`: the same recorded (q, p, y1) at every coefficient.
 */
export const sweepMode = z.enum(['loop', 'fixed']);
export type SweepMode = z.infer<typeof sweepMode>;

const outcome = {
  rounds: count.describe('with a y1, over which the rest is averaged; where 0, metrics are null'),
  context: count.optional().describe('rounds cut off for want of positions, left out of the rest'),
  ...perEditMetric(() => numberOrNull),
  metric: numberOrNull.optional().describe('the sweep’s own metric, where it is none of these'),
  lengthRatio: numberOrNull,
  copyRate: rate.describe('share of exact copies'),
  degenerate: rate.describe('share of outputs that repeat themselves or hit the length limit'),
  right: z.boolean().nullable().describe('whether the final answer is right; null in fixed mode'),
  notes: noteCounts.optional().describe('of its rounds'),
  sentences: z
    .array(sentence)
    .optional()
    .describe('every round in order, those that are left out of the means among them'),
};

/** What became of one problem at one coefficient: means over its rounds. */
export const caseOutcome = z.strictObject(outcome);
export type CaseOutcome = z.infer<typeof caseOutcome>;

/** `tested`, or a control by kind and seed. */
export const directionName = z.union([
  z.literal('tested'),
  z.templateLiteral(['random-', count]),
  z.templateLiteral(['shuffled-', count]),
]);
export type DirectionName = z.infer<typeof directionName>;

export const caseRecord = z.strictObject({
  kind: z.literal('case'),
  direction: directionName,
  coefficient: z.number(),
  problem: z.string(),
  ...outcome,
});
export type CaseRecord = z.infer<typeof caseRecord>;

const tried = { scale: z.number(), slope: z.number(), r2: numberOrNull };
const harmlessScale = z.strictObject({ ...tried, degenerate: fraction });

/** What was seen on validation data, where layers, scale and fit range are fixed. */
export const validationReport = z.strictObject({
  mode: sweepMode.describe('in which scale and fit range were fixed'),
  problems: count,
  scale: z.number().describe('the whole norm added at coefficient 1, in mean residual norms'),
  slope: z.number().describe('of the line over the fit range'),
  r2: numberOrNull,
  points: z.array(
    z.strictObject({ coefficient: z.number(), mean: numberOrNull, degenerate: rate }),
  ),
  windows: z
    .array(z.strictObject({ layers: z.array(count), ...tried }))
    .describe('windows of layers that were tried, in fixed mode; empty where layers were given'),
  scales: z
    .array(harmlessScale)
    .describe(
      'harmless scales of the chosen layers, each with its worst share of degenerate outputs',
    ),
  warnings: z.array(z.string()),
});
export type ValidationReport = z.infer<typeof validationReport>;

/** One ladder of scales on validation problems: kept, so that a resumed sweep does not climb it again. */
export const scalesRecord = z.strictObject({
  kind: z.literal('scales'),
  mode: sweepMode,
  layers: z.array(count).describe('steered'),
  problems: count.describe('validation problems'),
  of: z.array(z.number()).describe('the scales of the ladder, ascending'),
  scales: z.array(harmlessScale).describe('up to the first harmful one, which is left out'),
});
export type ScalesRecord = z.infer<typeof scalesRecord>;

const plan = {
  layers: z.array(count).describe('steered'),
  unitValue: z.array(z.number()).describe('per steered layer, the norm that coefficient 1 adds'),
  fitRange: pair.describe('lowest and highest coefficient of the fit'),
  validation: validationReport,
};

/** What was fixed on validation data, written down before the test run. */
export const planRecord = z.strictObject({ kind: z.literal('plan'), scale: z.number(), ...plan });
export type PlanRecord = z.infer<typeof planRecord>;

export const sweepRecord = z.discriminatedUnion('kind', [scalesRecord, planRecord, caseRecord]);
export type SweepRecord = z.infer<typeof sweepRecord>;

/** A share over problems, sentences averaged within them, problems bootstrapped. */
const shareOver = z.strictObject({
  ...meanOver.shape,
  n: count.describe('problems that have any'),
});

export const sweepPoint = z.strictObject({
  coefficient: z.number(),
  n: count.describe('problems with a value'),
  mean: numberOrNull.describe('of the metric over problems, rounds averaged within them'),
  ci,
  copyRate: rate,
  lengthRatio: numberOrNull,
  degenerate: rate,
  accuracy: rate.describe('share of problems answered right; null in fixed mode'),
  goodCopied: shareOver.optional().describe('of sentences recorded as good, those copied verbatim'),
  badChanged: shareOver.optional().describe('of sentences recorded as bad, those rewritten'),
});
export type SweepPoint = z.infer<typeof sweepPoint>;

const line = {
  slope: z.number(),
  intercept: z.number(),
  r2: numberOrNull,
  ci: ci.describe('the slope’s, over problems'),
};
const sweepFit = z.strictObject(line);
/** A line through the means. */
export type SweepFit = z.infer<typeof sweepFit>;

const shape = {
  quadraticR2: numberOrNull.describe('R² of a parabola through the same points'),
  rankCorrelation: numberOrNull.describe('Spearman’s, of mean against coefficient'),
};
const shapedFit = z.strictObject({ ...line, ...shape });
/** A fit with what tells whether a line is the right shape. */
export type ShapedFit = z.infer<typeof shapedFit>;

const controlFit = z.strictObject({
  seed: count,
  cosine: z
    .number()
    .min(-1)
    .max(1)
    .describe('with the tested direction, before it was made orthogonal'),
  ...line,
});
/** The same sweep along a direction that should do nothing. */
export type ControlFit = z.infer<typeof controlFit>;

const controlComparison = z.strictObject({
  problems: count,
  coefficients: z.array(z.number()),
  tested: sweepFit.describe(
    'the tested direction’s line on the controls’ problems and coefficients',
  ),
  median: numberOrNull.describe('of the random directions’ |slope|'),
  max: numberOrNull,
  ratio: numberOrNull.describe(
    '|tested slope| ÷ max; null where the random ones do nothing at all',
  ),
  exceedsAll: z.boolean().nullable(),
});
/** The tested direction against the random ones, on the controls' problems and coefficients. */
export type ControlComparison = z.infer<typeof controlComparison>;

export const sweepSummary = z.strictObject({
  model: z.string(),
  mode: sweepMode,
  positions: positionRule.describe('which were steered'),
  method: z.string().describe('how the direction was found'),
  metric: z.string().describe('what `mean` is: one of a record’s, or the name of one’s own'),
  unit: z.string().describe('what coefficient 1 means, in words'),
  ...plan,
  seed: z.number(),
  baseline: numberOrNull.describe('mean of the metric at coefficient 0'),
  points: z.array(sweepPoint),
  fit: sweepFit.describe('over the fit range, as are rankCorrelation and quadraticR2'),
  ...shape,
  wholeGrid: shapedFit,
  paperGrid: z
    .array(sweepPoint)
    .describe('−1 … 0.5 in steps of 0.25; empty where the grid lacks it'),
  controls: z.strictObject({ random: z.array(controlFit), shuffled: z.array(controlFit) }),
  comparison: controlComparison.optional(),
  degenerateRule: z.string(),
  notes: noteCounts.optional().describe('of all rounds along the tested direction'),
  warnings: z.array(z.string()).describe('what must be known before it is believed'),
});
/** `sweep.json` */
export type SweepSummary = z.infer<typeof sweepSummary>;
