/** Data sets of questions with known final answers, e.g. GSM8K. */
import { extractAnswer } from '../text/answers.js';
import { readJsonl } from './jsonl.js';
import type { Question } from './types.js';

/** A question whose final answer is known. */
export type AnsweredQuestion = Question & { answer: string };

interface Row {
  question: string;
  answer: string;
  group?: string | null;
}

/**
 * Questions of a JSON Lines file with the keys `question` and `answer`, and `group` where it has one;
 * ids are `question-<n>`, counted from 1. The answer is a solution that ends in its final answer
 * (`#### 42`, `\boxed{42}`, `The answer is 42.`), or the final answer itself.
 * @throws on a line that lacks a key, an empty one, and a file without any line.
 */
export function readQuestions(file: string): AnsweredQuestion[] {
  const fields = { question: 'string', answer: 'string', group: 'string?' } as const;
  const rows = readJsonl<Row>(file, fields);
  if (rows.length === 0) throw new Error(`${file}: no questions (expected at least 1 line)`);
  return rows.map(({ question, answer, group }, i) => {
    const final = extractAnswer(answer) ?? answer.trim();
    if (question.trim() === '' || final === '') {
      throw new Error(`${file}: question ${i + 1} has an empty question or answer; remove it`);
    }
    const read = { id: `question-${i + 1}`, question: question.trim(), answer: final };
    return typeof group === 'string' ? { ...read, group } : read;
  });
}
