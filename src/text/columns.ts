/** How many columns of a terminal a text takes: two where its characters are wide (Unicode's UAX 11). */
import { eastAsianWidth } from 'get-east-asian-width';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const ascii = /^[\x20-\x7e]*$/;
/** Marks over and under others, joiners, selectors: they have no place of their own. */
const without = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;

/** Of one line, as `showLine` leaves it. */
export function columnsOf(text: string): number {
  if (ascii.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += columnsOfOne(segment);
  return columns;
}

/** As much of the beginning as fits. */
export function cutToColumns(text: string, most: number): string {
  if (ascii.test(text)) return text.slice(0, most);
  let [cut, columns] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    columns += columnsOfOne(segment);
    if (columns > most) break;
    cut += segment;
  }
  return cut;
}

/** In lines of so many columns, broken at blanks where there are any, else anywhere. */
export function brokenTo(text: string, width: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (columnsOf(rest) > width) {
    const most = cutToColumns(rest, width) || ([...rest][0] ?? '');
    const blank = rest.startsWith(' ', most.length) ? most.length : most.lastIndexOf(' ');
    pieces.push(rest.slice(0, blank > 0 ? blank : most.length));
    rest = rest.slice(blank > 0 ? blank + 1 : most.length);
  }
  return [...pieces, rest];
}

function columnsOfOne(grapheme: string): number {
  if (without.test(grapheme)) return 0;
  if (grapheme.includes('\u{FE0F}') || /\p{Emoji_Presentation}/u.test(grapheme)) return 2;
  return eastAsianWidth(grapheme.codePointAt(0) ?? 0);
}
