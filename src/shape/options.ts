/**
 * Options as shapes: type, check, default and help of each stand in one place. The command line reads
 * its flags from them, and manifests hold their values.
 */
import { z } from 'zod';

/** How an option is shown in the help. */
export interface OptionHelp {
  /** Placeholder of the value; none for a flag. */
  value?: string;
  help: string;
  /** What it is called where that is not its key in records, e.g. `corrector`. */
  flag?: string;
  /** Names that it had before: they work, and are not shown. */
  aliases?: readonly string[];
  /** Of a list of whole numbers: whether `4-6` stands for 4, 5, 6. */
  ranges?: boolean;
}

export type OptionShape = z.ZodType;
export type OptionShapes = Readonly<Record<string, OptionShape>>;

/** What a command receives. */
export type OptionValues<O extends OptionShapes> = { [K in keyof O]: z.output<O[K]> };

type Described = OptionHelp & { value: string };

/** A switch, off unless given. */
export function flag(help: string): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(false).meta({ help });
}

/** A switch, on unless `--no-…` is given. */
export function flagOn(help: string): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(true).meta({ help });
}

/** Any text. */
export function text(spec: Described & { default: string }): z.ZodDefault<z.ZodString>;
export function text(spec: Described): z.ZodOptional<z.ZodString>;
export function text({ default: usual, ...shown }: Described & { default?: string }): OptionShape {
  return usual === undefined
    ? z.string().optional().meta(shown)
    : z.string().default(usual).meta(shown);
}

/** Text of a form. @param expected the form, in words */
export function checkedText(
  spec: Described & { default: string; check: (given: string) => boolean; expected: string },
): z.ZodDefault<z.ZodString> {
  const { default: usual, check, expected, ...shown } = spec;
  return z.string().refine(check, `expected ${expected}`).default(usual).meta(shown);
}

export interface Bounds {
  /** Default 1. */
  least?: number;
  most?: number;
}

/** A whole number within bounds. */
export function integer(spec: Described & Bounds & { default: number }): z.ZodDefault<z.ZodNumber>;
export function integer(spec: Described & Bounds): z.ZodOptional<z.ZodNumber>;
export function integer(spec: Described & Bounds & { default?: number }): OptionShape {
  const { least = 1, most, default: usual, ...shown } = spec;
  const shape = wholeNumber(least);
  return optional(most === undefined ? shape : shape.max(most), usual).meta(shown);
}

/** Of lists, e.g. of layers. */
export function wholeNumber(least: number): z.ZodNumber {
  return z.int().min(least);
}

/** Any finite number. */
export function number(spec: Described & { default: number }): z.ZodDefault<z.ZodNumber>;
export function number(spec: Described): z.ZodOptional<z.ZodNumber>;
export function number({
  default: usual,
  ...shown
}: Described & { default?: number }): OptionShape {
  return optional(z.number(), usual).meta(shown);
}

/** One of a few names. */
export function choice<const C extends readonly string[]>(
  choices: C,
  spec: { help: string; default: C[number] },
): z.ZodType<C[number]>;
export function choice<const C extends readonly string[]>(
  choices: C,
  spec: { help: string },
): z.ZodType<C[number] | undefined>;
export function choice(
  choices: readonly string[],
  { help, default: usual }: { help: string; default?: string },
): OptionShape {
  return optional(z.enum(choices), usual).meta({ value: choices.join('|'), help });
}

/** Comma-separated items, at least one. */
export function list<T extends z.ZodType>(
  spec: Described & { default: z.output<T>[] },
  item: T,
): z.ZodDefault<z.ZodArray<T>>;
export function list<T extends z.ZodType>(spec: Described, item: T): z.ZodOptional<z.ZodArray<T>>;
export function list<T extends z.ZodType>(
  { default: usual, ...shown }: Described & { default?: z.output<T>[] },
  item: T,
): OptionShape {
  return optional(z.array(item).min(1), usual).meta(shown);
}

/** Layers from 0, one by one or as ranges: `3,7` or `4-9`. */
export function layerList(spec: {
  help: string;
  flag?: string;
}): z.ZodOptional<z.ZodArray<z.ZodNumber>> {
  return list({ value: 'layers', ranges: true, ...spec }, wholeNumber(0));
}

function optional(shape: z.ZodType, usual: unknown): z.ZodType {
  return usual === undefined ? shape.optional() : shape.default(usual);
}

/** The option's default; undefined where it has none. */
export function defaultOf(shape: OptionShape): unknown {
  return shape.parse(undefined);
}

/** How the option is shown. @throws where it was not made by a function of this file. */
export function helpOf(shape: OptionShape): OptionHelp {
  const { help, ...shown } = (shape.meta() ?? {}) as Partial<OptionHelp>;
  if (help === undefined) throw new Error('option: no help (expected a shape of shape/options.ts)');
  return { help, ...shown };
}
