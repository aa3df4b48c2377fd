/** The final answer in a solution's text, and whether two answers are the same. */
import { formOf, hundredth, sameForm } from './answerForm.js';
import { exactValue } from './expression.js';
import { toNumber } from './rational.js';

/**
 * The final answer: the content of the last `\boxed{}` (braces balanced) or `\fbox{}`; else what
 * follows the last `####` on its line, where that is no heading; else what follows the last "(final)
 * answer is" (or "**Answer**:", or stands under the heading "Answer") up to the end of its sentence, or
 * comes before "is the answer". Null where there is none of these, or nothing in it.
 */
export function extractAnswer(text: string): string | null {
  const boxed = lastBoxed(text);
  if (boxed) return boxed;
  const plain = text.replace(/\*\*|__/g, '');
  const hashes = afterHashes(plain);
  // Markdown has headings of four hashes, too.
  if (hashes && formOf(hashes).kind !== 'words') return hashes;
  return afterPhrase(plain) || hashes || null;
}

/**
 * Whether two answers are the same, as Math-Verify and the MATH benchmark's `is_equiv` have it: the
 * same number however it is written (fractions, mixed numbers, decimals, thousands separators, powers,
 * roots; a percent sign or hundredths; units and currencies do not count), the same expression, the
 * same items of a list or set in any order, of a tuple in theirs, the same interval, or the same
 * words. Null equals nothing.
 */
export function sameAnswer(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return false;
  return sameForm(formOf(a), formOf(b));
}

/** The exact value of an answer as a float64, or null where it is no rational number. */
export function answerValue(answer: string): number | null {
  const form = formOf(answer);
  if (form.kind !== 'value') return null;
  const value = exactValue(form.percent ? hundredth(form.expression) : form.expression);
  return value ? toNumber(value) : null;
}

function lastBoxed(text: string): string | null {
  for (let at = text.length; at > 0;) {
    at = Math.max(text.lastIndexOf('\\boxed', at - 1), text.lastIndexOf('\\fbox', at - 1));
    if (at < 0) return null;
    const rest = text.slice(at).replace(/^\\(?:boxed|fbox)\s*/, '');
    if (rest.startsWith('{')) {
      const content = balanced(rest);
      // An unclosed box was cut off; an earlier one may be whole.
      if (content !== null) return content.trim();
    } else {
      const bare = /^[^\s$.,;]+/.exec(rest)?.[0];
      if (bare !== undefined) return bare;
    }
  }
  return null;
}

/** What stands between the opening brace at 0 and its partner. */
function balanced(text: string): string | null {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(1, i);
  }
  return null;
}

function afterHashes(text: string): string | null {
  const last = [...text.matchAll(/####[^\S\n]*([^\n]*)/g)].at(-1)?.[1];
  return last === undefined ? null : withoutFullStop(last);
}

/** `The answer is 7`, `Answer: 7`, a heading `Answer` over it, `7 is the answer`. */
const phrase =
  /\banswer[*_]*\s*(?:\s(?:is|was|would be|should be|must be|equals)\b(?:\s*:)?|[:=])\s*|^#+[^\S\n]*(?:the\s+)?(?:final\s+)?answer[^\S\n]*\n\s*/gim;
const turnedPhrase = /(\$[^$\n]+\$|[-−]?\\?\$?\d\S*)\s+is\s+the\s+(?:\w+\s+)?answer\b/gi;
/** What follows as a reason is no part of the answer. */
const reason =
  /,?\s+(?:because|since|as|which|where|when|so)\b.*$|,\s+(?!and\b|or\b)[a-z]{2,}\s.*$/is;

function afterPhrase(text: string): string | null {
  const marks = [...text.matchAll(phrase)];
  for (const mark of marks.reverse()) {
    const content = /^(?:[^.!?\n]|[.!](?=\d)|(?<=\d)!(?=\s*[)=}$]))*/.exec(
      text.slice(mark.index + mark[0].length),
    )?.[0];
    const found = withoutFullStop(content ?? '').replace(reason, '');
    if (found !== '') return found;
  }
  return [...text.matchAll(turnedPhrase)].at(-1)?.[1] ?? null;
}

function withoutFullStop(text: string): string {
  return text
    .trim()
    .replace(/^[*_]+|[*_]+$/g, '')
    .replace(/\.$/, '')
    .trim();
}
