/** The shapes of a LAT scan and of a direction's health: the records, and the summaries. */
import { z } from 'zod';
import { ci, count, fraction, label as behaviour, rate, warnings } from '../../shape/pieces.js';

/** How readings are scaled. */
export const standardize = z.enum(['zscore', 'raw', 'cosine']);
export type Standardize = z.infer<typeof standardize>;

/** What the unsteered corrector does with a stimulus; or its label as given. */
const label = z.enum([...behaviour.options, 'positive', 'negative']);

const labels = z
  .strictObject({ positive: z.string(), negative: z.string() })
  .optional()
  .describe('what the labels are called, where they were given');

const told = { heldOutAccuracy: rate, ci, auc: rate };

/** How well a class is told on held-out stimuli, unpaired, threshold from the training stimuli. */
export const heldOut = z.strictObject(told);
export type HeldOut = z.infer<typeof heldOut>;

export const layerAccuracy = z.strictObject({ layer: count, ...told });
export type LayerAccuracy = z.infer<typeof layerAccuracy>;

/** How well the directions of one method tell the classes on held-out stimuli, layer by layer. */
export const methodAccuracy = z.strictObject({
  method: z.string(),
  n: count.describe('held-out stimuli'),
  perLayer: z.array(z.strictObject({ layer: count, heldOutAccuracy: rate, ci })),
});
export type MethodAccuracy = z.infer<typeof methodAccuracy>;

export const scanCase = z.strictObject({
  id: z.string(),
  label,
  tokens: z.array(z.string()).describe('output tokens as text'),
  readings: z.array(z.array(z.number())).describe('[layer][token], in the unit of `standardize`'),
  boundary: z
    .array(z.number())
    .optional()
    .describe(
      '[layer], at the prompt’s last token, where the accuracy is measured; z-scores count from the threshold between the labels',
    ),
  input: z
    .union([
      z.strictObject({ question: z.string(), prefix: z.string(), last: z.string() }),
      z.strictObject({ text: z.string() }),
    ])
    .optional()
    .describe('what the model read; `last` is y1'),
  output: z.string().optional().describe('y2, whole'),
});
export type ScanCase = z.infer<typeof scanCase>;

/** Mean reading per layer over the output tokens of many cases of one class. */
export const activity = z.strictObject({
  label,
  n: count.describe('cases'),
  mean: z.array(z.number()).describe('one per layer'),
  ci: z.array(ci).describe('one per layer, over cases'),
});
export type Activity = z.infer<typeof activity>;

const baselines = z
  .strictObject({ length: z.looseObject(told), embeddings: z.looseObject(told) })
  .describe('what can be told without the residual stream: from y1’s length, and from its tokens');

const scanContents = z.strictObject({
  model: z.string(),
  device: z.string(),
  layers: count,
  shownLayers: z
    .array(count)
    .min(1)
    .optional()
    .describe(
      'those in the figures, ascending, among which the best one was sought; all else is of every layer (default: all)',
    ),
  tokens: count.describe('output tokens asked for'),
  standardize,
  direction: z.looseObject({ method: z.string() }),
  labels,
  perLayer: z.array(layerAccuracy),
  warnings,
  cases: z.array(scanCase),
  caseRule: z.string().optional().describe('how the cases were chosen, in words'),
  timing: z.record(z.string(), z.number()).describe('milliseconds by part'),
  baselines: baselines.optional(),
  health: z
    .looseObject({
      warnings: z.array(z.string()),
      bestLayer: count.optional().describe('of highest held-out accuracy, of those shown'),
      methods: z.array(methodAccuracy).optional().describe('every method on the same stimuli'),
    })
    .optional(),
  activity: z.array(activity).optional().describe('each class over its own output tokens'),
  teacherForced: z
    .array(activity)
    .optional()
    .describe(
      'both classes over identical output tokens, so that token identity cannot pose as a decision',
    ),
});

/** The published schema cannot say that there is one accuracy per layer, nor which layers there are. */
export const scanSummary = scanContents.check(({ value, issues }) => {
  const { layers, perLayer, shownLayers = [] } = value;
  const rising = shownLayers.every((layer, i) => layer > (shownLayers[i - 1] ?? -1));
  if (!rising || shownLayers.some((layer) => layer >= layers)) {
    const message = `expected layers of 0 … ${layers - 1}, ascending`;
    issues.push({ code: 'custom', path: ['shownLayers'], input: shownLayers, message });
  }
  if (perLayer.length === layers) return;
  const message = `expected ${layers}, one per layer`;
  issues.push({ code: 'custom', path: ['perLayer', 'length'], input: perLayer.length, message });
});
/** `scan.json` */
export type ScanSummary = z.infer<typeof scanSummary>;

export const layerHealth = z.strictObject({
  layer: count,
  ...told,
  threshold: z.number().describe('between the classes, in projections'),
  aucCi: ci,
  withinKind: z
    .record(z.string(), z.strictObject({ n: count, accuracy: fraction }))
    .describe('held-out accuracy within each kind of input'),
  explainedVariance: z
    .number()
    .describe('share of the training pairs’ squared differences that lies along the direction'),
  cosines: z
    .record(z.string(), z.number().min(-1.000001).max(1.000001))
    .describe('with each method’s direction from the same training stimuli'),
});
export type LayerHealth = z.infer<typeof layerHealth>;

export const healthSummary = z.strictObject({
  model: z.string(),
  stimuli: count.describe('labelled, both halves'),
  method: z.string(),
  perLayer: z.array(layerHealth),
  bestLayer: count.describe(
    'of highest held-out accuracy (then AUC, then depth): chosen after the fact, for showing',
  ),
  baselines,
  labels,
  methods: z.array(methodAccuracy).describe('every method on the same stimuli'),
  warnings: z.array(z.string()),
});
/** `health.json` */
export type HealthSummary = z.infer<typeof healthSummary>;

const half = z.enum(['train', 'heldOut']);

/** A stimulus with what the corrector did. */
const stimulusRecord = z.looseObject({ kind: z.literal('stimulus'), id: z.string() });

const layerRecord = layerAccuracy.extend({ kind: z.literal('layer') });

/** One stimulus: which readings give its label. */
export const toldRecord = z.strictObject({
  kind: z.literal('told'),
  id: z.string(),
  problem: z.string(),
  half,
  layers: z.array(z.boolean()).describe('[L]'),
  length: z.boolean().describe('by the length of y1 alone'),
  embeddings: z.boolean().describe('by the tokens of y1 alone'),
});
export type ToldRecord = z.infer<typeof toldRecord>;

export const scanRecord = z.discriminatedUnion('kind', [stimulusRecord, layerRecord, toldRecord]);
