/** The problems of a sweep, with their recorded rounds. */
import type { AnnotatedQuadruple } from '../../data/types.js';

/** One problem: the unit of analysis. */
export interface SweepProblem {
  id: string;
  question: string;
  /** Recorded rounds, for `fixed` mode; those with an empty y1 are passed over. */
  inputs: readonly { prefix: string; last: string }[];
}

/**
 * Problems in the order of their first quadruple; those without any recorded sentence are left out,
 * so that both modes have the same ones.
 * @param limit most problems; default: all
 */
export function sweepProblems(
  quadruples: readonly AnnotatedQuadruple[],
  limit = Infinity,
): SweepProblem[] {
  const byProblem = new Map<string, AnnotatedQuadruple[]>();
  for (const quadruple of quadruples) {
    if (quadruple.last === '') continue;
    const known = byProblem.get(quadruple.problem);
    if (known) known.push(quadruple);
    else byProblem.set(quadruple.problem, [quadruple]);
  }
  const problems = [...byProblem].map(([id, rounds]) => ({
    id,
    question: rounds[0]?.question ?? '',
    inputs: rounds.map(({ prefix, last }) => ({ prefix, last })),
  }));
  return problems.slice(0, limit);
}
