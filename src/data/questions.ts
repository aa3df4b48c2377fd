/** Data sets of questions, e.g. GSM8K, and the questions of the official data sets. */
import { sameAnswer } from '../text/answers.js';
import { knownProblem } from './problems.js';
import { nameOf, type DataSource } from './files/place.js';
import type { QuestionRow } from './formats/row.js';
import { agreedAnswer, readQuestionRows, type ReadDataOptions } from './questionRows.js';
import type { Question } from './types.js';

/** A question whose final answer is known. */
export type AnsweredQuestion = Question & { answer: string };

/**
 * Questions of data in any of the formats of docs/data.md. Of rows `{question, answer}`, with `id` and
 * `group` where they have them; other ids are `question-<n>`, counted from 1. The answer is a solution
 * that ends in its final answer (`#### 42`, `\boxed{42}`, `The answer is 42.`), or the final answer
 * itself.
 *
 * Or rows of the official data sets, each question once: of `{question, answer, correction}` the
 * correction says the right answer; of `{question, prefix, last, correction}` the correction that
 * ends the solution. A question on whose answer the rows do not agree, or say none, has none; those of
 * pairs, of labelled answers and of verdicts have none.
 * @param options.answers `optional`: for scorers that do without. Default `needed`.
 * @throws on a row of another form, an id of two questions, a file without any row; where answers
 *   are needed, on a question `{question, answer}` without one, and where none at all has one.
 */
export async function readQuestions(
  source: DataSource,
  options?: ReadDataOptions & { answers?: 'needed' },
): Promise<AnsweredQuestion[]>;
export async function readQuestions(
  source: DataSource,
  options: ReadDataOptions & { answers?: 'needed' | 'optional' },
): Promise<Question[]>;
export async function readQuestions(
  source: DataSource,
  { answers = 'needed', ...how }: ReadDataOptions & { answers?: 'needed' | 'optional' } = {},
): Promise<Question[]> {
  const rows = await readQuestionRows(source, how);
  const file = nameOf(source);
  if (rows.length === 0) throw new Error(`${file}: no questions (expected at least 1 line)`);
  const byId = new Map<string, QuestionRow[]>();
  rows.forEach((row, i) => {
    if (answers === 'needed') checkAnswered(row);
    const id = row.form === 'question' ? (row.id ?? `question-${i + 1}`) : row.problem;
    const [before] = byId.get(id) ?? [];
    if (before && [before, row].some(({ form }) => form === 'question')) {
      throw new Error(
        `questions: ${before.place} and ${row.place} have one id, "${id}"; give one of them another`,
      );
    }
    byId.set(id, [...(byId.get(id) ?? []), row]);
  });
  const questions = [...byId].map(([id, about]) => toQuestion(id, about));
  if (answers === 'needed' && questions.every(({ answer }) => answer === undefined)) {
    throw new Error(`${file}: no question has a final answer (${expectedAnswers})`);
  }
  return questions;
}

const expectedAnswers =
  'expected texts that end in one, e.g. "The answer is 42.", "#### 42" or "\\boxed{42}"';

/** @throws on a question whose row does not answer it. */
function checkAnswered({ form, place, answer, text }: QuestionRow): void {
  if (form !== 'question' || answer !== undefined) return;
  if (text === undefined) throw new Error(`${place}: "answer" must be a string (got nothing)`);
  throw new Error(`${place}: "answer" says no final answer (${expectedAnswers})`);
}

/** What the rows about one question say of it; of a generated problem, what is known of that. */
function toQuestion(id: string, rows: readonly QuestionRow[]): Question {
  const question = rows[0]?.question.trim() ?? '';
  const known = knownProblem({ id, question });
  const answer = known?.answer ?? agreedAnswer(rows, sameAnswer);
  const group = known?.group ?? rows.find((row) => row.group !== undefined)?.group;
  const turns = rows.find((row) => row.turns)?.turns;
  return { id, question, ...(answer !== undefined && { answer }), ...(group !== undefined && { group }), ...(turns && { turns }) }; // prettier-ignore
}
