/** The JSON Schema of every summary, by kind. */
import type { SummaryKind } from '../summaries.js';
import { jsonSchema } from '../../shape/check.js';
import { compareSummary } from '../answers/compareShape.js';
import { correctorSummary, evaluateSummary } from '../answers/evaluateShape.js';
import { roundsSummary } from '../rounds/shape.js';
import { causalSchema } from './causal.js';
import { healthSchema } from './health.js';
import { lensSchema } from './lens.js';
import { scanSchema } from './scan.js';
import { sweepSchema } from './sweep.js';

export const summarySchemas: Record<SummaryKind, object> = {
  scan: scanSchema,
  sweep: sweepSchema,
  causal: causalSchema,
  lens: lensSchema,
  evaluate: jsonSchema(
    evaluateSummary,
    'evaluate.json',
    'How many problems each system answers right, what it fixes and breaks, and how fast it is.',
  ),
  corrector: jsonSchema(
    correctorSummary,
    'corrector.json',
    'Sentence-level rates of a corrector on recorded quadruples.',
  ),
  health: healthSchema,
  rounds: jsonSchema(
    roundsSummary,
    'rounds.json',
    'Answers by number of correction rounds: how many are right, how right, and how long they are.',
  ),
  compare: jsonSchema(
    compareSummary,
    'compare.json',
    'Systems over the same problems: accuracy, times, and the loop against each of the others.',
  ),
};
