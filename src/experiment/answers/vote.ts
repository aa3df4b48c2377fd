/**
 * The vote on a final answer (self-consistency, Wang et al. 2023): of several sampled solutions, one
 * whose final answer most of them share. It needs no label.
 */
import { sameAnswer } from '../../text/answers.js';

/**
 * Index of the chosen sample: the first of those whose final answer has most votes, and of answers
 * with equally many, the one that occurs first. A null has no vote; where all are, the first is
 * chosen.
 * @throws without any sample.
 */
export function vote(finals: readonly (string | null)[]): number {
  if (finals.length === 0) throw new Error('vote: no samples (expected at least 1)');
  const agree = (a: string | null, b: string | null): boolean =>
    a !== null && (a === b || sameAnswer(a, b));
  const votes = finals.map((own) => finals.filter((other) => agree(own, other)).length);
  return votes.indexOf(Math.max(...votes));
}
