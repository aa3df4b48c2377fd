/**
 * What a local model wrote behind a prefix, as text and as token ids. A tokenizer may leave out the
 * first blank of whatever it decodes, so that generated ids alone do not tell which white space
 * stands between the prefix and what follows.
 */
import type { Turn } from '../data/types.js';
import type { Tokenizer } from '../runtime/decoder.js';
import { asText } from '../text/controlTokens.js';

/** Where an answer stands. */
export interface AnswerSoFar {
  question: string;
  /** Of a conversation: its turns, of which `question` is the text; an upstream's chat is made of them. */
  turns?: readonly Turn[];
  /** The corrected answer so far, letter by letter; empty at the beginning. */
  prefix: string;
  /** The prefix as the token ids of the upstream that wrote all of it. */
  prefixIds?: readonly number[];
}

/** The same as token ids. */
export interface Place {
  /** The whole prompt: the question in its chat template, and the prefix. */
  prompt: readonly number[];
  /** How many of the last ids are the answer's own: 0 at its beginning. */
  begun: number;
}

/** Enough that a character or a word that is spread over tokens is whole. */
const mostContext = 8;

/**
 * A prefix that the upstream wrote itself goes on from its own ids; any other is encoded, and as one
 * text with the prompt as in training, since a tokenizer may join across the boundary.
 */
export function placeOf(tokenizer: Tokenizer, answer: AnswerSoFar): Place {
  const { question, turns, prefix, prefixIds } = answer;
  const turn = turns ? tokenizer.chat(turns) : tokenizer.chatPrompt(question);
  if (prefixIds) {
    const start = tokenizer.encode(turn);
    return { prompt: [...start, ...prefixIds], begun: prefixIds.length };
  }
  const prompt = tokenizer.encode(turn + asText(prefix, tokenizer.controlTokens));
  return { prompt, begun: prefix === '' ? 0 : prompt.length };
}

/** The text of generated ids as it stands behind their place. */
export function textBehind(tokenizer: Tokenizer, place: Place, ids: readonly number[]): string {
  const context = place.prompt.slice(place.prompt.length - Math.min(place.begun, mostContext));
  const before = tokenizer.decode(context);
  const whole = tokenizer.decode([...context, ...ids]);
  return whole.startsWith(before) ? whole.slice(before.length) : tokenizer.decode(ids);
}

/**
 * The shortest start of the generated ids whose text ends in a range: cut between two tokens, the
 * upstream goes on from where it was. Null where one token reaches over the whole range.
 */
export function cutBetween(
  tokenizer: Tokenizer,
  { place, ids }: { place: Place; ids: readonly number[] },
  { from, to }: { from: number; to: number },
): { text: string; ids: readonly number[] } | null {
  let shortest = null;
  for (let count = ids.length; count > 0; count--) {
    const kept = ids.slice(0, count);
    const text = textBehind(tokenizer, place, kept);
    if (text.length < from) break;
    if (text.length <= to) shortest = { text, ids: kept };
  }
  return shortest;
}
