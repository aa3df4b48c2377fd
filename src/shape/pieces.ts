/**
 * Pieces that the shapes of records and summaries are made of. A shape is described once, in zod: its
 * type, the check on reading and the published JSON Schema all come from it. Unknown keys are faults.
 *
 * Rates are fractions 0–1, times are milliseconds, layers count from 0, intervals are 95 %.
 */
import { z } from 'zod';

/** A whole number from 0. */
export const count = z.int().min(0);

/** A fraction 0–1. */
export const fraction = z.number().min(0).max(1);

/** A fraction 0–1, null where undefined. */
export const rate = fraction.nullable();

export const numberOrNull = z.number().nullable();

/** `[low, high]`, low ≤ high; the published schema cannot say so. */
export const pair = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low <= high, 'expected low ≤ high');

/** `[low, high]`, 95 %, null where undefined. */
export const ci = pair.nullable();

/** How positions are chosen that are steered. */
export const positionRule = z.enum(['all', 'prompt', 'generated']);

/** What the unsteered corrector does with a sentence. */
export const label = z.enum(['correct', 'copy']);

/** A rate over `n`, with Wilson's interval. */
export const countedRate = z.strictObject({ rate, n: count, ci });

/** A mean over units, with its interval. */
export const meanOver = z.strictObject({ mean: numberOrNull, ci });

/** A measured effect with its interval and p-value, both by bootstrap over `n` units. */
export const effect = z.strictObject({
  n: count,
  estimate: numberOrNull,
  ci,
  p: fraction.nullable(),
});

/** Of a summary; absent where there are none. */
export const warnings = z
  .array(z.string())
  .optional()
  .describe('what must be known before it is believed');
