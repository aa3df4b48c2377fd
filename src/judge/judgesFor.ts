/** Who judges the answers to a set of questions, where nobody is named. */
import { knownProblem } from '../data/problems.js';
import type { Annotation, Question, QuestionSet } from '../data/types.js';
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

/**
 * Who says whether answers to these questions are right: the exact solver where it knows them all,
 * else the final answers, and null for a question whose answer nobody has said.
 */
export function scorerFor(questions: readonly Question[]): Scorer {
  const known = questions.map(knownProblem);
  if (known.every((problem) => problem !== null)) return exactSolver();
  return answerEquivalence({ questions: questions.map((question, i) => known[i] ?? question) });
}

/** The exact solver of generated problems; it cannot say of any other question. */
export function solverWhereKnown(): Scorer {
  const solver = exactSolver();
  return {
    ...solver,
    async score(items, options) {
      const { known, spread } = splitKnown(items);
      return spread(await solver.score(known, options), null);
    },
  };
}

/** The exact solver's word on sentences of generated problems; all others are `unjudged`. */
export function sentencesWhereKnown(): SentenceJudge {
  const solver = exactSentences();
  return {
    ...solver,
    async annotate(places, options) {
      const { known, spread } = splitKnown(places);
      return spread(await solver.annotate(known, options), unjudged);
    },
  };
}

/** The items about generated problems, and how what is said of them is put in its places again. */
function splitKnown<T extends { question: Question }>(
  items: readonly T[],
): { known: T[]; spread: <R>(said: readonly R[], otherwise: R) => R[] } {
  const isKnown = items.map(({ question }) => knownProblem(question) !== null);
  return {
    known: items.filter((_, i) => isKnown[i]),
    spread: (said, otherwise) => {
      const left = said.values();
      return isKnown.map((is) => (is ? (left.next().value ?? otherwise) : otherwise));
    },
  };
}

const unjudged: Annotation = { quality: 'unjudged', fault: null, correction: '' };
