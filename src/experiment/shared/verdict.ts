/** What records say of an answer. */
import { z } from 'zod';
import { count } from '../../shape/pieces.js';

/** Why an answer is over; a whole answer ends with `end-of-answer` or `max-length`. */
export const stopReason = z.enum([
  ...['empty-correction', 'empty-after-cleaning', 'end-of-answer'],
  ...['max-length', 'max-rounds', 'upstream-silent', 'context'],
] as const);

/** Of an answer that a model had no positions left for: its last prompt, and the model's length. */
export const contextEnd = z.strictObject({ tokens: count, positions: count }).optional();

/** By the primary scorer; null where it cannot say. */
export const right = z.boolean().nullable();
