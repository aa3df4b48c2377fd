/** Options as data: how they are written, read and explained. Flags follow from the keys. */
import { UsageError } from '../text/usageError.js';

export interface OptionSpec<T> {
  /** Placeholder of the value in the help; absent for a flag. */
  value?: string;
  help: string;
  default: T;
  /** @throws {UsageError} */
  parse: (text: string, flag: string) => T;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;

/** What a command receives. */
export type OptionValues<O> = { [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never };

/** `perLabel` → `--per-label` */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function flag(help: string): OptionSpec<boolean> {
  return { help, default: false, parse: () => true };
}

interface Described {
  value: string;
  help: string;
}

/** Any text. */
export function text(spec: Described & { default: string }): OptionSpec<string>;
export function text(spec: Described): OptionSpec<string | undefined>;
export function text(spec: Described & { default?: string }): OptionSpec<string | undefined> {
  return { default: undefined, ...spec, parse: (given) => given };
}

/** A whole number of at least `least` (default 1). */
export function integer(spec: Described & { default: number; least?: number }): OptionSpec<number>;
export function integer(spec: Described & { least?: number }): OptionSpec<number | undefined>;
export function integer(
  spec: Described & { default?: number; least?: number },
): OptionSpec<number | undefined> {
  const { least = 1, ...described } = spec;
  return {
    default: undefined,
    ...described,
    parse: (given, name) => readInteger(given, name, least),
  };
}

/** Any finite number. */
export function number(spec: Described & { default: number }): OptionSpec<number>;
export function number(spec: Described): OptionSpec<number | undefined>;
export function number(spec: Described & { default?: number }): OptionSpec<number | undefined> {
  return { default: undefined, ...spec, parse: readNumber };
}

/** One of a list. */
export function choice<C extends string>(
  choices: readonly C[],
  spec: { help: string; default: C },
): OptionSpec<C> {
  return {
    value: choices.join('|'),
    ...spec,
    parse: (given, name) => readChoice(given, name, choices),
  };
}

/** Comma-separated items, at least one. */
export function list<T>(
  spec: Described & { default: T[] },
  item: (text: string, flag: string) => T,
): OptionSpec<T[]>;
export function list<T>(
  spec: Described,
  item: (text: string, flag: string) => T,
): OptionSpec<T[] | undefined>;
export function list<T>(
  spec: Described & { default?: T[] },
  item: (text: string, flag: string) => T,
): OptionSpec<T[] | undefined> {
  return {
    default: undefined,
    ...spec,
    parse: (given, name) => {
      const items = given.split(',').map((part) => part.trim());
      if (given.trim() === '') {
        throw new UsageError(`${name}: empty (expected comma-separated ${spec.value})`);
      }
      return items.map((part) => item(part, name));
    },
  };
}

export function readChoice<C extends string>(
  given: string,
  name: string,
  choices: readonly C[],
): C {
  const found = choices.find((known) => known === given);
  if (found !== undefined) return found;
  throw new UsageError(`${name}: unknown value "${given}" (expected one of ${choices.join(', ')})`);
}

export function readInteger(given: string, name: string, least: number): number {
  const value = Number(given);
  if (given.trim() === '' || !Number.isInteger(value) || value < least) {
    throw new UsageError(`${name}: expected a whole number from ${least}, got "${given}"`);
  }
  return value;
}

export function readNumber(given: string, name: string): number {
  const value = Number(given);
  if (given.trim() === '' || !Number.isFinite(value)) {
    throw new UsageError(`${name}: expected a number, got "${given}"`);
  }
  return value;
}
