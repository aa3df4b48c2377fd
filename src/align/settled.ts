/** From what a model wrote to what stands in an answer: cleaned, and y1 itself where it was copied. */
import type { Tokenizer } from '../runtime/decoder.js';
import { isSameText, isWrittenAgain, sentenceAsWritten } from '../text/copied.js';
import { cleanOutput } from '../text/modelOutput.js';
import { notesOf, type TextNote } from '../text/notes.js';

/** y2 as it is handed out, see {@link Correction}. */
export interface Settled {
  text: string;
  written?: string;
  notes?: TextNote[];
}

/** @param ids what was generated, the end of the turn included. */
export function settle(
  last: string,
  ids: readonly number[],
  { tokenizer, markers }: { tokenizer: Tokenizer; markers: readonly string[] },
): Settled {
  const written = withoutEnd(ids, tokenizer.endOfTurn);
  const raw = written.length === 0 ? '' : tokenizer.decode(written);
  const sentence = sentenceAsWritten(tokenizer, last);
  const unwritable: TextNote[] = sentence.whole ? [] : ['unwritable'];
  const asked = sentence.text === last.trim() ? {} : { written: sentence.text };
  const isCopy = (text: string): boolean =>
    isWrittenAgain(tokenizer, sentence, { ids: written, text });
  if (isCopy(raw)) return { text: last, ...asked, ...notesOf(unwritable) };
  const { text, notes } = cleaned(raw, markers);
  return { text: isCopy(text) ? last : text.trim(), ...asked, ...notesOf(unwritable, notes) };
}

/** As {@link settle}, of what is no local model's. */
export function settleText(last: string, raw: string, markers: readonly string[]): Settled {
  if (isSameText(last, raw)) return { text: last };
  const { text, notes } = cleaned(raw, markers);
  return { text: isSameText(last, text) ? last : text.trim(), ...notesOf(notes) };
}

/** A model's text without control characters and markers, and notes of what was taken out. */
export function cleaned(
  raw: string,
  markers: readonly string[] = [],
): { text: string; notes: TextNote[] } {
  const { text, controls, marker } = cleanOutput(raw, markers);
  return {
    text,
    notes: [...(controls ? ['controls' as const] : []), ...(marker ? ['marker' as const] : [])],
  };
}

function withoutEnd(ids: readonly number[], endOfTurn: readonly number[]): readonly number[] {
  const last = ids.at(-1);
  return last !== undefined && endOfTurn.includes(last) ? ids.slice(0, -1) : ids;
}
