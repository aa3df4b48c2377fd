/** Data sets of questions with known final answers, e.g. GSM8K, judged by the final answer alone. */
import { extractAnswer, sameAnswer } from '../text/answers.js';
import { readJsonl } from './jsonl.js';

export interface Question {
  /** `question-<n>`, counted from 1. */
  id: string;
  question: string;
  /** The final answer, out of its solution. */
  answer: string;
}

/**
 * Questions of a JSON Lines file with the keys `question` and `answer`. The answer is a solution that
 * ends in its final answer (`#### 42`, `\boxed{42}`, `The answer is 42.`), or the final answer itself.
 * @throws on a line that lacks a key, an empty one, and a file without any line.
 */
export function readQuestions(file: string): Question[] {
  const rows = readJsonl<Omit<Question, 'id'>>(file, { question: 'string', answer: 'string' });
  if (rows.length === 0) throw new Error(`${file}: no questions (expected at least 1 line)`);
  return rows.map(({ question, answer }, i) => {
    const final = extractAnswer(answer) ?? answer.trim();
    if (question.trim() === '' || final === '') {
      throw new Error(`${file}: question ${i + 1} has an empty question or answer; remove it`);
    }
    return { id: `question-${i + 1}`, question: question.trim(), answer: final };
  });
}

/** Whether a text's final answer is the question's. */
export function answersQuestion({ answer }: Pick<Question, 'answer'>, text: string): boolean {
  return sameAnswer(extractAnswer(text), answer);
}
