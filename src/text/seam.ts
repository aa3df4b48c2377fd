/**
 * White space between sentences. It is the upstream's: a copied sentence keeps what stands around it,
 * a rewritten one takes its place, so that a corrector that copies everything leaves the answer byte
 * for byte. Only where nobody wrote any white space is there a rule.
 */
import { isBlank, isCopy } from './copied.js';
import { splitSentences } from './sentences.js';
import { endsUnspaced } from './terminators.js';

/** y2 as it stands behind a prefix, with white space as y1 has it, or as the prefix asks for. */
export function inPlace(prefix: string, revision: { last: string; correction: string }): string {
  const { last, correction } = revision;
  if (correction.trim() === '') return '';
  if (isCopy(revision)) return last;
  if (isBlank(last)) return withSeam(prefix, correction);
  const start = last.length - last.trimStart().length;
  return last.slice(0, start) + correction.trim() + last.slice(last.trimEnd().length);
}

/** A text as it follows a prefix: where no white space stands between them, with that of the prefix. */
export function withSeam(prefix: string, text: string): string {
  if (prefix === '' || text === '' || /\s$/u.test(prefix) || /^\s/u.test(text)) return text;
  return seamOf(prefix) + text;
}

/** What stands between the last two sentences of a text; a single space where it has but one. */
function seamOf(prefix: string): string {
  const before = splitSentences(prefix).at(-2);
  if (before !== undefined) return before.slice(before.trimEnd().length);
  return endsUnspaced(prefix) ? '' : ' ';
}
