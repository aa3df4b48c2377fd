/** What records say of an answer. */
import { z } from 'zod';

/** Why an answer is over; a whole answer ends with `end-of-answer` or `max-length`. */
export const stopReason = z.enum(['empty-correction', 'end-of-answer', 'max-length', 'max-rounds']);

/** By the primary scorer; null where it cannot say. */
export const right = z.boolean().nullable();
