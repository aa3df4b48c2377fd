/** One recorded sentence of one problem: the unit of analysis of a causal test and of a lens. */
import { hasSentence } from '../../text/copied.js';
import type { SweepProblem } from '../sweep/problems.js';

export interface CausalProblem {
  id: string;
  question: string;
  prefix: string;
  last: string;
}

/** One recorded sentence per problem: its first, second, … in turn, so that all places occur. */
export function causalProblems(problems: readonly SweepProblem[]): CausalProblem[] {
  return problems.flatMap(({ id, question, inputs }, i) => {
    const usable = inputs.filter(({ last }) => hasSentence(last));
    const input = usable[i % usable.length];
    return input ? [{ id, question, prefix: input.prefix, last: input.last }] : [];
  });
}
