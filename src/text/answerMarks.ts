/** What is written around an answer and does not count: marks of mathematics and of Markdown, units. */

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const subscripts = '₀₁₂₃₄₅₆₇₈₉';

/** Signs that LaTeX has commands for. */
const signs: Readonly<Record<string, string>> = {
  ...{ '−': '-', '–': '-', '×': '\\times ', '·': '\\cdot ', '⋅': '\\cdot ', '÷': '\\div ', '±': '\\pm ' },
  ...{ π: '\\pi ', '∞': '\\infty ', '√': '\\sqrt ', '≤': '\\leq ', '≥': '\\geq ', '≠': '\\neq ' },
  ...{ '∪': '\\cup ', '∩': '\\cap ', '∈': '\\in ', '∅': '\\emptyset ', θ: '\\theta ', α: '\\alpha ', β: '\\beta ' },
}; // prettier-ignore

/** One character as LaTeX would have it. */
function toLatex(letter: string): string {
  const sign = signs[letter];
  if (sign !== undefined) return sign;
  if (superscripts.includes(letter)) return `^{${superscripts.indexOf(letter)}}`;
  if (subscripts.includes(letter)) return `_{${subscripts.indexOf(letter)}}`;
  const plain = letter.normalize('NFKC');
  const vulgar = /^(\d+)\u2044(\d+)$/.exec(plain);
  return vulgar ? `\\frac{${vulgar[1] ?? ''}}{${vulgar[2] ?? ''}}` : plain;
}

/** Pairs of marks that may stand around the whole. */
const around = [
  /^\$\$([^$]*)\$\$$/s,
  /^\$([^$]*)\$$/s,
  /^\\\((.*)\\\)$/s,
  /^\\\[(.*)\\\]$/s,
  /^\*\*(.*)\*\*$/s,
  /^__(.*)__$/s,
  /^\*([^*]*)\*$/s,
  /^`([^`]*)`$/s,
  /^\\(?:boxed|fbox|mathbf|boldsymbol|bm|mathbb)\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}$/s,
] as const;

/** The answer without the marks around it, in one spelling of LaTeX. White space is kept, as it may count. */
export function unmarked(answer: string): string {
  let text = Array.from(answer.trim(), (letter) => (letter > '\x7f' ? toLatex(letter) : letter)).join(''); // prettier-ignore
  for (let before = ''; text !== before;) {
    before = text;
    text = text.trim().replace(/(?<!\\)[.;:,]+$/, '');
    for (const pair of around) text = text.replace(pair, '$1').trim();
  }
  return text
    .replace(/\\(?:left|right|displaystyle|textstyle|limits|big|Big|bigg|Bigg)(?![a-zA-Z])/g, '')
    .replace(/\\!/g, '')
    .replace(/\{,\}/g, ',')
    .replace(/(?<!\\)\\[,;:> ]|\\q?quad(?![a-zA-Z])|~/g, ' ')
    .replace(/\\[dtc]frac(?![a-zA-Z])/g, '\\frac')
    .replace(/\\(?:leqslant|le)(?![a-zA-Z])/g, '\\leq')
    .replace(/\\(?:geqslant|ge)(?![a-zA-Z])/g, '\\geq')
    .replace(/\\(?:varnothing)(?![a-zA-Z])/g, '\\emptyset')
    .replace(/\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z])|°)|°|\\degree(?![a-zA-Z])/g, '')
    .trim();
}

const wrapped =
  /\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname|texttt)\s*\{([^{}]*)\}/g;
/** Words behind a value: `apples`, `square units`, `km/h`, `cm^2`, `miles per hour`. */
const unit = /[a-zA-Z]+(?:\^\{?\d\}?)?(?:(?:\s+|\s*[/*·-]\s*|\s+per\s+)[a-zA-Z]+(?:\^\{?\d\}?)?)*/;
const wordsBehind = new RegExp(`^(.*[\\d)}\\]])\\s+(?:${unit.source})\\.?$`, 's');
/** Short ones that stand at the number itself; other letters there are variables. */
const shortUnit =
  /^(.*\d)(?:mm|cm|dm|km|kg|mg|ml|mL|min|hrs?|sec|lbs?|oz|ft|in|yd|mi|mph|m|g|s|h)(?:\^\{?\d\}?)?$/s;
const currency = /(?:\\\$|[$€£¥]|\bUSD\b|\bEUR\b)\s*/g;

/** A value without its unit, its currency and a word before it that says how near it is. */
export function withoutUnit(text: string): string {
  // `12\text{ cm}^2`: what stands in a text behind a value is its unit.
  let value = text.replace(
    /^(.*\S)\s*\\(?:text|mathrm|mbox|textbf|textrm)\s*\{[^{}]*\}(?:\^\{?\d\}?)?$/s,
    '$1',
  );
  value = value
    .replace(/(?<=[\d}])\s*\([a-zA-Z]{3,}[a-zA-Z ]*\)$/, '')
    .replace(/^(?:about|approximately|around|exactly)\s+/i, '');
  value = value.replace(wrapped, ' $1 ').replace(currency, '').trim();
  const single = /\s[a-zA-Z]$/.test(value) && !/\s[mgshL]$/.test(value);
  if (!single) value = value.replace(wordsBehind, '$1');
  return value.replace(shortUnit, '$1').trim();
}

/** A text that is no mathematics: letters alone count, `(A)` is `A`. */
export function plainWords(text: string): string {
  return text
    .replace(wrapped, '$1')
    .replace(/[{}$\\*]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.!]$/, '')
    .replace(/^\(([a-zA-Z])\)$/, '$1')
    .toLowerCase();
}
