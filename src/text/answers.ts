/** The final answer in a solution's text, and whether two answers are the same. */
import { normaliseAnswer } from './answerForm.js';
import { parseNumber, sameNumber } from './rational.js';

/**
 * The final answer: the content of the last `\boxed{}` (braces balanced) or `\fbox{}`; else what
 * follows the last `####` on its line; else what follows the last "(final) answer is" (or "answer:")
 * up to the end of its sentence. Null where there is none of these, or nothing in it.
 */
export function extractAnswer(text: string): string | null {
  const found = lastBoxed(text) ?? afterHashes(text) ?? afterPhrase(text);
  return found === null || found === '' ? null : found;
}

/**
 * Whether two answers are the same: as normalised texts in the way of the MATH benchmark's
 * `is_equiv` (a percent sign, a unit and spacing do not count), or as exact numbers (fractions,
 * mixed numbers, decimals, thousands separators, percent as hundredths). Null equals nothing.
 */
export function sameAnswer(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return false;
  if (normaliseAnswer(a) === normaliseAnswer(b)) return true;
  const x = parseNumber(a);
  const y = parseNumber(b);
  return x !== null && y !== null && sameNumber(x, y);
}

/** The exact value of an answer as a float64, or null where it is no number. */
export function answerValue(answer: string): number | null {
  const parsed = parseNumber(answer);
  return parsed === null ? null : Number(parsed.numerator) / Number(parsed.denominator);
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

function afterPhrase(text: string): string | null {
  const phrase = /\banswer(?:\s+is|\s*:)\s*:?\s*((?:[^.!?\n]|\.(?=\d))*)/gi;
  const last = [...text.matchAll(phrase)].at(-1)?.[1];
  return last === undefined ? null : withoutFullStop(last);
}

function withoutFullStop(text: string): string {
  return text
    .trim()
    .replace(/^\*+|\*+$/g, '')
    .replace(/\.$/, '')
    .trim();
}
