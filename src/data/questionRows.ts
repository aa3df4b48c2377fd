/**
 * Rows about questions, in every form the field has: quadruples of Stream Aligner
 * `{question, prefix, last, correction}`, corrected answers of Aligner
 * `{question, answer, correction}`, and questions `{question, answer}`. What a command needs of them
 * (sentences, problems, right answers) is taken from here, so that each takes all.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { extractAnswer } from '../text/answers.js';
import { shownValue } from '../text/given.js';
import { splitSentences } from '../text/sentences.js';
import { anyRow, checkedRow, readPlaced } from './jsonl.js';
import { qualities, type RecordedSentence } from './types.js';

/** What one row says. */
export interface QuestionRow {
  /** `<file>:<line>` */
  place: string;
  form: 'quadruple' | 'corrected' | 'question';
  /** What it calls its problem; of a question its own `id`. Else undefined. */
  id: string | undefined;
  /** The id of its problem: its own, or one that follows from the question alone. */
  problem: string;
  question: string;
  group: string | undefined;
  /** What the row says of the answer, where it says anything. */
  text: string | undefined;
  /** The right final answer, where that says one. */
  answer: string | undefined;
  /** What an upstream wrote, sentence by sentence. */
  sentences: RecordedSentence[];
}

const nameFault = { error: 'must be a text or a number; mend it or leave it out' };
const filled = z.string().refine((text) => text.trim() !== '', nameFault);
const name = z
  .union([filled, z.number()], nameFault)
  .nullish()
  .transform((given) => (given === null || given === undefined ? undefined : String(given).trim()));
const optionalText = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined);
const question = z
  .string()
  .refine((text) => text.trim() !== '', { error: 'is empty; mend or remove the row' });

const common = { question, id: name, problem: name, group: optionalText };

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
  prefix: optionalText,
  answer: z.string(),
  correction: z.string(),
});

const questionRow = z.object({ ...common, answer: optionalText });

/**
 * The rows of a file of any of the forms.
 * @throws where it cannot be read, and with its place on a row of none of the forms, and where one
 *   id belongs to two questions.
 */
export function readQuestionRows(file: string): QuestionRow[] {
  const rows = readPlaced(file, anyRow).map(({ row, place }) => parseRow(row, place));
  const known = new Map<string, QuestionRow>();
  for (const row of rows) {
    if (row.form === 'question') continue;
    const { problem: id } = row;
    const before = known.get(id) ?? row;
    if (before.question.trim() !== row.question.trim()) {
      throw new Error(
        `${row.place}: has the id ${shownValue(id)} of ${before.place} and another question; give one of them another id`,
      );
    }
    known.set(id, before);
  }
  return rows;
}

function parseRow(row: z.infer<typeof anyRow>, place: string): QuestionRow {
  if ('last' in row || ('prefix' in row && !('answer' in row))) {
    return fromQuadruple(checkedRow(row, quadrupleRow, place), place);
  }
  if ('correction' in row) return fromCorrected(checkedRow(row, correctedRow, place), place);
  return fromQuestion(checkedRow(row, questionRow, place), place);
}

function fromQuadruple(row: z.infer<typeof quadrupleRow>, place: string): QuestionRow {
  const { prefix, last, correction, quality, fault } = row;
  const head = headOf({ ...row, id: undefined }, place);
  const sentence = { ...placeOf(head), prefix, last, correction, quality, fault };
  // Only the sentence that ends a solution says its answer.
  const answer = extractAnswer(correction) ?? undefined;
  return { ...head, form: 'quadruple', text: correction, answer, sentences: [sentence] };
}

function fromCorrected(row: z.infer<typeof correctedRow>, place: string): QuestionRow {
  const head = headOf({ ...row, id: undefined }, place);
  const sentences = sentencesOf(head, { prefix: row.prefix ?? '', answer: row.answer });
  const text = row.correction;
  return { ...head, form: 'corrected', text, answer: finalAnswer(text), sentences };
}

function fromQuestion(row: z.infer<typeof questionRow>, place: string): QuestionRow {
  const head = headOf(row, place);
  const { answer: text } = row;
  if (text === undefined) {
    return { ...head, form: 'question', text, answer: undefined, sentences: [] };
  }
  if (text.trim() === '') throw new Error(`${place}: an empty answer; mend or remove the row`);
  const sentences = sentencesOf(head, { prefix: '', answer: text });
  return { ...head, form: 'question', text, answer: finalAnswer(text), sentences };
}

type Head = Pick<QuestionRow, 'place' | 'id' | 'problem' | 'question' | 'group'>;

function headOf(row: Omit<z.infer<typeof questionRow>, 'answer'>, place: string): Head {
  const { question, group } = row;
  const id = row.id ?? row.problem;
  return { place, id, problem: id ?? idOfQuestion(question), question, group };
}

function idOfQuestion(text: string): string {
  return `question-${createHash('sha256').update(text.trim()).digest('hex').slice(0, 12)}`;
}

function placeOf({ problem, question }: Head): Pick<RecordedSentence, 'problem' | 'question'> {
  return { problem, question };
}

/** The sentences of an answer, each behind those before it. Nobody has judged or corrected them. */
function sentencesOf(head: Head, given: { prefix: string; answer: string }): RecordedSentence[] {
  let { prefix } = given;
  return splitSentences(given.answer).flatMap((piece) => {
    const last = piece.trim();
    if (last === '') return [];
    const judged = { correction: null, quality: 'unjudged', fault: null } as const;
    const sentence = { ...placeOf(head), prefix, last, ...judged };
    prefix = `${prefix} ${last}`.trim();
    return [sentence];
  });
}

/** Longer texts that do not say which is their answer have none. */
const longestAnswer = 100;

/** The final answer that a text says, or is. */
function finalAnswer(text: string): string | undefined {
  const found = extractAnswer(text);
  if (found !== null) return found;
  const whole = text.trim();
  const isOne = whole !== '' && whole.length <= longestAnswer && splitSentences(whole).length === 1;
  return isOne ? whole : undefined;
}

/**
 * The right answer to one question by the rows about it; undefined where none says one, or where
 * they contradict each other in the given sense.
 */
export function agreedAnswer(
  rows: readonly Pick<QuestionRow, 'answer'>[],
  same: (a: string, b: string) => boolean,
): string | undefined {
  const answers = rows.flatMap(({ answer }) => answer ?? []);
  const [first] = answers;
  return first !== undefined && answers.every((answer) => same(answer, first)) ? first : undefined;
}

/** Every sentence that an upstream wrote, in the order of the rows. @throws as {@link readQuestionRows}. */
export function readAnnotatedQuadruples(file: string): RecordedSentence[] {
  return readQuestionRows(file).flatMap(({ sentences, place, form }) => {
    if (form === 'question' && sentences.length === 0) {
      throw new Error(
        `${place}: no sentence to correct (expected the keys question, prefix, last, correction; question, answer, correction; or question, answer)`,
      );
    }
    return sentences;
  });
}
