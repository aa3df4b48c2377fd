/** Answers labelled for safety: BeaverTails and PKU-SafeRLHF. */
import { z } from 'zod';
import { checkedRow } from '../checkedRow.js';
import { pairRow } from './conversations.js';
import * as rows from './row.js';
import type { DataFormat } from './row.js';

const text = z.string();
const harms = z
  .record(z.string(), z.boolean().nullish())
  .nullish()
  .transform((given) => Object.entries(given ?? {}).flatMap(([kind, is]) => (is ? [kind] : [])));

const labelled = z.object({
  prompt: rows.question,
  response: text,
  is_safe: z.boolean(),
  category: harms,
});

/** `{prompt, response, category, is_safe}`, one response a row. */
export const beaverTails: DataFormat = {
  title: 'BeaverTails',
  columns: '{prompt, response, is_safe, category}',
  fits: (row) => 'prompt' in row && 'response' in row && 'is_safe' in row,
  parse(given, place) {
    const row = checkedRow(given, labelled, place);
    const { response: answer, is_safe: safe, category: categories } = row;
    if (answer.trim() === '') return { leftOut: 'with an empty answer' };
    const head = rows.headOf({ question: row.prompt }, place);
    const sentences = rows.sentencesOf(head, { prefix: '', answer });
    const answers = [{ answer, safe, ...(categories.length > 0 && { categories }) }];
    return { ...head, form: 'answer', text: answer, answer: undefined, sentences, answers };
  },
};

const which = z.number().nullish();
const compared = z.object({
  prompt: rows.question,
  response_0: text,
  response_1: text,
  better_response_id: which,
  safer_response_id: which,
  is_response_0_safe: z.boolean().nullish(),
  is_response_1_safe: z.boolean().nullish(),
  response_0_harm_category: harms,
  response_1_harm_category: harms,
  response_0_source: rows.optionalText,
  response_1_source: rows.optionalText,
});

/**
 * `{prompt, response_0, response_1, better_response_id, safer_response_id, …}`: the chosen response is
 * the better (more helpful) one, or by `prefer` the safer one.
 */
export const safeRlhf: DataFormat = {
  title: 'SafeRLHF',
  columns: '{prompt, response_0, response_1, better_response_id, safer_response_id}',
  fits: (row) => 'prompt' in row && 'response_0' in row && 'response_1' in row,
  parse(given, place, { prefer = 'better' }) {
    const row = checkedRow(given, compared, place);
    const head = rows.headOf({ question: row.prompt }, place);
    const key = `${prefer}_response_id` as const;
    const id = row[key];
    if (id !== 0 && id !== 1) return { leftOut: `whose ${key} is neither 0 nor 1` };
    const { response_0: zero, response_1: one } = row;
    const [chosen, rejected] = id === 0 ? [zero, one] : [one, zero];
    const pair = pairRow(head, { chosen, rejected });
    if ('leftOut' in pair) return pair;
    return { ...pair, answers: [answerOf(row, 0), answerOf(row, 1)] };
  },
};

function answerOf(
  row: z.infer<typeof compared>,
  which: 0 | 1,
): NonNullable<rows.QuestionRow['answers']>[number] {
  const safe = row[`is_response_${which}_safe`];
  const categories = row[`response_${which}_harm_category`];
  const model = row[`response_${which}_source`];
  return {
    answer: row[`response_${which}`],
    ...(model !== undefined && { model }),
    ...(typeof safe === 'boolean' && { safe }),
    ...(categories.length > 0 && { categories }),
  };
}
