/** What is too long for a model, left out before it runs, and named. */
import { describeContext } from '../runtime/contextLimit.js';
import type { Decoder } from '../runtime/decoder.js';

export interface FittingOptions<T> {
  decoder: Pick<Decoder, 'info'>;
  /** An item's prompt. */
  tokens: (item: T) => readonly number[];
  /** What an item is called. */
  name: (item: T) => string;
  /** What items are, in a word, e.g. `stimuli`. */
  what: string;
  /** Positions that are to be left for what is written. Default 0. */
  room?: number;
}

export interface Fitting<T> {
  kept: T[];
  /** One sentence where any was left out; else empty. */
  warnings: string[];
}

/**
 * The items whose prompt the model has positions for.
 * @throws where it has none for any of them.
 */
export function fitting<T>(items: readonly T[], options: FittingOptions<T>): Fitting<T> {
  const { context } = options.decoder.info;
  if (!context) return { kept: [...items], warnings: [] };
  const { tokens, name, what, room = 0 } = options;
  const { positions } = context;
  const lengths = items.map((item) => tokens(item).length);
  const fits = (_: T, i: number): boolean => (lengths[i] ?? 0) + room <= positions;
  const kept = items.filter(fits);
  const long = items.flatMap((item, i) =>
    fits(item, i) ? [] : [{ name: name(item), tokens: lengths[i] ?? 0, positions }],
  );
  if (long.length === 0) return { kept, warnings: [] };
  const count = `${long.length} of ${items.length} ${what}`;
  if (kept.length > 0) {
    return { kept, warnings: [`context: ${count} are left out, too long (${namedLong(long)})`] };
  }
  throw new Error(
    `context: all ${what} are too long (${namedLong(long)}); give shorter ones, or take a model with more positions`,
  );
}

const shown = 5;

/** `s17: 2,011 tokens, the model has 768 positions; …` */
export function namedLong(
  long: readonly { name: string; tokens: number; positions: number }[],
): string {
  const named = long.slice(0, shown).map((one) => `${one.name}: ${describeContext(one)}`);
  const more = long.length > shown ? ` and ${long.length - shown} more` : '';
  return named.join('; ') + more;
}
