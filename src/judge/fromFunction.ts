/** One's own functions as scorers and preferences. */
import { shownValue } from '../text/given.js';
import type { Preference, PreferencePair, Preferred } from './preference.js';
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
  return {
    ...{ name, identity: `function:${identity}` },
    compare: async (pairs, request = {}) =>
      await Promise.all(
        pairs.map(async (pair): Promise<Preferred> => {
          const swapped = { ...pair, first: pair.second, second: pair.first };
          const straight = checkedWord(name, await prefer(pair, request));
          const reversed = checkedWord(name, await prefer(swapped, request));
          if (straight === null || reversed === null) return null;
          return straight === turned[reversed] ? straight : 'tie';
        }),
      ),
  };
}

function checkedWord(name: string, word: unknown): Preferred {
  if (word === null || word === 'first' || word === 'second' || word === 'tie') return word;
  throw new Error(
    `preference ${name}: its function gave another word (expected first, second, tie or null, got ${shownValue(word)})`,
  );
}

const turned = { first: 'second', second: 'first', tie: 'tie' } as const;
