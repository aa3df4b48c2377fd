/** Data sets of questions, e.g. GSM8K. */
import { extractAnswer } from '../text/answers.js';
import { readPlaced } from './jsonl.js';
import type { Question } from './types.js';

/** A question whose final answer is known. */
export type AnsweredQuestion = Question & { answer: string };

interface Row {
  id?: unknown;
  question: string;
  answer?: string | null;
  group?: string | null;
}

/**
 * Questions of a JSON Lines file with the keys `question` and `answer`, and `id` and `group` where it
 * has them; other ids are `question-<n>`, counted from 1. The answer is a solution that ends in its
 * final answer (`#### 42`, `\boxed{42}`, `The answer is 42.`), or the final answer itself.
 * @param options.answers `optional`: for scorers that do without. Default `needed`.
 * @throws on a line that lacks a key, an empty one, an id of two questions, and a file without any
 *   line.
 */
export function readQuestions(file: string, options?: { answers?: 'needed' }): AnsweredQuestion[];
export function readQuestions(
  file: string,
  options: { answers?: 'needed' | 'optional' },
): Question[];
export function readQuestions(
  file: string,
  options: { answers?: 'needed' | 'optional' } = {},
): Question[] {
  const answer = options.answers === 'optional' ? 'string?' : 'string';
  const rows = readPlaced<Row>(file, { question: 'string', answer, group: 'string?' });
  if (rows.length === 0) throw new Error(`${file}: no questions (expected at least 1 line)`);
  const places = new Map<string, string>();
  return rows.map(({ row, place }, i) => {
    const id = idOf(row, place) ?? `question-${i + 1}`;
    const before = places.get(id);
    if (before !== undefined) {
      throw new Error(`${before} and ${place} have one id, "${id}"; give one of them another`);
    }
    places.set(id, place);
    return { id, ...contentOf(row, `${place}: question ${i + 1}`) };
  });
}

/** The row's own id, if any. @throws where it is no text with something in it and no number. */
function idOf({ id }: Row, place: string): string | null {
  if (id === undefined || id === null) return null;
  const text = typeof id === 'number' ? String(id) : id;
  if (typeof text === 'string' && text.trim() !== '') return text.trim();
  throw new Error(
    `${place}: "id" must be a text or a number (got ${JSON.stringify(id)}); mend it or leave it out`,
  );
}

function contentOf(row: Row, where: string): Omit<Question, 'id'> {
  const question = row.question.trim();
  const final = typeof row.answer === 'string' ? finalOf(row.answer) : undefined;
  if (question === '' || final === '') {
    throw new Error(`${where} has an empty question or answer; remove it`);
  }
  return {
    question,
    ...(final !== undefined && { answer: final }),
    ...(typeof row.group === 'string' && { group: row.group }),
  };
}

function finalOf(answer: string): string {
  return extractAnswer(answer) ?? answer.trim();
}
