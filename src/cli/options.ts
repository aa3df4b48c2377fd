/** Options as flags: their names, and their values out of what was typed. */
import { z } from 'zod';
import { defaultOf, helpOf, type OptionShape } from '../shape/options.js';
import { rangeOf, rangeRule } from '../text/range.js';
import { UsageError } from '../text/usageError.js';

/** `perLabel` → `--per-label` */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What an option is called: its own name, or its key's; a switch that is on is called by what turns it off. */
export function flagFor(key: string, shape: OptionShape): string {
  const flag = flagOf(helpOf(shape).flag ?? key);
  return defaultOf(shape) === true ? flag.replace(/^--/, '--no-') : flag;
}

/**
 * The value that was typed for an option.
 * @throws UsageError naming the flag, what is expected and what was given.
 */
export function readOption(shape: OptionShape, given: string, name: string): unknown {
  const inner = innerOf(shape);
  if (!(inner instanceof z.ZodArray)) return readOne(inner, given, name);
  if (given.trim() === '') {
    throw new UsageError(
      `${name}: empty (expected comma-separated ${String(shape.meta()?.value)})`,
    );
  }
  const item = innerOf(inner.element as OptionShape);
  const { ranges = false } = helpOf(shape);
  return given
    .split(',')
    .flatMap((part) => (ranges && readRange(part, name)) || [readOne(item, part.trim(), name)]);
}

/** Null where it is no range. */
function readRange(part: string, name: string): number[] | null {
  const range = rangeOf(part);
  if (range?.length !== 0) return range;
  throw new UsageError(`${name}: expected ${rangeRule}, got "${part.trim()}"`);
}

/** Without default and absence. */
function innerOf(shape: OptionShape): OptionShape {
  if (shape instanceof z.ZodDefault || shape instanceof z.ZodOptional) {
    return innerOf(shape.unwrap() as OptionShape);
  }
  return shape;
}

function readOne(shape: OptionShape, given: string, name: string): unknown {
  if (shape instanceof z.ZodEnum) return readChoice(given, name, shape.options.map(String));
  if (shape instanceof z.ZodNumber) {
    if (shape.format !== 'safeint') return readNumber(given, name);
    const least = Number.isFinite(shape.minValue) ? shape.minValue : null;
    return readInteger(given, name, { least: least ?? 0, most: shape.maxValue ?? Infinity });
  }
  const read = shape.safeParse(given);
  if (read.success) return read.data;
  throw new UsageError(`${name}: ${read.error.issues[0]?.message ?? 'not usable'}, got "${given}"`);
}

function readChoice(given: string, name: string, choices: readonly string[]): string {
  if (choices.includes(given)) return given;
  throw new UsageError(`${name}: unknown value "${given}" (expected one of ${choices.join(', ')})`);
}

function readInteger(
  given: string,
  name: string,
  { least, most }: { least: number; most: number },
): number {
  const value = Number(given);
  if (given.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    const to = most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : '';
    throw new UsageError(`${name}: expected a whole number from ${least}${to}, got "${given}"`);
  }
  return value;
}

function readNumber(given: string, name: string): number {
  const value = Number(given);
  if (given.trim() === '' || !Number.isFinite(value)) {
    throw new UsageError(`${name}: expected a number, got "${given}"`);
  }
  return value;
}
