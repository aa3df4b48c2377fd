/**
 * The form of an answer: a value, a list, a set, a tuple or interval, a matrix, a relation, or words.
 * After Math-Verify (Hugging Face) and the MATH benchmark's `is_equiv` (Hendrycks et al. 2021), whose
 * verdicts on our pairs are in test/goldens/answers.json; written anew.
 */
import { parseExpression, sameExpression, type Expression } from './expression.js';
import { plainWords, unmarked, withoutUnit } from './answerMarks.js';

export type Form =
  | { kind: 'value'; expression: Expression; percent: boolean; of: string | undefined }
  /** `list` and `set` have no order; a `tuple` has, and its brackets count. */
  | { kind: 'list' | 'set' | 'union' | 'matrix'; items: readonly Form[] }
  | { kind: 'tuple'; items: readonly Form[]; brackets: string }
  | { kind: 'relation'; sides: readonly Form[]; signs: readonly string[] }
  | { kind: 'words'; text: string };

/** Longer answers are texts; the bound keeps hostile text from costing time. */
const longest = 600;

export function formOf(answer: string): Form {
  const text = unmarked(answer);
  if (text.length > longest) return { kind: 'words', text: plainWords(text) };
  return parseWhole(text);
}

function parseWhole(text: string): Form {
  return (
    parseUnion(text) ??
    parseList(text) ??
    parseRelation(text) ??
    parseItem(text) ?? { kind: 'words', text: plainWords(text) }
  );
}

/** What may stand in a list: a value, a bracketed form, or words. */
function parseItem(text: string): Form | null {
  return parseMatrix(text) ?? parseBracketed(text) ?? parseNamed(text) ?? parseValue(text);
}

function parseUnion(text: string): Form | null {
  const parts = splitAtTop(text, /^\\cup(?![a-zA-Z])/);
  return parts.length > 1 ? { kind: 'union', items: parts.map(parseWhole) } : null;
}

/** Commas outside brackets, `and` and `or`; a comma between thousands is none. */
function parseList(text: string): Form | null {
  const plain = text
    .replace(/,?\s*\\text\s*\{\s*(?:and|or)\s*\}/g, ',')
    .replace(/,?\s+(?:and|or)\s+(?=\S)/g, ',');
  const parts = splitAtTop(joinThousands(plain), /^,/);
  if (parts.length > 1) {
    if (parts.some((part) => part === '')) return null;
    return {
      kind: 'list',
      items: parts.map(
        (part) =>
          parseRelation(part) ?? parseItem(part) ?? { kind: 'words', text: plainWords(part) },
      ),
    };
  }
  return plain === text ? null : parseWhole(plain);
}

/** `12,345` is one number outside brackets; `12, 345` and `(12,345)` are two. */
function joinThousands(text: string): string {
  let depth = 0;
  return text.replace(/[([{]|[)\]}]|(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])/g, (found) => {
    if (/^[([{]$/.test(found)) depth++;
    else if (/^[)\]}]$/.test(found)) depth--;
    else if (depth === 0) return found.replaceAll(',', '');
    return found;
  });
}

const relationSigns =
  /^(?:<|>|\\leq(?![a-zA-Z])|\\geq(?![a-zA-Z])|\\neq(?![a-zA-Z])|\\lt(?![a-zA-Z])|\\gt(?![a-zA-Z]))/;
const turned: Readonly<Record<string, string>> = { '>': '<', '\\geq': '\\leq', '\\gt': '<' };

/** `x > 3`, `1 < x \leq 2`: an interval where it bounds one variable. */
function parseRelation(text: string): Form | null {
  const parts = splitAtTop(text, relationSigns);
  if (parts.length < 2 || parts.length > 3) return null;
  const found: string[] = [];
  splitAtTop(text, relationSigns, (sign) =>
    found.push(sign.replace('\\lt', '<').replace('\\gt', '>')),
  );
  const backwards = found.every((sign) => sign in turned);
  const sides = parts.map(
    (part) => parseItem(part) ?? ({ kind: 'words', text: plainWords(part) } as const),
  );
  const signs = backwards ? found.map((sign) => turned[sign] ?? sign).reverse() : found;
  return (
    toInterval(backwards ? sides.reverse() : sides, signs) ?? { kind: 'relation', sides, signs }
  );
}

const endless = {
  kind: 'value',
  expression: { kind: 'name', name: 'infty' },
  percent: false,
  of: undefined,
} as const;
const minusEndless = { ...endless, expression: { kind: '-', of: endless.expression } } as const;

function toInterval(sides: readonly Form[], signs: readonly string[]): Form | null {
  const isVariable = (side: Form | undefined): boolean =>
    side?.kind === 'value' && side.expression.kind === 'name';
  const open = (sign: string | undefined): boolean => sign === '<';
  if (!signs.every((sign) => sign === '<' || sign === '\\leq')) return null;
  const [first, second, third] = sides;
  if (!first || !second) return null;
  if (third) {
    if (!isVariable(second)) return null;
    return {
      kind: 'tuple',
      items: [first, third],
      brackets: (open(signs[0]) ? '(' : '[') + (open(signs[1]) ? ')' : ']'),
    };
  }
  if (isVariable(first))
    return { kind: 'tuple', items: [minusEndless, second], brackets: open(signs[0]) ? '()' : '(]' };
  return isVariable(second)
    ? { kind: 'tuple', items: [first, endless], brackets: open(signs[0]) ? '()' : '[)' }
    : null;
}

/** `(1, 2)`, `[0, 1)`, `\{1, 2\}`, `\emptyset`. */
function parseBracketed(text: string): Form | null {
  if (/^(?:\\emptyset|\\\{\s*\\\})$/.test(text)) return { kind: 'set', items: [] };
  const set = /^\\\{(.*)\\\}$/s.exec(text);
  if (set) return { kind: 'set', items: splitAtTop(set[1] ?? '', /^,/).map(parseWhole) };
  const [open, inner, close] = [text[0] ?? '', text.slice(1, -1), text.at(-1) ?? ''];
  if (!'(['.includes(open) || !')]'.includes(close) || text.length < 2) return null;
  const items = splitAtTop(inner, /^,/);
  if (items.length < 2 || !balanced(inner)) return null;
  return { kind: 'tuple', items: items.map(parseWhole), brackets: open + close };
}

function parseMatrix(text: string): Form | null {
  const found = /^\\begin\{([bpvBV]?matrix|array)\}(?:\{[^{}]*\})?(.*)\\end\{\1\}$/s.exec(text);
  if (!found) return null;
  const rows = (found[2] ?? '')
    .split(/\\\\/)
    .map((row) => row.trim())
    .filter((row) => row !== '');
  const items = rows.map((row): Form => ({
    kind: 'tuple',
    brackets: '()',
    items: row.split('&').map((cell) => parseWhole(cell.trim())),
  }));
  return { kind: 'matrix', items };
}

/** `x = 5`, `f(x) = 5`, `\text{area} = 5`, `(x, y) = (1, 2)`, `x \in [0, 1]`: what is named is the value. */
function parseNamed(text: string): Form | null {
  const parts = splitAtTop(text, /^(?:=|\\in(?![a-zA-Z])|\\approx(?![a-zA-Z]))/);
  const [name = '', value = ''] = parts;
  if (parts.length !== 2 || value === '') return null;
  if (!/[a-zA-Z]/.test(name) || /^\s*\d/.test(name)) return parseSolved(name, value);
  const form = parseItem(value);
  return form?.kind === 'value' ? { ...form, of: name.replace(/\s+/g, '') } : form;
}

/** `9 * 2 = 18` and `\approx 18`: the right side, where it is true. */
function parseSolved(left: string, right: string): Form | null {
  const form = parseItem(right);
  if (left.trim() === '') return form;
  const solved = parseItem(left);
  return form && solved && form.kind === 'value' && sameForm(form, solved) ? form : null;
}

function parseValue(text: string): Form | null {
  const percent = /^(.*[\d}])\s*(?:\\?%|percent|per cent)$/s.exec(text);
  const plain = joinThousands(percent?.[1] ?? withoutUnit(text));
  // Letters alone are words: `no` is not n times o.
  if (/^[a-zA-Z]{2,}$/.test(plain) || /[a-zA-Z]{3,}/.test(plain.replace(/\\[a-zA-Z]+|sqrt/g, '')))
    return null;
  const expression = parseExpression(withoutCurrency(plain));
  if (!expression) return null;
  if (expression.kind !== '±')
    return { kind: 'value', expression, percent: percent !== null, of: undefined };
  const { left, right } = expression;
  const both = [right, { kind: '-', of: right } as const].map((of): Form => ({
    ...{ kind: 'value', percent: percent !== null, of: undefined },
    expression: left ? { kind: '+', left, right: of } : of,
  }));
  return { kind: 'list', items: both };
}

function withoutCurrency(text: string): string {
  return text.replace(/\\?[$€£¥]/g, '');
}

function balanced(text: string): boolean {
  let depth = 0;
  for (const letter of text) {
    if ('([{'.includes(letter)) depth++;
    else if (')]}'.includes(letter) && --depth < 0) return false;
  }
  return depth === 0;
}

/** The parts between separators that stand outside brackets, trimmed. @param onSeparator told each */
function splitAtTop(
  text: string,
  separator: RegExp,
  onSeparator?: (found: string) => void,
): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? '';
    if ('([{'.includes(letter)) depth++;
    else if (')]}'.includes(letter)) depth--;
    const found = depth === 0 ? separator.exec(text.slice(at, at + 12))?.[0] : undefined;
    if (found === undefined) continue;
    onSeparator?.(found);
    parts.push(text.slice(start, at).trim());
    at += found.length - 1;
    start = at + 1;
  }
  return [...parts, text.slice(start).trim()];
}

/** Whether two forms say the same. */
export function sameForm(a: Form, b: Form): boolean {
  if (a.kind === 'words' || b.kind === 'words') {
    return a.kind === 'words' && b.kind === 'words' && a.text === b.text && a.text !== '';
  }
  if (a.kind === 'value' && b.kind === 'value') return sameValue(a, b);
  if (a.kind === 'value' || b.kind === 'value') return false;
  if (a.kind === 'relation' || b.kind === 'relation') {
    if (a.kind !== 'relation' || b.kind !== 'relation') return false;
    return a.signs.join() === b.signs.join() && sameInOrder(a.sides, b.sides);
  }
  if (a.kind === 'tuple' && b.kind === 'tuple') {
    return a.brackets === b.brackets && sameInOrder(a.items, b.items);
  }
  if (a.kind === 'matrix' || b.kind === 'matrix' || a.kind === 'union' || b.kind === 'union') {
    if (a.kind !== b.kind) return false;
    return a.kind === 'matrix' ? sameInOrder(a.items, b.items) : sameInAnyOrder(a.items, b.items);
  }
  // A bare list may stand for a set or, in its order, for a tuple in round brackets.
  const tuple = [a, b].find((form) => form.kind === 'tuple');
  if (!tuple) return sameInAnyOrder(a.items, b.items);
  const isList = a.kind === 'list' || b.kind === 'list';
  return (
    isList && tuple.kind === 'tuple' && tuple.brackets === '()' && sameInOrder(a.items, b.items)
  );
}

type Value = Extract<Form, { kind: 'value' }>;

/** Of what two values are: `x`, or the left side of an equation. */
function sameName(a: string, b: string): boolean {
  const [left, right] = [parseExpression(a), parseExpression(b)];
  return a === b || (left !== null && right !== null && sameExpression(left, right));
}

/** A percent sign may be left out, or stand for hundredths. */
function sameValue(a: Value, b: Value): boolean {
  if (a.of !== undefined && b.of !== undefined && !sameName(a.of, b.of)) return false;
  if (sameExpression(a.expression, b.expression)) return true;
  if (a.percent === b.percent) return false;
  const [share, plain] = a.percent ? [a, b] : [b, a];
  return sameExpression(hundredth(share.expression), plain.expression);
}

export function hundredth(of: Expression): Expression {
  const hundred = {
    kind: 'number',
    exact: { numerator: 100n, denominator: 1n },
    decimals: 0,
  } as const;
  return { kind: '/', left: of, right: hundred };
}

function sameInOrder(a: readonly Form[], b: readonly Form[]): boolean {
  return a.length === b.length && a.every((form, i) => isSameAt(form, b[i]));
}

function isSameAt(form: Form, other: Form | undefined): boolean {
  return other !== undefined && sameForm(form, other);
}

function sameInAnyOrder(a: readonly Form[], b: readonly Form[]): boolean {
  const left = [...b];
  return (
    a.length === b.length &&
    a.every((form) => {
      const at = left.findIndex((other) => sameForm(form, other));
      if (at >= 0) left.splice(at, 1);
      return at >= 0;
    })
  );
}
