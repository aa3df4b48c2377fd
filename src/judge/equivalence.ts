/** Answers judged by their final answer alone. */
import type { Question } from '../data/types.js';
import { extractAnswer, sameAnswer } from '../text/answers.js';
import { yesNo, type Scorer } from './scorer.js';

/**
 * Whether a text's final answer is the question's, however it is written (as in the MATH benchmark,
 * then as exact numbers). A question without a known answer has no value.
 * @param options.questions where answers are looked up by id, for questions that come without one
 * @throws (its `score`) on a question that has no answer and is not among the given ones.
 */
export function answerEquivalence(options: { questions?: readonly Question[] } = {}): Scorer {
  const { questions } = options;
  const known = questions && new Map(questions.map((question) => [question.id, question]));
  const answerOf = (question: Question): string | undefined => {
    if (question.answer !== undefined || !known) return question.answer;
    const found = known.get(question.id);
    if (!found) throw new Error(`answer-equivalence: no question ${question.id} among the known`);
    return found.answer;
  };
  return {
    ...{ name: 'answer-equivalence', identity: 'answer-equivalence:2' },
    ...{ unit: yesNo, better: 'higher' },
    score: (items) =>
      Promise.resolve().then(() =>
        items.map(({ question, answer }) => {
          const expected = answerOf(question);
          return expected === undefined ? null : sameAnswer(extractAnswer(answer), expected);
        }),
      ),
  };
}
