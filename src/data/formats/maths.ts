/** Mathematical questions with their solutions: GSM8K and MATH. */
import { z } from 'zod';
import { extractAnswer } from '../../text/answers.js';
import { checkedRow } from '../checkedRow.js';
import { parseQuestion } from './own.js';
import * as rows from './row.js';
import type { DataFormat } from './row.js';

/** The final answer stands behind four hashes on a line of its own. */
const gsm8kAnswer = /(?:^|\n)#### ?\S/;
/** What the authors' calculator was told: `16 - 3 = <<16-3=13>>13`. */
const calculator = /<<[^<>\n]*>>/g;

/**
 * `{question, answer}` whose answer ends in `#### 42` (openai/grade-school-math). The calculator's
 * annotations are no part of the text as people read it, and are removed unless they are to be kept.
 */
export const gsm8k: DataFormat = {
  title: 'GSM8K',
  columns: '{question, answer} with the final answer behind ####',
  fits: ({ question, answer }) =>
    typeof question === 'string' && typeof answer === 'string' && gsm8kAnswer.test(answer),
  parse(row, place, { calculator: how = 'remove' }) {
    const answer = String(row.answer);
    return parseQuestion(
      { ...row, answer: how === 'keep' ? answer : answer.replace(calculator, '') },
      place,
    );
  },
};

const mathRow = z.object({
  problem: rows.question,
  solution: z.string(),
  answer: rows.optionalText,
  type: rows.optionalText,
  subject: rows.optionalText,
  unique_id: rows.name,
});

/**
 * `{problem, solution, level, type}` of hendrycks/math, and `{…, answer, subject, unique_id}` of
 * MATH-500: the answer stands in the solution's last `\boxed{}`. Results are also reported by subject.
 */
export const math: DataFormat = {
  title: 'MATH',
  columns: '{problem, solution, type}',
  fits: (row) => 'problem' in row && 'solution' in row && !('question' in row),
  parse(given, place) {
    const row = checkedRow(given, mathRow, place);
    const { problem: question, solution: text, unique_id: id } = row;
    const group = row.type ?? row.subject;
    const head = rows.headOf({ question, id, group }, place);
    const said = row.answer ?? '';
    const answer = said.trim() === '' ? extractAnswer(text) : said;
    if (text.trim() === '') return { leftOut: 'without a solution' };
    if (answer === null) return { leftOut: 'whose solution has no boxed answer' };
    const sentences = rows.sentencesOf(head, { prefix: '', answer: text });
    return { ...head, form: 'question', text, answer, sentences };
  },
};
