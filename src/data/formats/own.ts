/**
 * The lab's own rows and those of the official Stream Aligner and Aligner data: quadruples
 * `{question, prefix, last, correction}`, corrected answers `{question, answer, correction}`, and
 * questions `{question, answer}`.
 */
import { z } from 'zod';
import { extractAnswer } from '../../text/answers.js';
import { checkedRow } from '../checkedRow.js';
import { qualities } from '../types.js';
import * as rows from './row.js';
import type { DataFormat, QuestionRow, Row } from './row.js';

const common = {
  question: rows.question,
  id: rows.name,
  problem: rows.name,
  group: rows.optionalText,
};

/** Keys of the official Stream Aligner data; the annotations are ours and optional. */
const quadrupleRow = z.object({
  ...common,
  prefix: z.string(),
  last: z.string(),
  correction: z.string(),
  quality: z
    .enum(qualities, { error: `must be one of ${qualities.join(', ')}` })
    .nullish()
    .transform((given) => given ?? 'unjudged'),
  fault: z
    .string()
    .nullish()
    .transform((given) => given ?? null),
});

/** Keys of the official Aligner data. */
const correctedRow = z.object({
  ...common,
  prefix: rows.optionalText,
  answer: z.string(),
  correction: z.string(),
});

const questionRow = z.object({ ...common, answer: rows.optionalText });

export const quadruples: DataFormat = {
  title: 'Stream Aligner',
  columns: '{question, prefix, last, correction}',
  fits: (row) => 'last' in row || ('prefix' in row && !('answer' in row)),
  parse(row, place) {
    const { prefix, last, correction, quality, fault, ...about } = checkedRow(row, quadrupleRow, place); // prettier-ignore
    const head = rows.headOf({ ...about, id: about.problem }, place);
    const { problem, question } = head;
    const sentence = { problem, question, prefix, last, correction, quality, fault };
    // Only the sentence that ends a solution says its answer.
    const answer = extractAnswer(correction) ?? undefined;
    return { ...head, form: 'quadruple', text: correction, answer, sentences: [sentence] };
  },
};

export const corrected: DataFormat = {
  title: 'Aligner',
  columns: '{question, answer, correction}',
  fits: (row) => 'correction' in row,
  parse(row, place) {
    const { prefix = '', answer, correction, ...about } = checkedRow(row, correctedRow, place);
    const head = rows.headOf({ ...about, id: about.problem }, place);
    const sentences = rows.sentencesOf(head, { prefix, answer });
    return { ...head, form: 'corrected', text: correction, answer: rows.finalAnswer(correction), sentences }; // prettier-ignore
  },
};

export const questions: DataFormat = {
  title: 'questions',
  columns: '{question, answer}',
  fits: (row) => 'question' in row,
  parse: parseQuestion,
};

/** @throws as {@link DataFormat.parse} */
export function parseQuestion(given: Row, place: string): QuestionRow {
  const row = checkedRow(given, questionRow, place);
  const head = rows.headOf({ ...row, id: row.id ?? row.problem }, place);
  const { answer: text } = row;
  if (text === undefined) return { ...rows.bareRow(head), form: 'question' };
  if (text.trim() === '') throw new Error(`${place}: an empty answer; mend or remove the row`);
  const sentences = rows.sentencesOf(head, { prefix: '', answer: text });
  return { ...head, form: 'question', text, answer: rows.finalAnswer(text), sentences };
}

/** Formats whose rows have the lab's own keys. */
export const ownTitles = [quadruples, corrected, questions].map(({ title }) => title);
