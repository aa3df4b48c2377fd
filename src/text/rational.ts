/** Exact rational numbers as people and LaTeX write them. */

/** The denominator is positive; not reduced. */
export interface Rational {
  numerator: bigint;
  denominator: bigint;
}

/** Longer numbers are no answers; the bound keeps hostile text from costing time. */
const longest = 100;

const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$|^\d+(?:\.\d*)?$|^\.\d+$/;

/**
 * Reads an integer, a decimal, thousands (`1,200`, `1{,}200`), a fraction (`3/4`, `\frac{3}{4}`), a
 * mixed number (`1 1/2`, `1\frac{1}{2}`), a power of ten (`3 \times 10^{4}`, `3e4`), any of them with
 * a sign, a currency sign in front, or a percent sign (÷ 100) or a unit behind. Null: no number.
 */
export function parseNumber(text: string): Rational | null {
  if (text.length > longest) return null;
  let rest = text
    .trim()
    .replace(/^\\[([]|\\[)\]]$/g, '')
    .replace(/\$+$/, '');
  rest = rest.replace(/\\(?:left|right)(?![a-zA-Z])|\\[!,;: ]/g, '').replace(/\{,\}/g, ',');
  rest = rest
    .replace(/[dt]frac/g, 'frac')
    .replace(/−/g, '-')
    .replace(/^[a-zA-Z]\s*=\s*/, '');
  rest = rest
    .replace(/\s*\\(?:text|mathrm|mbox)\{[^{}]*\}\s*$/, '')
    .replace(/\.\s*$/, '')
    .trim();
  const negative = /^[\\$€£\s]*-/.test(rest);
  rest = rest.replace(/^[\\$€£\s+-]+(?=[\d.\\])/, (marks) => (marks.endsWith('\\') ? '\\' : ''));
  const percent = /\\?%$/.test(rest);
  rest = rest.replace(/\s*\\?%$/, '');
  // A unit in words: `12 apples`.
  rest = rest.replace(/(\d)\s+[a-zA-Z][a-zA-Z\s]*$/, '$1').trim();
  const value = fraction(rest) ?? mixed(rest) ?? power(rest) ?? decimal(rest);
  if (value === null) return null;
  return {
    numerator: negative ? -value.numerator : value.numerator,
    denominator: percent ? value.denominator * 100n : value.denominator,
  };
}

export function sameNumber(a: Rational, b: Rational): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator;
}

function decimal(text: string): Rational | null {
  if (!plain.test(text)) return null;
  const [whole = '', part = ''] = text.replace(/,/g, '').split('.');
  return { numerator: BigInt(whole + part || '0'), denominator: 10n ** BigInt(part.length) };
}

function fraction(text: string): Rational | null {
  const found =
    /^([\d.,]+)\s*\/\s*([\d.,]+)$/.exec(text) ??
    /^\\frac\s*\{\s*(-?[\d.,]+)\s*\}\s*\{\s*(-?[\d.,]+)\s*\}$/.exec(text) ??
    /^\\frac\s*(\d)\s*(\d)$/.exec(text);
  if (found === null) return null;
  const [above = '', below = ''] = found.slice(1);
  const numerator = decimal(above.replace('-', ''));
  const denominator = decimal(below.replace('-', ''));
  if (numerator === null || denominator === null || denominator.numerator === 0n) return null;
  const sign = above.startsWith('-') === below.startsWith('-') ? 1n : -1n;
  return {
    numerator: sign * numerator.numerator * denominator.denominator,
    denominator: numerator.denominator * denominator.numerator,
  };
}

function mixed(text: string): Rational | null {
  const found = /^(\d+)\s+(\d+\s*\/\s*\d+)$/.exec(text) ?? /^(\d+)\s*(\\frac.+)$/.exec(text);
  const part = found === null ? null : fraction(found[2] ?? '');
  if (found === null || part === null) return null;
  const whole = BigInt(found[1] ?? '0');
  return { ...part, numerator: whole * part.denominator + part.numerator };
}

function power(text: string): Rational | null {
  const found =
    /^([\d.,]+)\s*(?:\\times|\\cdot|×|\*)\s*10\^\{?(-?\d{1,3})\}?$/.exec(text) ??
    /^([\d.]+)[eE]([+-]?\d{1,3})$/.exec(text);
  const value = found === null ? null : decimal(found[1] ?? '');
  if (found === null || value === null) return null;
  const exponent = Number(found[2]);
  const factor = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0
    ? { ...value, denominator: value.denominator * factor }
    : { ...value, numerator: value.numerator * factor };
}
