/** `calibration.json`: what is saved beside a direction so that an edit ratio can be asked for. */
import { z } from 'zod';
import { ci, count, numberOrNull, pair, positionRule, rate } from '../../shape/pieces.js';

/** Its name, beside the direction's. */
export const calibrationFileName = 'calibration.json';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
const who = z.strictObject({ name: z.string(), sha256 });
const prompts = z.strictObject({ name: z.string(), n: count.describe('prompts with a value') });

export const calibrationPoint = z.strictObject({
  coefficient: z.number(),
  n: count.describe('answers with a value'),
  mean: z.number().describe('of the metric over answers, rounds averaged within them'),
  sd: z.number().min(0).describe('of the metric over answers'),
  fitted: z
    .number()
    .describe('the mean by isotonic regression: it does not fall with the coefficient'),
  copyRate: rate.describe('share of exact copies'),
});
export type CalibrationPoint = z.infer<typeof calibrationPoint>;

export const heldOutRow = z.strictObject({
  asked: z.number(),
  coefficient: numberOrNull.describe('the one that the curve gives; null: out of reach'),
  interval: ci.describe('95 %, in which the mean over `n` answers is expected'),
  achieved: numberOrNull,
  achievedCi: ci.describe('of the mean, over answers'),
  n: count.describe('answers with a value'),
  within: z.boolean().nullable().describe('whether `achieved` lies in `interval`'),
});
export type HeldOutRow = z.infer<typeof heldOutRow>;

/** What can be read backwards. */
function isCurve(points: readonly CalibrationPoint[]): boolean {
  return points.slice(1).every(({ coefficient, fitted }, i) => {
    const before = points[i];
    return before && coefficient > before.coefficient && fitted >= before.fitted;
  });
}

export const calibrationShape = z.strictObject({
  format: z.literal('aligner-lab.calibration.v1'),
  model: who.describe('the corrector'),
  upstream: who,
  direction: z.strictObject({ sha256: sha256.describe('of the steered layers’ vectors') }),
  layers: z.array(count).min(1).describe('steered'),
  unitValue: z.array(z.number()).describe('per steered layer, the norm that coefficient 1 adds'),
  positions: positionRule.describe('which were steered'),
  metric: z.literal('editRatio').describe('what was measured between y1 and y2'),
  prompts,
  points: z
    .array(calibrationPoint)
    .min(2)
    .refine(isCurve, 'expected coefficients that rise and fitted means that do not fall')
    .describe('by ascending coefficient'),
  reach: pair.describe('lowest and highest fitted mean: what can be asked for'),
  heldOut: z
    .strictObject({ prompts, rows: z.array(heldOutRow) })
    .nullable()
    .describe('the curve tried on prompts that it was not made of'),
  warnings: z.array(z.string()).describe('what must be known before it is believed'),
});
/** `calibration.json` */
export type Calibration = z.infer<typeof calibrationShape>;
