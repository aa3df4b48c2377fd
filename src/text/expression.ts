/**
 * Expressions as people and LaTeX write them: `3/4`, `1\frac{1}{2}`, `3 \times 10^4`, `2\sqrt{5}x`.
 * Without variables they have a value, exact where it is rational; with variables, two are the same
 * where they agree at several points.
 */
import {
  add, divide, multiply, negate, parseDecimal, power, sameNumber, squareRoot, toNumber, type Rational,
} from './rational.js'; // prettier-ignore
import { tokenize, type Token } from './expressionTokens.js';

export type Expression =
  | { kind: 'number'; exact: Rational; decimals: number }
  | { kind: 'name'; name: string }
  | { kind: 'call'; name: string; of: Expression }
  | { kind: '+' | '*' | '/' | '^'; left: Expression; right: Expression }
  | { kind: '-'; of: Expression }
  | { kind: '±'; left: Expression | null; right: Expression };

/** Longer ones are no answers; the bounds keep hostile text from costing time. */
const longest = 400;
const longestNumber = 100;
const deepest = 40;

/** Null where the text is no expression. */
export function parseExpression(text: string): Expression | null {
  if (text.length > longest) return null;
  const tokens = tokenize(text);
  if (!tokens || tokens.length === 0) return null;
  const reader = new Reader(tokens);
  const read = reader.sum();
  return reader.ended ? read : null;
}

/** Recursive descent; a null is handed up to the caller. */
class Reader {
  #at = 0;
  #depth = 0;
  #failed = false;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get ended(): boolean {
    return !this.#failed && this.#at === this.#tokens.length;
  }

  sum(): Expression | null {
    if (++this.#depth > deepest) return null;
    let left = this.#signed();
    for (;;) {
      const sign = this.#operator('+', '-', '±');
      if (!left || sign === null) break;
      const right = this.#product();
      if (!right) return null;
      if (sign === '±') left = { kind: '±', left, right };
      else left = { kind: '+', left, right: sign === '-' ? { kind: '-', of: right } : right };
    }
    this.#depth--;
    return left;
  }

  /** A product with signs before it. */
  #signed(): Expression | null {
    const sign = this.#operator('+', '-', '±');
    if (sign === null) return this.#product();
    if (++this.#depth > deepest) return null;
    const of = this.#signed();
    this.#depth--;
    if (!of || sign === '+') return of;
    return sign === '-' ? { kind: '-', of } : { kind: '±', left: null, right: of };
  }

  #product(): Expression | null {
    let left = this.#mixed() ?? this.#power();
    while (left) {
      const operator = this.#operator('*', '/');
      const next = this.#peek();
      // `1 2` is nothing; `\pi 2` is a product.
      if (operator === null && (!next || ['close', 'operator', 'bar'].includes(next.kind))) break;
      if (operator === null && next?.kind === 'number' && this.#followsNumber()) return null;
      const right: Expression | null = operator === null ? this.#power() : this.#factor();
      if (!right) return null;
      left = { kind: operator ?? '*', left, right };
    }
    return left;
  }

  /** After `*` or `/`, a sign may stand. */
  #factor(): Expression | null {
    const sign = this.#operator('+', '-');
    const of = this.#power();
    return of && sign === '-' ? { kind: '-', of } : of;
  }

  /** `1\frac{1}{2}` and `1 1/2`: a whole number and a fraction of whole numbers beside it. */
  #mixed(): Expression | null {
    const start = this.#at;
    const whole = this.#whole();
    if (whole && this.#peek()?.kind === 'frac') {
      const part = this.#frac();
      // What was read once is not read again: hostile nesting would double the work at every level.
      if (!part) this.#failed = true;
      return part && { kind: isFraction(part) ? '+' : '*', left: whole, right: part };
    }
    const part = whole && this.#slashed();
    if (part) return { kind: '+', left: whole, right: part };
    this.#at = start;
    return null;
  }

  #slashed(): Expression | null {
    const next = this.#peek();
    const left = next?.kind === 'number' && next.spaced ? this.#whole() : null;
    const right = left && this.#operator('/') && this.#whole();
    return right ? { kind: '/', left, right } : null;
  }

  #whole(): Expression | null {
    const next = this.#peek();
    return next?.kind === 'number' && /^\d+$/.test(next.text) ? this.#atom() : null;
  }

  #power(): Expression | null {
    let base = this.#atom();
    if (this.#operator('!')) base = base && { kind: 'call', name: 'factorial', of: base };
    if (!base || this.#operator('^') === null) return base;
    const sign = this.#operator('-');
    const of = this.#peek()?.kind === 'number' ? this.#atom() : this.#power();
    if (!of) return null;
    return { kind: '^', left: base, right: sign ? { kind: '-', of } : of };
  }

  #atom(): Expression | null {
    const token = this.#peek();
    if (token?.kind === 'frac') return this.#frac();
    if (!token || token.kind === 'operator' || token.kind === 'close') return null;
    this.#at++;
    if (token.kind === 'bar') return this.#absolute();
    if (token.kind === 'number') return toNumberExpression(token.text);
    if (token.kind === 'name') return { kind: 'name', name: token.text };
    if (token.kind === 'open') return this.#inside(token.text);
    return this.#call(token.text);
  }

  /** `\sqrt2`, `\sqrt[3]{2}` (not read), `\sin x`, `\log(10)`. */
  #call(name: string): Expression | null {
    if (name === 'sqrt' && this.#isOpen('[')) return this.#root();
    const of = name === 'sqrt' ? this.#argument() : this.#power();
    return of && { kind: 'call', name, of };
  }

  #root(): Expression | null {
    this.#at++;
    const degree = this.#inside('[');
    const of = degree && this.#argument();
    const one = toNumberExpression('1');
    return of && one && { kind: '^', left: of, right: { kind: '/', left: one, right: degree } };
  }

  #frac(): Expression | null {
    this.#at++;
    const left = this.#argument();
    const right = left && this.#argument();
    return right && { kind: '/', left, right };
  }

  /** What LaTeX takes for an argument: a group, or one digit or sign. */
  #argument(): Expression | null {
    const token = this.#peek();
    if (token?.kind !== 'number' || token.text.length === 1) return this.#atom();
    const digits = token.text;
    if (!/^\d/.test(digits)) return null;
    const tokens = this.#tokens as Token[];
    tokens.splice(this.#at, 1, { ...token, text: digits.slice(0, 1) }, { ...token, text: digits.slice(1), spaced: false }); // prettier-ignore
    return this.#atom();
  }

  #inside(open: string): Expression | null {
    const inner = this.sum();
    const close = this.#peek();
    const partner = { '(': ')', '[': ']', '{': '}' }[open];
    if (!inner || close?.kind !== 'close' || close.text !== partner) return null;
    this.#at++;
    return inner;
  }

  /** `|x|`, whose first bar is read. */
  #absolute(): Expression | null {
    const of = this.sum();
    if (!of || this.#peek()?.kind !== 'bar') return null;
    this.#at++;
    return { kind: 'call', name: 'abs', of };
  }

  /** Whether a number is not spaced from a name before it, or stands behind a number. */
  #followsNumber(): boolean {
    const [before, token] = this.#tokens.slice(this.#at - 1, this.#at + 1);
    const isApart = token?.kind === 'number' && token.spaced;
    return before?.kind === 'number' || (before?.kind === 'name' && !isApart);
  }

  #isOpen(text: string): boolean {
    const token = this.#peek();
    return token?.kind === 'open' && token.text === text;
  }

  #operator<T extends string>(...wanted: readonly T[]): T | null {
    const token = this.#peek();
    const found = wanted.find((text) => token?.kind === 'operator' && token.text === text);
    if (found === undefined) return null;
    this.#at++;
    return found;
  }

  #peek(): Token | undefined {
    return this.#failed ? undefined : this.#tokens[this.#at];
  }
}

/** Of two numbers, as a mixed number has it. */
function isFraction(part: Expression): boolean {
  return part.kind === '/' && part.left.kind === 'number' && part.right.kind === 'number';
}

function toNumberExpression(text: string): Expression | null {
  const [mantissa = '', exponent] = text.split(/[eE]/);
  if (mantissa.length > longestNumber || !/\d/.test(mantissa)) return null;
  const plain = parseDecimal(mantissa);
  const decimals = mantissa.split('.')[1]?.length ?? 0;
  const factor =
    exponent === undefined ? undefined : power(parseDecimal('10'), signed(Number(exponent)));
  if (exponent === undefined) return { kind: 'number', exact: plain, decimals };
  const exact = factor && multiply(plain, factor);
  return exact ? { kind: 'number', exact, decimals } : null;
}

function signed(value: number): Rational {
  return { numerator: BigInt(value), denominator: 1n };
}

/** Its value where it is rational and has no variables; else undefined. */
export function exactValue(expression: Expression): Rational | undefined {
  switch (expression.kind) {
    case 'number':
      return expression.exact;
    case '-': {
      const value = exactValue(expression.of);
      return value && negate(value);
    }
    case 'call': {
      const value = exactValue(expression.of);
      if (!value) return undefined;
      if (expression.name === 'sqrt') return squareRoot(value);
      if (expression.name === 'abs') return value.numerator < 0n ? negate(value) : value;
      return expression.name === 'factorial' ? factorial(value) : undefined;
    }
    case '+':
    case '*':
    case '/':
    case '^': {
      const [left, right] = [exactValue(expression.left), exactValue(expression.right)];
      return left && right && operations[expression.kind](left, right);
    }
    default:
      return undefined;
  }
}

const operations = { '+': add, '*': multiply, '/': divide, '^': power } as const;

function factorial({ numerator, denominator }: Rational): Rational | undefined {
  if (denominator !== 1n || numerator < 0n || numerator > 100n) return undefined;
  let product = 1n;
  for (let i = 2n; i <= numerator; i++) product *= i;
  return { numerator: product, denominator: 1n };
}

/** Values of variables. */
type Values = (name: string) => number;

const calls: Readonly<Record<string, (value: number) => number>> = {
  ...{ sqrt: Math.sqrt, sin: Math.sin, cos: Math.cos, tan: Math.tan, ln: Math.log, exp: Math.exp },
  ...{ log: Math.log10, arcsin: Math.asin, arccos: Math.acos, arctan: Math.atan },
  ...{
    abs: Math.abs,
    cot: (x) => 1 / Math.tan(x),
    sec: (x) => 1 / Math.cos(x),
    csc: (x) => 1 / Math.sin(x),
  },
};

/** As a float64, NaN where it has none. */
export function evaluate(expression: Expression, values: Values): number {
  switch (expression.kind) {
    case 'number':
      return toNumber(expression.exact);
    case 'name':
      return values(expression.name);
    case '-':
      return -evaluate(expression.of, values);
    case 'call':
      return call(expression.name, evaluate(expression.of, values));
    case '±':
      return NaN;
    default: {
      const left = evaluate(expression.left, values);
      const right = evaluate(expression.right, values);
      if (expression.kind === '+') return left + right;
      if (expression.kind === '*') return left * right;
      return expression.kind === '/' ? left / right : left ** right;
    }
  }
}

/** `log_2` has its base in its name. */
function call(name: string, of: number): number {
  const base = /^log_(\d+|e)$/.exec(name)?.[1];
  if (base !== undefined) return Math.log(of) / (base === 'e' ? 1 : Math.log(Number(base)));
  return calls[name]?.(of) ?? NaN;
}

const constants: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E, infty: Infinity };

/** The names of variables in it, and how many decimals its longest decimal has. */
function describe(expression: Expression): { variables: boolean; decimals: number } {
  if (expression.kind === 'number') return { variables: false, decimals: expression.decimals };
  if (expression.kind === 'name') {
    const constant = Object.hasOwn(constants, expression.name);
    return { variables: !constant, decimals: constant ? Infinity : 0 };
  }
  const parts = 'of' in expression ? [expression.of] : [expression.left, expression.right];
  const described = parts.flatMap((part) => (part ? [describe(part)] : []));
  const irrational = expression.kind === 'call' || expression.kind === '^' ? Infinity : 0;
  return {
    variables: described.some(({ variables }) => variables),
    decimals: Math.max(irrational, ...described.map(({ decimals }) => decimals)),
  };
}

/** Points at which expressions with variables are compared. */
const points = [0.7391, 1.9137, 3.3719, -1.2713, 2.6171, -0.4513];

/** A number for a variable at a point, another for every name. */
function valueAt(point: number): Values {
  return (name) => {
    const constant = constants[name];
    if (constant !== undefined) return constant;
    let hash = 0;
    for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
    return point * (1 + hash / 9973);
  };
}

/** Decimals from which a number is an approximation of what it may be compared with. */
const approximate = 6;

/**
 * Whether two expressions have one value: exactly; or to six decimals where one of them is irrational
 * or has as many; or, with variables, at several points.
 */
export function sameExpression(a: Expression, b: Expression): boolean {
  const [one, other] = [describe(a), describe(b)];
  if (one.variables || other.variables) return agree(a, b);
  const [x, y] = [exactValue(a), exactValue(b)];
  if (x && y && sameNumber(x, y)) return true;
  if (x && y && Math.max(one.decimals, other.decimals) < approximate) return false;
  const [left, right] = [evaluate(a, valueAt(1)), evaluate(b, valueAt(1))];
  // A division by zero has no value; infinity is one that is written.
  if (!Number.isFinite(left) || !Number.isFinite(right))
    return isEndless(a) && isEndless(b) && left === right;
  const difference = Math.abs(left - right);
  return difference <= 5e-7 && difference <= 1e-4 * Math.max(Math.abs(left), Math.abs(right));
}

function isEndless(expression: Expression): boolean {
  if (expression.kind === '-') return isEndless(expression.of);
  return expression.kind === 'name' && expression.name === 'infty';
}

function agree(a: Expression, b: Expression): boolean {
  let compared = 0;
  for (const point of points) {
    const [x, y] = [evaluate(a, valueAt(point)), evaluate(b, valueAt(point))];
    if (Number.isFinite(x) !== Number.isFinite(y)) return false;
    if (!Number.isFinite(x)) continue;
    if (Math.abs(x - y) > 1e-9 * Math.max(1, Math.abs(x), Math.abs(y))) return false;
    compared++;
  }
  return compared > 1;
}
