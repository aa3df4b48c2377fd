/** The shapes of a causal test: the records, and the summary. */
import { z } from 'zod';
import {
  ci,
  count,
  fraction,
  label,
  numberOrNull,
  positionRule,
  rate,
} from '../../shape/pieces.js';
import { correctionText, noteCounts, revision } from '../shared/revisions.js';

/** Rules are applied on `validation` and tested on `test`. */
export const causalSplit = z.enum(['validation', 'test']);
export type CausalSplit = z.infer<typeof causalSplit>;

/** What the unsteered corrector does with a sentence. */
export const caseRecord = z.strictObject({
  kind: z.literal('case'),
  split: causalSplit,
  problem: z.string(),
  label,
  first: count.describe('the greedy first token of y2, as an id'),
  beginsLast: z
    .boolean()
    .describe(
      'whether that token begins y1: a copy’s does; of a correction that it does not is usual',
    ),
  promptLength: count.describe('in tokens'),
  last: z.string().optional().describe('y1'),
  correction: correctionText.correction,
  notes: revision.shape.notes,
  finish: z
    .literal('context')
    .optional()
    .describe('y2 was cut off for want of positions: the case is neither, and is left out'),
});
export type CaseRecord = z.infer<typeof caseRecord>;

/** One output under one edit. */
export const editOutcome = z.strictObject({
  editRatio: numberOrNull,
  metric: numberOrNull.optional().describe('what is compared, where it is not the edit ratio'),
  copied: z.boolean(),
  degenerate: z.boolean(),
  ...correctionText,
});
export type EditOutcome = z.infer<typeof editOutcome>;

/** One sentence, unsteered and under every edit of one layer at a time, in one batch. */
export const editRecord = z.strictObject({
  kind: z.literal('edit'),
  split: causalSplit,
  problem: z.string(),
  unsteered: editOutcome,
  steered: z
    .array(z.array(editOutcome))
    .describe('[layer][coefficient], 0 left out, in the order of the options'),
  ablated: z.array(editOutcome).describe('[layer]: the direction removed at that layer'),
});
export type EditRecord = z.infer<typeof editRecord>;

/** One sentence steered along directions that should do nothing, one layer at a time. */
export const controlRecord = z.strictObject({
  kind: z.literal('control'),
  split: z.literal('test'),
  problem: z.string(),
  outcomes: z
    .array(z.array(z.array(editOutcome)))
    .describe('[direction][layer][coefficient], 0 left out'),
});
export type ControlRecord = z.infer<typeof controlRecord>;

/**
 * Whose hidden state goes where. The first two exchange the classes' states, both ways. The others
 * are controls: a donor of the recipient's own class, and a correcting donor drawn at random,
 * whatever its length.
 */
export const patchSetting = z.enum([
  'correctIntoCopy',
  'copyIntoCorrect',
  'copyIntoCopy',
  'random',
]);
export type PatchSetting = z.infer<typeof patchSetting>;

/** What one patch does to the recipient's first token. */
export const patchOutcome = z.strictObject({
  effect: z
    .number()
    .describe(
      'change of the logit difference (donor’s first token − recipient’s own) as a share of the way from the recipient’s to the donor’s: 0 = as unpatched, 1 = as the donor',
    ),
  switched: z
    .boolean()
    .describe('a copy no longer begins with y1, or a correction now begins with its own y1'),
  taken: z.boolean().describe('the greedy first token is the donor’s'),
});
export type PatchOutcome = z.infer<typeof patchOutcome>;

/** One pair of runs, patched at one layer and column at a time. */
export const patchRecord = z.strictObject({
  kind: z.literal('patch'),
  split: causalSplit,
  setting: patchSetting,
  recipient: z.string(),
  donor: z.string(),
  equalLength: z.boolean(),
  outcomes: z
    .array(z.array(patchOutcome.nullable()))
    .describe('[layer][column]; null where the prompts do not reach that far'),
});
export type PatchRecord = z.infer<typeof patchRecord>;

export const causalRecord = z.discriminatedUnion('kind', [
  caseRecord,
  editRecord,
  controlRecord,
  patchRecord,
]);
export type CausalRecord = z.infer<typeof causalRecord>;

const cells = z.array(z.array(numberOrNull));
const cellIntervals = z.array(z.array(ci));

/** What steering one layer at a time does; the effect map draws it. */
export const steeringEffects = z.strictObject({
  metric: z.string(),
  baseline: z.number().describe('the metric, unsteered'),
  unit: z.string(),
  unitValue: z.array(z.number()).describe('per layer, the norm that coefficient 1 adds'),
  layers: z.array(count),
  coefficients: z.array(z.number()).describe('0 among them'),
  effect: cells.describe('[layer][coefficient], metric − unsteered'),
  ci: cellIntervals.describe('over problems'),
  degenerate: z.array(z.array(rate)).describe('[layer][coefficient], share of the outputs'),
  n: count,
});
export type SteeringEffects = z.infer<typeof steeringEffects>;

/** Slopes of the metric against the coefficient, all on the same problems and coefficients. */
export const layerControl = z.strictObject({
  layer: count,
  tested: numberOrNull,
  ci: ci.describe('over problems'),
  random: z.array(z.number()).describe('one per random direction'),
  median: numberOrNull.describe('of the random ones’ |slope|'),
  max: numberOrNull,
  exceeded: count.describe('random directions whose |slope| is below the tested one’s'),
});
export type LayerControl = z.infer<typeof layerControl>;

/** The tested direction's slopes beside those of random ones, one layer at a time. */
export const layerControls = z.strictObject({
  n: count.describe('problems: the first of those that are steered'),
  coefficients: z.array(z.number()).describe('without 0; the lines go through it'),
  perLayer: z.array(layerControl),
});
export type LayerControls = z.infer<typeof layerControls>;

const share = z.strictObject({ rate, n: count, ci });
/** A share of `n`, Wilson's interval. */
export type Share = z.infer<typeof share>;

/** What removing the direction at one layer does. */
export const layerAblation = z.strictObject({
  layer: count,
  change: numberOrNull.describe('of the metric, against the unsteered model'),
  ci,
  stillCopied: share.describe('of the sentences that the unsteered model copies'),
  stillCorrected: share.describe('of those it corrects'),
});
export type LayerAblation = z.infer<typeof layerAblation>;

/** The patches of one setting, `[layer][column]`. */
export const patchMap = z.strictObject({
  setting: patchSetting,
  n: count.describe('pairs; a problem is in one of them at most'),
  equalLength: fraction.describe('share of the pairs whose prompts have the same number of tokens'),
  columns: z
    .array(z.string())
    .describe(
      '`earlier` (all positions before the others, at once), or the position counted from the last token, 0',
    ),
  effect: cells,
  ci: cellIntervals.describe('over pairs'),
  switched: cells,
  taken: cells,
});
export type PatchMap = z.infer<typeof patchMap>;

export const layerRole = z.enum(['prepares', 'decides', 'carriesOut']);
export type LayerRole = z.infer<typeof layerRole>;

/** A layer's part, by the rule on validation pairs, then on test pairs. */
export const layerPart = z.strictObject({
  layer: count,
  role: layerRole,
  testRole: layerRole.describe('by the same rule on test pairs'),
  confirmed: z
    .boolean()
    .describe('the same on test pairs; for `decides`, with an interval of the gain above 0'),
  validationGain: z
    .number()
    .describe('what the layer holds minus what the one before it holds, on validation pairs'),
  gain: z.number().describe('on test pairs'),
  gainCi: ci,
});
export type LayerPart = z.infer<typeof layerPart>;

export const measure = z.enum(['steering', 'ablation', 'patching']);
export type Measure = z.infer<typeof measure>;

/** One measure of a layer's effect, beside the scan's held-out accuracy. */
export const evidence = z.strictObject({
  measure,
  what: z.string().describe('what is measured, in words'),
  n: count.describe('problems, or pairs, of the test data'),
  perLayer: z.array(z.strictObject({ layer: count, mean: numberOrNull, ci })),
  largest: count.describe('the layer of largest |mean| on validation data'),
  lead: numberOrNull.describe(
    'on test data: |mean| at that layer minus the largest |mean| elsewhere',
  ),
  leadCi: ci,
  rankCorrelation: numberOrNull.describe(
    'Spearman’s, over layers: |mean| on test data against held-out accuracy',
  ),
  rankCorrelationCi: ci.describe('over problems, or pairs; the accuracies are held'),
  largestIsBest: z
    .boolean()
    .nullable()
    .describe(
      'whether `largest` is the layer of best held-out accuracy; null where that is unknown',
    ),
});
export type Evidence = z.infer<typeof evidence>;

const cases = z.strictObject({ copy: count, correct: count, lateCorrections: count });

export const causalSummary = z.strictObject({
  model: z.string(),
  method: z.string(),
  positions: positionRule.describe('steered and ablated'),
  seed: z.number(),
  layers: z.array(count),
  steering: steeringEffects,
  controls: layerControls.optional().describe('absent where no random direction was tried'),
  ablation: z.strictObject({ n: count, perLayer: z.array(layerAblation) }),
  patching: z.array(patchMap),
  rule: z.string().describe('of the parts, in words, as it was written before any run'),
  parts: z.array(layerPart),
  scan: z.array(z.strictObject({ layer: count, heldOutAccuracy: rate })),
  heldOutN: count.optional().describe('held-out stimuli that these accuracies are shares of'),
  bestLayer: count
    .nullable()
    .describe('of the layers tested, the one of best held-out accuracy; null where it is unknown'),
  evidence: z.array(evidence),
  data: z
    .strictObject({
      problems: z.strictObject({ validation: count, test: count }),
      cases: z.strictObject({ validation: cases, test: cases }),
      outputs: z
        .strictObject({
          all: count,
          length: count.describe('cut off at the longest output: they count as degenerate'),
          context: count.describe('cut off for want of positions: left out of every effect'),
        })
        .optional()
        .describe('under edits, the unsteered ones among them'),
      notes: noteCounts.optional().describe('of cases'),
      pairing: z.string(),
    })
    .describe('how cases and pairs were made, with counts'),
  warnings: z.array(z.string()),
});
/** `causal.json` */
export type CausalSummary = z.infer<typeof causalSummary>;
