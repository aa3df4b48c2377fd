/** How much room a text takes, before any browser measures it. */
import { fontSize } from '../theme.js';

/** CSS pixels from one line of the figures' text to the next: plotly's own factor. */
export const lineHeight = Math.ceil(1.3 * fontSize);

/** Widths in Arial and its twins, in thousandths of the font's size; others count as a wide letter. */
const classes: readonly [RegExp, number][] = [
  [/[ijl'|.,:;!I/\\ft[\]()-]/, 333],
  [/\s/, 278],
  [/[mw%@MW…—–−]/, 900],
  [/[A-Z&#_~^+=<>±×]/, 700],
  [/[\x21-\x7e]/, 556],
  // East Asian scripts and pictures are as wide as high.
  [/[\u1100-\u11ff\u2e80-\ud7ff\uf900-\uffef\u{1f000}-\u{3ffff}]/u, 1000],
];

/** Estimated width of a line, CSS pixels, rather more than it will be. */
export function textWidth(text: string, size = fontSize): number {
  const thousandths = [...text].map(
    (character) => classes.find(([pattern]) => pattern.test(character))?.[1] ?? 700,
  );
  return (thousandths.reduce((a, b) => a + b, 0) / 1000) * size;
}

/** Of the longest of several. */
export function widest(texts: readonly string[], size = fontSize): number {
  return Math.max(0, ...texts.map((text) => textWidth(text, size)));
}

/** The text, or as much of its beginning as has room, with an ellipsis. */
export function shortened(text: string, room: number, size = fontSize): string {
  if (textWidth(text, size) <= room) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size) > room) {
    characters.pop();
  }
  return `${characters.join('').trimEnd()}…`;
}

/** The text, or its beginning and its end: what tells names apart is often the end. */
export function shortenedMiddle(text: string, room: number, size = fontSize): string {
  const characters = [...text];
  for (let kept = characters.length; kept > 1; kept--) {
    const [from, to] = [Math.ceil(kept / 2), characters.length - Math.floor(kept / 2)];
    const whole = kept === characters.length;
    const shown = whole ? text : `${characters.slice(0, from).join('')}…${characters.slice(to).join('')}`; // prettier-ignore
    if (textWidth(shown, size) <= room) return shown;
  }
  return shortened(text, room, size);
}

/**
 * The text in lines that have room, broken at blanks and after hyphens; the last of `most` lines is
 * shortened where more would be needed.
 */
export function wrapped(text: string, room: number, most = 3): string[] {
  const lines: string[] = [];
  for (const piece of text.split(/(?<=\s|-)/)) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth((last + piece).trimEnd()) <= room) {
      lines[lines.length - 1] = last + piece;
    } else {
      lines.push(piece);
    }
  }
  const kept = lines.slice(0, most - 1);
  const rest = lines.slice(most - 1).join('');
  return [...kept, ...(rest === '' ? [] : [rest])].map((line) =>
    shortenedMiddle(line.trim(), room),
  );
}

/** The first that has room, from the longest to the shortest; else the last. */
export function fitting(forms: readonly string[], room: number, size = fontSize): string {
  return forms.find((form) => textWidth(form, size) <= room) ?? forms.at(-1) ?? '';
}
