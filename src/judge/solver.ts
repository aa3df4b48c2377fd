/** The exact solver of generated problems as a scorer of answers and as a judge of sentences. */
import { problemById } from '../data/problems.js';
import { annotate, isRight } from '../data/solver.js';
import type { Problem } from '../data/types.js';
import { yesNo, type Scorer } from './scorer.js';
import type { SentenceJudge } from './sentences.js';

const name = 'exact-solver';
const identity = `${name}:1`;

/**
 * Whether the number that an answer says at its end is the problem's.
 * @throws (its `score`) where a question's id is not that of a generated problem.
 */
export function exactSolver(): Scorer {
  const problemOf = remembered();
  return {
    ...{ name, identity, unit: yesNo, better: 'higher' },
    score: (items) =>
      Promise.resolve().then(() =>
        items.map(({ question, answer }) => isRight(problemOf(question.id), answer)),
      ),
  };
}

/** The solver's word on sentences. @throws (its `annotate`) as {@link exactSolver}. */
export function exactSentences(): SentenceJudge {
  const problemOf = remembered();
  return {
    ...{ name, identity },
    annotate: (places) =>
      Promise.resolve().then(() =>
        places.map(({ question, prefix, last }) =>
          annotate({ problem: problemOf(question.id), prefix, last }),
        ),
      ),
  };
}

/** Problems by id; everything in one follows from its id, and making it again takes time. */
function remembered(): (id: string) => Problem {
  const known = new Map<string, Problem>();
  return (id) => {
    const problem = known.get(id) ?? problemById(id);
    known.set(id, problem);
    return problem;
  };
}
