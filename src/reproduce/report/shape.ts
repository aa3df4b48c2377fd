/** The shape of `report.json`: what was run, and the verdict on every finding. */
import { z } from 'zod';
import { isInnerPath, namingFault } from '../../disk/names.js';
import { effect, numberOrNull, fraction } from '../../shape/pieces.js';
import { findingUnits, verdicts } from '../findings.js';
import { sections } from '../paper/finding.js';
import { extents, partKinds } from '../plan.js';

const textOrNull = z.string().nullable();

const finding = z.strictObject({
  id: z.string(),
  section: z.enum(sections),
  about: z.string(),
  source: z.string().describe('of the paper, e.g. `Figure 3`; or `text`'),
  claim: z.string(),
  measure: z.string(),
  unit: z.enum(findingUnits),
  threshold: z.number(),
  ...effect.shape,
  adjustedP: fraction.nullable().describe('Holm’s, over all findings of the report'),
  verdict: z.enum(verdicts),
  note: textOrNull,
  records: z
    .array(z.string().refine(isInnerPath, { error: 'expected a path in the run folder' }))
    .describe('paths in the run folder'),
});

const part = z.strictObject({
  name: z
    .string()
    .refine((name) => namingFault(name) === null, { error: 'expected a folder’s name' }),
  kind: z.enum(partKinds),
  model: textOrNull,
  role: z.enum(['corrector', 'aligner']).nullable(),
  state: z.enum(['done', 'kept', 'failed', 'left out']),
  milliseconds: numberOrNull.describe('of the run that ended it'),
  error: textOrNull,
});
/** One part, as the report lists it. */
export type ReportPart = z.infer<typeof part>;

const size = z.strictObject({
  corrector: z.string(),
  aligner: z.string().optional(),
  expert: z.string().optional(),
  antiExpert: z.string().optional(),
});

export const reportSummary = z.strictObject({
  models: z.strictObject({
    upstream: z.string(),
    sizes: z.array(size).readonly(),
    tuned: z.strictObject({ sft: z.string().optional(), dpo: z.string().optional() }),
  }),
  judges: z
    .array(z.strictObject({ name: z.string(), criterion: z.string() }))
    .optional()
    .describe('who compared answers with the upstream’s own; absent where nobody did'),
  extent: z.enum(extents),
  data: z.string().describe('what was answered and read, in words'),
  seed: z.number(),
  level: z.number().describe('of a finding after Holm’s correction'),
  findings: z.array(finding),
  parts: z.array(part),
  notes: z.array(z.string()).describe('what must be known before it is believed'),
});
/** `report.json` */
export type ReportSummary = z.infer<typeof reportSummary>;
