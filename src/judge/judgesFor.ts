/** Who judges the answers to a set of questions, where nobody is named. */
import type { QuestionSet } from '../data/types.js';
import { answerEquivalence } from './equivalence.js';
import type { Scorer } from './scorer.js';
import type { SentenceJudge } from './sentences.js';
import { exactSentences, exactSolver } from './solver.js';

/** What judges answers, and sentences where there is a judge of them. */
export interface Judges {
  /** The first whose values are true and false says what is right. */
  scorers: readonly Scorer[];
  /** Judges the revisions of loops. Default: they are not judged. */
  sentences?: SentenceJudge;
}

/** The exact solver for generated problems; else the final answer alone, and no judge of sentences. */
export function judgesFor({ name }: Pick<QuestionSet, 'name'>): Judges {
  if (!name.startsWith('generated:')) return { scorers: [answerEquivalence()] };
  return { scorers: [exactSolver()], sentences: exactSentences() };
}
