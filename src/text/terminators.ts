/** The marks that end a sentence, in every script (Unicode's property Sentence_Terminal). */

/** White space must follow these, as `3.5`, `e.g.` and `what?x=1` do not end a sentence. */
const spacedMarks = '.!?…';
/** Full stops that also stand in numbers: `３．１４`. */
const pointMarks = '\u2024\ufe52\uff0e';
const terminal = '\\p{Sentence_Terminal}…';
/** Line and paragraph ends. */
const lineEnds = '\\n\\u0085\\u2029';
/** Closing marks; format controls and variation selectors belong to what they follow. */
const closing = '\\p{Pe}\\p{Pf}\\p{Cf}\\ufe0e\\ufe0f';

const run = new RegExp(`[${terminal}]+`, 'uy');
/** Behind spaced marks, straight quotes and Markdown close, and so do quotes that open elsewhere (`„So!“`). */
const spacedClosers = new RegExp(`(?:[${closing}"'*_]|\\p{Pi}(?=\\s))*`, 'uy');
const closers = new RegExp(`[${closing}]*`, 'uy');
const straight = /"|'|\*+|_+/y;
const lineEnd = new RegExp(`[${lineEnds}]`, 'u');
const may = new RegExp(`[${terminal}${lineEnds}]`, 'u');
const mayBehind = new RegExp(`[${terminal}${lineEnds}][^\\p{L}\\p{N}]*$`, 'u');
const ended = new RegExp(`[${terminal}][${closing}"'*_]*$`, 'u');

/** Whether a text holds anything that may end a sentence. */
export function mayEndSentence(text: string): boolean {
  return may.test(text);
}

/** Whether a text may have ended its last sentence: nothing but marks and white space stands behind. */
export function mayHaveEnded(text: string): boolean {
  return mayBehind.test(text);
}

/** Whether a text ends with a terminator, closing marks behind it or not. */
export function endsWithTerminator(text: string): boolean {
  return ended.test(text);
}

/** Whether it ends with one that needs no white space behind it. */
export function endsUnspaced(text: string): boolean {
  return isUnspaced(ended.exec(text)?.[0] ?? '');
}

export function isLineEnd(text: string): boolean {
  return lineEnd.test(text);
}

/** Whether a terminator ends its sentence without white space behind it: most scripts', but `.!?…`. */
export function isUnspaced(head: string): boolean {
  const marks = matchAt(run, head, 0);
  return Array.from(marks).some((mark) => !spacedMarks.includes(mark));
}

/** Whether a full stop of this kind may be the point of a number. */
export function isPoint(head: string): boolean {
  return pointMarks.includes(head);
}

/** End of the terminator at `at` with its closing marks, or null where there is none. */
export function terminatorEnd(text: string, at: number): number | null {
  const marks = matchAt(run, text, at);
  if (marks === '') return null;
  const end = at + marks.length;
  if (!isUnspaced(marks)) return end + matchAt(spacedClosers, text, end).length;
  return unspacedEnd(text, end);
}

/**
 * Without white space behind it, a straight quote or an asterisk closes only what was opened before;
 * else it opens the next sentence.
 */
function unspacedEnd(text: string, from: number): number {
  let end = from + matchAt(closers, text, from).length;
  for (;;) {
    const mark = matchAt(straight, text, end);
    if (mark === '' || !isOpen(text.slice(0, end), mark)) return end;
    end += mark.length;
    end += matchAt(closers, text, end).length;
  }
}

/** Whether a mark stands an odd number of times; a run of asterisks, however long, is one. */
function isOpen(before: string, mark: string): boolean {
  const runs = /^[*_]/.test(mark) ? before.replace(/(.)\1+/gs, '$1') : before;
  return (runs.split(mark.slice(0, 1)).length - 1) % 2 === 1;
}

/** Closing marks at `at`, as they stand behind a spaced terminator. */
export function closersEnd(text: string, at: number): number {
  return at + matchAt(spacedClosers, text, at).length;
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
