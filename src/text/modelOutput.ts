/**
 * What a model wrote, before it stands in an answer: without control characters, and without markers
 * of its prompt, which a model that runs on writes again.
 */
import { stripVTControlCharacters } from 'node:util';

export interface CleanText {
  text: string;
  /** Whether control characters were taken out. */
  controls: boolean;
  /** Whether a marker was. */
  marker: boolean;
}

/** Control characters but tab and the ends of lines, halves of pairs, and what is no character. */
const controls = /(?![\t\n\r])\p{Cc}|\r(?!\n)|\p{Cs}|\p{Noncharacter_Code_Point}/gu;

/**
 * Control sequences and characters go. Of a text that begins with
 * markers, as a model writes that says its prompt again, what follows the last of them counts; any
 * later marker ends the text.
 * @param markers of the prompt; the last one is where the model was to begin. Default: none.
 */
export function cleanOutput(raw: string, markers: readonly string[] = []): CleanText {
  const bare = stripVTControlCharacters(raw).replace(controls, '');
  const text = withoutMarkers(bare, markers);
  return { text, controls: bare !== raw, marker: text !== bare };
}

function withoutMarkers(given: string, markers: readonly string[]): string {
  const begins = (text: string): boolean =>
    markers.some((marker) => text.trimStart().startsWith(marker));
  const last = markers.at(-1) ?? '';
  let text = given;
  while (begins(text) && text.includes(last)) text = text.slice(text.indexOf(last) + last.length);
  const ends = markers.map((marker) => text.indexOf(marker)).filter((at) => at >= 0);
  // The prompt's markers stand behind bars.
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends)).replace(/\s*\|?\s*$/u, '');
}
