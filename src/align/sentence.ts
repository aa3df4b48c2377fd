/**
 * One sentence from a model that writes answers. Generation is one run per sentence, so it stops at
 * every token that *may* end a sentence; the cutter then says whether it did. The cutter has to see
 * the next character for that (`3.` may become `3.50`), hence a look-ahead of one token at a time.
 */
import { contextEnd, type ContextEnd } from '../runtime/contextLimit.js';
import type {
  GenerateRequest,
  GenerateRow,
  LanguageModel,
  PrefixCache,
  Sampling,
  Tokenizer,
} from '../runtime/decoder.js';
import { notesOf, type TextNote } from '../text/notes.js';
import { createSentenceCutter } from '../text/sentences.js';
import { mayEndSentence, mayHaveEnded } from '../text/terminators.js';
import { rowSampling } from './sampling.js';
import { cutBetween, textBehind, type Place } from './continuation.js';
import { cleaned } from './settled.js';

/** What a model wrote next: a sentence, or the rest of an answer. */
export interface SentenceText {
  /**
   * What follows the prefix, letter by letter: with the white space in front of it, and with what
   * stands behind it at the end of the answer. Empty where the model had nothing more to say.
   */
  text: string;
  /** The token ids of the text, where a local model wrote these and no others. */
  ids?: readonly number[];
  /** Whether its turn ended with this text (nothing follows). */
  ended: boolean;
  /** Generated tokens, the end of turn and any look-ahead included. */
  tokens: number;
  /**
   * Milliseconds from the request to the first text. A local model hands its text over once per
   * run, so that this is the end of its first run; null where there was no text.
   */
  firstTextMilliseconds: number | null;
  /** Where the model's positions were used up before the text was over, or the prompt left none. */
  context?: ContextEnd;
  /** `controls`: the text is without the control characters that were in it. Absent: nothing. */
  notes?: readonly TextNote[];
}

/**
 * The ids of all tokens whose text may end a sentence.
 * @param vocabulary number of ids to look at, from 0.
 */
export function sentenceStops(tokenizer: Tokenizer, vocabulary: number): number[] {
  const stops: number[] = [];
  for (let id = 0; id < vocabulary; id++)
    if (mayEndSentence(tokenizer.decode([id]))) stops.push(id);
  return stops;
}

/** What is known of a text that grows: its first sentence, or that more has to be seen. */
export type FirstSentence =
  | {
      /** With the white space in front of it; with what stands behind it where nothing follows. */
      sentence: string;
      /** White space between it and the next sentence. */
      space: string;
      /** Whether no other sentence follows. */
      ended: boolean;
    }
  | { sentence: null };

/**
 * The first sentence of a text, once it is certain. White space alone is none.
 * @param complete whether nothing follows the text; then there is always an answer, and a tail
 *   without a full stop counts as a sentence.
 */
export function firstSentence(text: string, complete: boolean): FirstSentence {
  const cutter = createSentenceCutter();
  const pieces = cutter.push(text);
  if (complete) pieces.push(...cutter.finish());
  const [first = '', ...others] = pieces;
  if (complete && others.every((piece) => piece.trim() === '')) {
    return { sentence: first.trim() === '' ? '' : text, space: '', ended: true };
  }
  if (first === '') return { sentence: null };
  const sentence = first.trimEnd();
  return { sentence, space: first.slice(sentence.length), ended: false };
}

export interface SentenceRequest {
  model: LanguageModel;
  /** `B` rows. */
  places: readonly Place[];
  /** From {@link sentenceStops}. */
  stops: readonly number[];
  /** Most tokens per sentence. */
  maxTokens: number;
  clock: () => number;
  /** What each row's random numbers follow from, beside the seed. */
  keys: readonly string[];
  sampling?: Sampling;
  caches?: readonly PrefixCache[];
  signal?: AbortSignal;
}

interface Row {
  place: Place;
  key: string;
  cache: PrefixCache | undefined;
  generated: number[];
  result: SentenceText | null;
  firstText: number | null;
  /** Whether one token of look-ahead is wanted next, instead of a run to the next stop. */
  look: boolean;
  /** Set where the model has no positions left. */
  context?: ContextEnd;
}

/** The next sentence of each row; a row that has its sentence leaves the batch. */
export async function generateSentences(request: SentenceRequest): Promise<SentenceText[]> {
  const start = request.clock();
  const rows = request.places.map((place, index): Row => ({
    place,
    key: request.keys[index] ?? '',
    cache: request.caches?.[index],
    generated: [],
    result: null,
    firstText: null,
    look: false,
  }));
  for (;;) {
    const open = rows.filter((row) => row.result === null);
    if (open.length === 0) break;
    // Looking comes first: the rows that then turn out to be unfinished run on with the others.
    const looking = open.filter((row) => row.look);
    const active = looking.length > 0 ? looking : open;
    await advance(active, looking.length > 0, request);
    const elapsed = request.clock() - start;
    for (const row of active) settle(row, elapsed, request);
  }
  return rows.flatMap((row) => row.result ?? []);
}

async function advance(
  rows: readonly Row[],
  look: boolean,
  request: SentenceRequest,
): Promise<void> {
  const left = rows.map((row) => request.maxTokens - row.generated.length);
  const caches = rows.flatMap((row) => row.cache ?? []);
  const generate: GenerateRequest = {
    prompts: rows.map((row) => [...row.place.prompt, ...row.generated]),
    maxNewTokens: look ? 1 : Math.max(...left),
    stop: look
      ? request.model.tokenizer.endOfTurn
      : [...request.stops, ...request.model.tokenizer.endOfTurn],
    ...rowSampling(
      request.sampling,
      rows.map((row) => `${row.key}\n${row.generated.length}`),
    ),
    ...(caches.length > 0 && { caches }),
    signal: request.signal,
  };
  const result = await request.model.decoder.generate(generate);
  result.rows.forEach((answer: GenerateRow, index) => {
    // The longest budget ruled the call; a row with less of it keeps only its own.
    const row = rows[index];
    const budget = left[index] ?? 0;
    row?.generated.push(...answer.tokens.slice(0, budget));
    if (!row || answer.tokens.length >= budget) return;
    Object.assign(row, contextEnd(answer, row.place.prompt, request.model.decoder.info));
  });
}

/** Decides whether a row has its sentence, and if not, how it goes on. */
function settle(row: Row, elapsed: number, request: SentenceRequest): void {
  const { tokenizer } = request.model;
  const newest = row.generated.at(-1);
  const { context } = row;
  const turnOver = newest === undefined ? !context : tokenizer.endOfTurn.includes(newest);
  const exhausted = row.generated.length >= request.maxTokens || context !== undefined;
  const written = turnOver ? row.generated.slice(0, -1) : row.generated;
  const raw = textBehind(tokenizer, row.place, written);
  const { text, notes } = cleaned(raw);
  if (row.firstText === null && text.trim() !== '') row.firstText = elapsed;
  const found = firstSentence(text, turnOver || exhausted);
  if (found.sentence === null) {
    row.look = mayHaveEnded(text);
    return;
  }
  const whole = { place: row.place, ids: written };
  row.result = {
    ...(text === raw ? verbatim(tokenizer, whole, found) : { text: found.sentence }),
    ended: turnOver && found.ended,
    tokens: row.generated.length,
    firstTextMilliseconds: row.firstText,
    // What stands whole before it is a sentence, whatever becomes of the next.
    ...(context && !turnOver && found.ended && !mayHaveEnded(text) && { context }),
    ...notesOf(notes),
  };
}

/** The sentence with the ids that wrote it, as far as it ends between two of them. */
function verbatim(
  tokenizer: Tokenizer,
  whole: { place: Place; ids: readonly number[] },
  { sentence, space }: Extract<FirstSentence, { space: string }>,
): Pick<SentenceText, 'text' | 'ids'> {
  const range = { from: sentence.length, to: sentence.length + space.length };
  return cutBetween(tokenizer, whole, range) ?? { text: sentence };
}
