/** The tokens of an expression as people and LaTeX write it. */

export type Token =
  /** A decimal without sign; `spaced`: white space stands before it. */
  | { kind: 'number'; text: string; spaced: boolean }
  /** A variable or a constant: one letter, a Greek one, or either with a subscript. */
  | { kind: 'name'; text: string }
  /** Of one argument. */
  | { kind: 'function'; text: string }
  /** `\frac` and its kin. */
  | { kind: 'frac' }
  | { kind: 'operator'; text: '+' | '-' | '*' | '/' | '^' | '±' | '!' }
  | { kind: 'open' | 'close' | 'bar'; text: string };

/** Functions of one argument, with a backslash or without. */
export const functions = ['sqrt', 'sin', 'cos', 'tan', 'cot', 'sec', 'csc', 'arcsin', 'arccos', 'arctan', 'log', 'ln', 'exp'] as const; // prettier-ignore

const greek =
  'alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega infty';
const names = new Set(greek.split(' '));
const operators: Readonly<Record<string, Extract<Token, { kind: 'operator' }>['text']>> = {
  ...{ '+': '+', '-': '-', '*': '*', '/': '/', '^': '^', '!': '!', '**': '^', ':': '/' },
  ...{ '\\times': '*', '\\cdot': '*', '\\div': '/', '\\pm': '±', '\\ast': '*' },
};

/** Each alternative is one sort of token; `[eE]` is a power of ten only between digits. */
const pattern =
  /\s+|\\[a-zA-Z]+|\*\*|\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3}(?![\d.]))?|\.\d+|[a-zA-Z]|[+\-*/^!]|[()[\]{}|]|\S/gy;
const subscript = /_(?:\{([a-zA-Z0-9]{1,8})\}|([a-zA-Z0-9]))/y;
const word = new RegExp(`(?:${functions.join('|')})(?![a-zA-Z])`, 'y');

/** Null where something stands in the text that is no part of an expression. */
export function tokenize(text: string): Token[] | null {
  const tokens: Token[] = [];
  let spaced = false;
  for (let at = 0; at < text.length;) {
    pattern.lastIndex = at;
    word.lastIndex = at;
    const found = word.exec(text)?.[0] ?? pattern.exec(text)?.[0] ?? '';
    at += found.length;
    if (found === '' || /^\s/.test(found)) {
      spaced = true;
      if (found === '') return null;
      continue;
    }
    const token = toToken(found, spaced);
    if (!token) return null;
    subscript.lastIndex = at;
    const below = subscript.exec(text);
    if (below) {
      // A subscript at a number names the base of its digits, which is not read.
      if (token.kind !== 'name' && !(token.kind === 'function' && token.text === 'log'))
        return null;
      token.text += `_${below[1] ?? below[2] ?? ''}`;
      at += below[0].length;
    }
    tokens.push(token);
    spaced = false;
  }
  return tokens;
}

function toToken(text: string, spaced: boolean): Token | null {
  if (/^[\d.]/.test(text) && /\d/.test(text)) return { kind: 'number', text, spaced };
  const operator = operators[text];
  if (operator) return { kind: 'operator', text: operator };
  const plain = text.replace('\\', '');
  if (text === '\\frac') return { kind: 'frac' };
  if (functions.some((name) => name === plain)) return { kind: 'function', text: plain };
  if (/^[a-zA-Z]$/.test(text) || (text !== plain && names.has(plain))) {
    return { kind: 'name', text: plain };
  }
  if (/^[([{]$/.test(text)) return { kind: 'open', text };
  if (text === '|') return { kind: 'bar', text };
  return /^[)\]}]$/.test(text) ? { kind: 'close', text } : null;
}
