/** Exact rational numbers. Results that grow too long to be an answer are undefined. */

/** The denominator is positive; not reduced. */
export interface Rational {
  numerator: bigint;
  denominator: bigint;
}

/** The bound keeps hostile text from costing time. */
const mostDigits = 400;
const longest = 10n ** BigInt(mostDigits);
const largestExponent = 400;

/** A decimal without sign: `12`, `1.50`, `.5`. */
export function parseDecimal(text: string): Rational {
  const [whole = '', part = ''] = text.split('.');
  return { numerator: BigInt(whole + part || '0'), denominator: 10n ** BigInt(part.length) };
}

export function sameNumber(a: Rational, b: Rational): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator;
}

export function add(a: Rational, b: Rational): Rational | undefined {
  return bounded({
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  });
}

export function negate({ numerator, denominator }: Rational): Rational {
  return { numerator: -numerator, denominator };
}

export function multiply(a: Rational, b: Rational): Rational | undefined {
  return bounded({
    numerator: a.numerator * b.numerator,
    denominator: a.denominator * b.denominator,
  });
}

/** Undefined for a division by zero. */
export function divide(a: Rational, { numerator, denominator }: Rational): Rational | undefined {
  if (numerator === 0n) return undefined;
  const sign = numerator < 0n ? -1n : 1n;
  return multiply(a, { numerator: sign * denominator, denominator: sign * numerator });
}

/** Of whole exponents; undefined for others, and for 0 to a power that is not positive. */
export function power(base: Rational, exponent: Rational): Rational | undefined {
  if (exponent.numerator % exponent.denominator !== 0n) return undefined;
  const times = Number(exponent.numerator / exponent.denominator);
  if (Math.abs(times) > largestExponent || (times <= 0 && base.numerator === 0n)) return undefined;
  let result: Rational | undefined = { numerator: 1n, denominator: 1n };
  for (let i = 0; i < Math.abs(times) && result; i++) result = multiply(result, base);
  return result && (times < 0 ? divide({ numerator: 1n, denominator: 1n }, result) : result);
}

/** The exact root where there is one. */
export function squareRoot({ numerator, denominator }: Rational): Rational | undefined {
  const root = (value: bigint): bigint | undefined => {
    const near = BigInt(Math.round(Math.sqrt(Number(value))));
    return near * near === value ? near : undefined;
  };
  if (numerator < 0n || numerator > 10n ** 30n || denominator > 10n ** 30n) return undefined;
  // √(a/b) = √(ab)/b, so that 8/2 has a root though neither 8 nor 2 has.
  const above = root(numerator * denominator);
  return above === undefined ? undefined : { numerator: above, denominator };
}

export function toNumber({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator);
}

function bounded(value: Rational): Rational | undefined {
  const size = value.numerator < 0n ? -value.numerator : value.numerator;
  return size > longest || value.denominator > longest ? undefined : value;
}
