/** The shapes of a logit lens: the records, and the summary. */
import { z } from 'zod';
import { ci, count, fraction, label, meanOver, numberOrNull } from '../../shape/pieces.js';
import { caseRecord } from '../causal/shape.js';
import { noteCounts } from '../shared/revisions.js';

/** What the unsteered corrector does with a sentence; `test` data only. */
export const lensCase = caseRecord.extend({ split: z.literal('test') });
export type LensCase = z.infer<typeof lensCase>;

/** What the last norm and the head make of one layer's hidden state at the boundary token. */
export const lensLayer = z.strictObject({
  settled: z.boolean().describe('the lens’ top token is the model’s own first token'),
  probability: fraction.describe('of the model’s own first token'),
  rank: count.describe('of the model’s own first token; 0 is the top'),
  logOdds: numberOrNull.describe(
    'logit of the model’s own first token minus the largest among the first tokens of the other class; null where that class has none',
  ),
});
export type LensLayer = z.infer<typeof lensLayer>;

/** One sentence through the lens. */
export const lensReading = z.strictObject({
  kind: z.literal('lens'),
  problem: z.string(),
  label,
  layers: z.array(lensLayer).describe('[L]'),
});
export type LensReading = z.infer<typeof lensReading>;

export const lensRecord = z.discriminatedUnion('kind', [lensCase, lensReading]);
export type LensRecord = z.infer<typeof lensRecord>;

/** One class at one layer; means and shares over cases, each of its own problem. */
export const lensPoint = z.strictObject({
  settled: meanOver,
  probability: meanOver,
  logOdds: meanOver,
  medianRank: numberOrNull,
});
export type LensPoint = z.infer<typeof lensPoint>;

/** From which layer on the first token stays settled. */
export const settling = z.strictObject({
  n: count.describe('cases of the class'),
  median: numberOrNull,
  medianCi: ci,
  mean: numberOrNull,
  meanCi: ci,
  counts: z.array(count).describe('[L]: cases that settle at that layer'),
});
export type Settling = z.infer<typeof settling>;

export const lensSummary = z.strictObject({
  model: z.string(),
  seed: z.number(),
  layers: count,
  perLayer: z.array(z.strictObject({ layer: count, correct: lensPoint, copy: lensPoint })),
  settling: z.strictObject({ correct: settling, copy: settling }),
  data: z
    .strictObject({
      copy: count,
      correct: count,
      lateCorrections: count,
      notes: noteCounts.optional(),
    })
    .describe('cases; corrections that begin as y1 does are left out of everything else'),
  warnings: z.array(z.string()),
});
/** `lens.json` */
export type LensSummary = z.infer<typeof lensSummary>;
