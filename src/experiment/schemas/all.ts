/** The JSON Schema of every summary, by kind. */
import type { SummaryKind } from '../summaries.js';
import { causalSchema } from './causal.js';
import { compareSchema } from './compare.js';
import { correctorSchema } from './corrector.js';
import { evaluateSchema } from './evaluate.js';
import { healthSchema } from './health.js';
import { lensSchema } from './lens.js';
import type { JsonSchema } from './parts.js';
import { roundsSchema } from './rounds.js';
import { scanSchema } from './scan.js';
import { sweepSchema } from './sweep.js';

export const summarySchemas: Record<SummaryKind, JsonSchema> = {
  scan: scanSchema,
  sweep: sweepSchema,
  causal: causalSchema,
  lens: lensSchema,
  evaluate: evaluateSchema,
  corrector: correctorSchema,
  health: healthSchema,
  rounds: roundsSchema,
  compare: compareSchema,
};
