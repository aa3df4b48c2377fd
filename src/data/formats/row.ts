/** What a row of data is to the lab, whatever its format. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { extractAnswer } from '../../text/answers.js';
import { withSeam } from '../../text/seam.js';
import { splitSentences } from '../../text/sentences.js';
import { sentencePlaces } from '../sentencePlaces.js';
import type { LabelledAnswer, RecordedSentence, RecordedVerdict, Turn } from '../types.js';

/** What one row says. */
export interface QuestionRow {
  /** `<file>:<line>` */
  place: string;
  form: Form;
  /** What it calls its problem; of a question its own `id`. Else undefined. */
  id: string | undefined;
  /** The id of its problem: its own, or one that follows from the question alone. */
  problem: string;
  question: string;
  /** Of a conversation; its text is the question. */
  turns?: readonly Turn[];
  group: string | undefined;
  /** What the row says of the answer, where it says anything. */
  text: string | undefined;
  /** The right final answer, where that says one. */
  answer: string | undefined;
  /** What an upstream wrote, sentence by sentence. */
  sentences: RecordedSentence[];
  /** Two answers, one preferred. */
  preference?: { chosen: string; rejected: string };
  /** Answers that somebody wrote. */
  answers?: readonly Omit<LabelledAnswer, 'question' | 'turns' | 'group'>[];
  verdict?: Omit<RecordedVerdict, 'question'>;
}

export type Form = 'quadruple' | 'corrected' | 'question' | 'preference' | 'answer' | 'verdict';

/** A row that is of the format and says nothing that can be used: `<n> <why>`, e.g. `with an empty answer`. */
export interface LeftOut {
  leftOut: string;
}

/** How rows are read. */
export interface ReadHow {
  /** What becomes of `<<16-3=13>>` in GSM8K's solutions. Default `remove`. */
  calculator?: 'remove' | 'keep';
  /** Which of two responses is preferred where both are said: the more helpful or the safer. Default `better`. */
  prefer?: 'better' | 'safer';
}

/** A format of data, known by its columns. */
export interface DataFormat {
  /** As a reader would say it. */
  title: string;
  /** The columns, for people. */
  columns: string;
  fits: (row: Row) => boolean;
  /** @throws with its place on a row that lacks what the format has */
  parse: (row: Row, place: string, how: ReadHow) => QuestionRow | LeftOut;
}

export type Row = Readonly<Record<string, unknown>>;

export type Head = Pick<QuestionRow, 'place' | 'id' | 'problem' | 'question' | 'group' | 'turns'>;

/** The head of a row; its problem is its own id, or follows from the question. */
export function headOf(
  given: { question: string; id?: string; group?: string; turns?: readonly Turn[] },
  place: string,
): Head {
  const { question, id, group, turns } = given;
  const problem = id ?? idOfQuestion(question);
  return { place, id, problem, question, group, ...(turns && { turns }) };
}

function idOfQuestion(text: string): string {
  return `question-${createHash('sha256').update(text.trim()).digest('hex').slice(0, 12)}`;
}

/** A row about a question of which nothing is said but what is added. */
export function bareRow(head: Head): Omit<QuestionRow, 'form'> {
  return { ...head, text: undefined, answer: undefined, sentences: [] };
}

/**
 * The sentences of an answer, each behind those before it, verbatim. Nobody has judged or corrected them.
 */
export function sentencesOf(
  { problem, question }: Head,
  { prefix, answer }: { prefix: string; answer: string },
): RecordedSentence[] {
  const judged = { correction: null, quality: 'unjudged', fault: null } as const;
  return sentencePlaces(withSeam(prefix, answer)).map(({ prefix: before, last }) => {
    return { problem, question, prefix: prefix + before, last, ...judged };
  });
}

/** Longer texts that do not say which is their answer have none. */
const longestAnswer = 100;

/** The final answer that a text says, or is. */
export function finalAnswer(text: string): string | undefined {
  const found = extractAnswer(text);
  if (found !== null) return found;
  const whole = text.trim();
  const isOne = whole !== '' && whole.length <= longestAnswer && splitSentences(whole).length === 1;
  return isOne ? whole : undefined;
}

const nameFault = { error: 'must be a text or a number; mend it or leave it out' };
const filled = z.string().refine((text) => text.trim() !== '', nameFault);

/** What names something; undefined where there is nothing. */
export const name = z
  .union([filled, z.number()], nameFault)
  .nullish()
  .transform((given) => (given === null || given === undefined ? undefined : String(given).trim()));
export const optionalText = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined);
export const question = z
  .string()
  .refine((text) => text.trim() !== '', { error: 'is empty; mend or remove the row' });
