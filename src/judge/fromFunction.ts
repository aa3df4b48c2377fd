/** One's own functions as scorers and preferences. */
import {
  bothAgree,
  checkPreferred,
  preferenceInOrders,
  turned,
  type Comparison,
  type Preference,
  type PreferencePair,
  type Preferred,
} from './preference.js';
import { yesNo, type Score, type ScoredItem, type Scorer } from './scorer.js';

/** What a function does not say of itself. */
export interface FunctionInfo {
  name: string;
  /** Changes when the function does, e.g. `length:2`. Default: the name. */
  identity?: string;
}

/**
 * A scorer that asks a function about one answer at a time, side by side within a batch.
 * @param options.unit default yes/no: the function says true or false
 * @param options.better default `higher`
 * @example
 * const short = scorerFromFunction({
 *   name: 'length', unit: 'characters', better: 'lower',
 *   score: ({ answer }) => answer.length,
 * });
 */
export function scorerFromFunction(
  options: FunctionInfo & {
    unit?: string;
    better?: 'higher' | 'lower';
    score: (item: ScoredItem, options: { signal?: AbortSignal }) => Score | Promise<Score>;
  },
): Scorer {
  const { name, identity = name, unit = yesNo, better = 'higher', score } = options;
  return {
    ...{ name, identity: `function:${identity}`, unit, better },
    score: async (items, request = {}) =>
      await Promise.all(items.map(async (item) => await score(item, request))),
  };
}

/**
 * A preference that asks a function about each pair in both orders, since many judges favour a place:
 * where the two words differ it is a tie, where either is null it is null. Its `compare` throws on
 * any other word than first, second, tie and null.
 */
export function preferenceFromFunction(
  options: FunctionInfo & {
    prefer: (
      pair: PreferencePair,
      options: { signal?: AbortSignal },
    ) => Preferred | Promise<Preferred>;
  },
): Preference {
  const { name, identity = name, prefer } = options;
  return preferenceInOrders(
    { name, identity: `function:${identity}` },
    async (pairs, request = {}) =>
      await Promise.all(
        pairs.map(async (pair): Promise<Comparison> => {
          const swapped = { ...pair, first: pair.second, second: pair.first };
          const straight = checkPreferred(name, await prefer(pair, request));
          const reversed = checkPreferred(name, await prefer(swapped, request));
          const orders = [straight, turned(reversed)] as const;
          return { preferred: bothAgree(orders), orders };
        }),
      ),
  );
}
