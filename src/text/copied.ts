/**
 * Whether a corrector copied y1: decided here and nowhere else.
 *
 * A model writes what its tokenizer can write: a normaliser composes letters, white space around a
 * sentence belongs to the prompt, a letter may be missing altogether. So y2 is held against y1 as
 * this tokenizer would write it. Where that is the same, y2 is y1 itself, letter by letter, so that
 * every edit ratio of a copy is 0 and a corrector that copies everything leaves the answer as it was.
 */
import { textIds } from './controlTokens.js';

/** What writes a sentence: a tokenizer. */
export interface Writer {
  encode(prompt: string): number[];
  decode(ids: readonly number[]): string;
  readonly controlTokens?: readonly string[];
  normalize?(text: string): string;
}

/** The rule of a tokenizer's model, in words, for records. */
export const copyRule =
  'y2 has the token ids of y1 as this tokenizer writes it, or decodes to the same text without clean-up of spaces; surrounding white space aside';

/** The rule where no tokenizer is known. */
export const textCopyRule = 'y2 and y1 are the same text in NFC; surrounding white space aside';

/** y1 as a tokenizer writes it. */
export interface WrittenSentence {
  /** Without surrounding white space and control tokens. */
  ids: readonly number[];
  /** Those ids as text, without surrounding white space. */
  text: string;
  /** Whether this is y1, but for what the normaliser does; else the tokenizer cannot write y1. */
  whole: boolean;
}

/** What a model wrote. */
export interface Written {
  /** Without the end of its turn. */
  ids: readonly number[];
  text: string;
}

/** y1 as a tokenizer would write it. */
export function sentenceAsWritten(writer: Writer, last: string): WrittenSentence {
  const bare = last.trim();
  const ids = textIds(writer, bare);
  const text = ids.length === 0 ? '' : writer.decode(ids).trim();
  const normal = (some: string): string => (writer.normalize?.(some) ?? some).trim();
  return { ids, text, whole: normal(text) === normal(bare) };
}

/** Whether y1 was written again. Nothing is no copy. */
export function isWrittenAgain(
  writer: Pick<Writer, 'decode'>,
  sentence: WrittenSentence,
  written: Written,
): boolean {
  const wanted = withoutBlanks(writer, sentence.ids);
  if (wanted.length === 0) return false;
  if (sameIds(wanted, withoutBlanks(writer, written.ids))) return true;
  if (sentence.text === '' || sentence.text !== written.text.trim()) return false;
  // Of what no text shows (an unknown token), the same text is no proof.
  return sentence.whole || sentence.ids.every((id) => writer.decode([id]) !== '');
}

/** Whether what was written, perhaps cut off, is how y1 begins. */
export function isBegunAgain(sentence: WrittenSentence, written: Written): boolean {
  if (written.ids.every((id, i) => id === sentence.ids[i])) return true;
  // A letter that was cut in two ends as a replacement character.
  return sentence.text.startsWith(written.text.trim().replace(/\uFFFD+$/u, ''));
}

/** Whether two texts are the same sentence, where no tokenizer is known. */
export function isSameText(last: string, correction: string): boolean {
  const bare = last.trim().normalize('NFC');
  return bare !== '' && bare === correction.trim().normalize('NFC');
}

/**
 * Whether a recorded y2 is a copy of its y1. Correctors hand out y1 itself where they copied it, so
 * that the texts alone tell.
 */
export function isCopy({ last, correction }: { last: string; correction: string }): boolean {
  return !isBlank(last) && correction.trim() === last.trim();
}

/** The texts that edits are counted between, without the blanks around them; those of a copy are one. */
export function editedTexts(revision: {
  last: string;
  correction: string;
  /** y1 as the corrector would write it, where that is another text. */
  written?: string | undefined;
}): [y1: string, y2: string] {
  const { last, correction, written = last.trim() } = revision;
  const y2 = correction.trim();
  return [isCopy(revision) ? y2 : written, y2];
}

/** Whether there is nothing that could be copied. */
export function isBlank(last: string): boolean {
  return last.trim() === '';
}

/**
 * Whether there is a sentence: a letter, a digit or a pictograph. An upstream that is given a prefix
 * without its full stop writes the full stop as a sentence of its own. Whatever is put in its place
 * has an edit ratio of 20 and more, and a few of them carry a mean away: such a y1 is passed on and
 * copied like any other, and counted nowhere.
 */
export function hasSentence(last: string): boolean {
  return /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(last);
}

/** Whether a token is how a sentence begins, as its tokenizer writes it. */
export function beginsSentence(
  writer: Pick<Writer, 'decode'>,
  sentence: WrittenSentence,
  token: number,
): boolean {
  if (sentence.ids[0] === token) return true;
  const text = writer.decode([token]).trim();
  return text !== '' && sentence.text.startsWith(text);
}

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

function withoutBlanks({ decode }: Pick<Writer, 'decode'>, ids: readonly number[]): number[] {
  // Twice, since a decoder may leave out the first blank of a text.
  const blank = (id: number | undefined): boolean =>
    id !== undefined && /^\s+$/u.test(decode([id, id]));
  let start = 0;
  let end = ids.length;
  while (start < end && blank(ids[start])) start++;
  while (end > start && blank(ids[end - 1])) end--;
  return ids.slice(start, end);
}
