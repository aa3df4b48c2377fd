/** Which stimuli end in a sentence that is right, where the exact solver knows the problem. */
import { knownProblem } from '../../data/problems.js';
import { annotate } from '../../data/solver.js';
import { isGiven, type Stimulus } from '../../read/stimuli.js';

/** Ids of those whose y2, or copied y1, the solver calls good in its place; given labels have none. */
export function rightAfterwards(stimuli: readonly Stimulus[]): ReadonlySet<string> {
  return new Set(stimuli.flatMap((stimulus) => (isRightAfterwards(stimulus) ? [stimulus.id] : [])));
}

function isRightAfterwards(stimulus: Stimulus): boolean {
  if (isGiven(stimulus) || stimulus.output === '') return false;
  const { problem: id, question, prefix, output } = stimulus;
  const problem = knownProblem({ id, question });
  return problem !== null && annotate({ problem, prefix, last: output }).quality === 'good';
}
