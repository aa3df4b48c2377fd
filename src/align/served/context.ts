/** A request that was too long for the model behind a server, as several makers of servers say it. */
import type { ContextEnd } from '../../runtime/contextLimit.js';
import { ServerError } from '../../wire/errors.js';

const codes = /context_length|exceed_context/i;
const words = /context (length|size|window)|maximum.*tokens|too (long|many tokens)/i;

/** Null where an error is another. Numbers that the server does not give are 0. */
export function contextIn(error: unknown): ContextEnd | null {
  if (!(error instanceof ServerError) || (error.status !== 400 && error.status !== 413))
    return null;
  if (!codes.test(error.code ?? '') && !words.test(error.message)) return null;
  const numbers = (error.message.match(/\d{2,}/g) ?? [])
    .map(Number)
    .filter((n) => n !== error.status);
  // Whatever the order, the prompt is longer than the model.
  return {
    tokens: Math.max(0, ...numbers),
    positions: Math.min(...(numbers.length ? numbers : [0])),
  };
}
