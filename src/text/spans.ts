/**
 * Stretches of text inside which no sentence ends: mathematics and code fences.
 *
 * A reader meets the text bit by bit, so each answer holds for every continuation of the text, or
 * is `open`: not yet known.
 */

export type Span =
  /** No span starts here. */
  | { kind: 'none' }
  /** More text is needed to tell, or to find the end. */
  | { kind: 'open' }
  /** `[start, end)` is a span; its inside ends at `inner` (before the closing mark). */
  | { kind: 'closed'; end: number; inner: number };

const none: Span = { kind: 'none' };
const open: Span = { kind: 'open' };

/**
 * Longest `$…$`, in UTF-16 units: a `$` whose partner does not come within it (or before a blank
 * line) was a mere sign. Display mathematics and fences have no such limit.
 */
const inlineLimit = 400;

const amount = /\$\d[\d,]*(?:\.\d+)?/y;
const begin = /\\begin\{([^{}\n]{1,40})\}/y;
const fence = /`{3,}/y;

/** The span that starts at `start`. `ended`: the text is complete. */
export function spanAt(text: string, start: number, ended: boolean): Span {
  switch (text[start]) {
    case '$':
      return dollars(text, start, ended);
    case '\\':
      return commands(text, start, ended);
    case '`':
      return codeFence(text, start, ended);
    default:
      return none;
  }
}

function dollars(text: string, start: number, ended: boolean): Span {
  const next = text[start + 1];
  if (next === undefined) return ended ? none : open;
  if (next === '$') return closing({ text, from: start + 2, mark: '$$', ended });
  if (/\d/.test(next)) {
    const price = isPrice(text, start, ended);
    if (price !== false) return price === true ? none : open;
  }
  const spaced = /\s/.test(next);
  // `… = 7$ is`: a sign after a word and before white space closes; it does not open.
  if (spaced && start > 0 && !/\s/.test(text[start - 1] ?? ' ')) return none;
  if (/[.,;:!?)\]}]/.test(next)) return none;
  return inlineEnd({ text, start, spaced, ended });
}

/** Whether `$3.50` is money: an amount before white space or punctuation. null: not yet known. */
function isPrice(text: string, start: number, ended: boolean): boolean | null {
  amount.lastIndex = start;
  const end = start + (amount.exec(text)?.[0].length ?? 0);
  const after = text[end];
  if (after === undefined) return ended ? true : null;
  if (after === '.') {
    const decimal = text[end + 1];
    return decimal === undefined && !ended ? null : true;
  }
  if (!/\s/.test(after)) return /[,;:!?)\]}"'”’\-–—/]/.test(after);
  // `$2 \times 3$`: a command follows a number only in mathematics.
  const rest = text.slice(end).trimStart();
  if (rest === '' && !ended) return null;
  return !rest.startsWith('\\');
}

function inlineEnd(options: {
  text: string;
  start: number;
  spaced: boolean;
  ended: boolean;
}): Span {
  const { text, start, spaced, ended } = options;
  for (let i = start + 1; i < start + inlineLimit; i++) {
    const unit = text[i];
    if (unit === undefined) return ended ? none : open;
    if (unit === '\\') i++;
    else if (unit === '\n' && /^\n[^\S\n]*\n/.test(text.slice(i, i + inlineLimit))) return none;
    else if (unit === '$' && (spaced || !/\s/.test(text[i - 1] ?? ' '))) {
      return { kind: 'closed', end: i + 1, inner: i };
    }
  }
  return none;
}

function commands(text: string, start: number, ended: boolean): Span {
  const next = text[start + 1];
  if (next === undefined) return ended ? none : open;
  if (next === '(') return closing({ text, from: start + 2, mark: '\\)', ended });
  if (next === '[') return closing({ text, from: start + 2, mark: '\\]', ended });
  if (next !== 'b') return none;
  begin.lastIndex = start;
  const found = begin.exec(text);
  if (found !== null) {
    const from = start + found[0].length;
    return closing({ text, from, mark: `\\end{${found[1] ?? ''}}`, ended });
  }
  const rest = text.slice(start, start + 48);
  const unfinished = '\\begin{'.startsWith(rest) || /^\\begin\{[^{}\n]{0,40}$/.test(rest);
  return unfinished && !ended ? open : none;
}

function codeFence(text: string, start: number, ended: boolean): Span {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  if (start > 0 && text.slice(lineStart, start).trim() !== '') return none;
  fence.lastIndex = start;
  const mark = fence.exec(text)?.[0];
  if (mark === undefined) {
    const unfinished = /^`{1,2}$/.test(text.slice(start));
    return unfinished && !ended ? open : none;
  }
  // While the run of backticks may still grow, its length is not known.
  if (start + mark.length === text.length && !ended) return open;
  return closing({ text, from: start + mark.length, mark: `\n${mark}`, ended });
}

/** The first `mark` from `from` on. A span that is never closed reaches to the end of the text. */
function closing(options: { text: string; from: number; mark: string; ended: boolean }): Span {
  const { text, from, mark, ended } = options;
  const at = text.indexOf(mark, from);
  if (at >= 0) return { kind: 'closed', end: at + mark.length, inner: at };
  return ended ? { kind: 'closed', end: text.length, inner: text.length } : open;
}
