/** JSON Schemas of the summaries whose rooms describe no shape yet. */
import { compareSchema } from './compare.js';
import { correctorSchema } from './corrector.js';
import { evaluateSchema } from './evaluate.js';
import type { JsonSchema } from './parts.js';
import { roundsSchema } from './rounds.js';

export const olderSchemas: Record<'evaluate' | 'corrector' | 'rounds' | 'compare', JsonSchema> = {
  evaluate: evaluateSchema,
  corrector: correctorSchema,
  rounds: roundsSchema,
  compare: compareSchema,
};
