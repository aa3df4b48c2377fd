/** Preferences: which of two answers to a question is better. */
import type { Question } from '../data/types.js';
import { listOf, shownValue } from '../text/given.js';
import { scoreItems, type Score, type Scorer } from './scorer.js';

export interface PreferencePair {
  question: Question;
  first: string;
  second: string;
}

export const preferredWords = ['first', 'second', 'tie'] as const;

/** null: it cannot say. */
export type Preferred = (typeof preferredWords)[number] | null;

/** What was said of a pair, and how. */
export interface Comparison {
  preferred: Preferred;
  /**
   * What was said with the first answer shown first, and with the second shown first, both in the
   * words of the pair as it was given; absent where the order was not tried.
   */
  orders?: readonly [Preferred, Preferred];
  /** That the first is better, a tie counted as half, over both orders; absent where not known. */
  probability?: number;
  /** The answers are the same, and nobody was asked. */
  identical?: true;
}

/** Anything that compares answers. The order in which a pair is shown must not count. */
export interface Preference {
  readonly name: string;
  /** As {@link Scorer.identity}. */
  readonly identity: string;
  /** One word per pair, in order. */
  compare(
    pairs: readonly PreferencePair[],
    options?: { signal?: AbortSignal },
  ): Promise<Preferred[]>;
  /** The same with what was said in each order, by those that ask in both. */
  weigh?(
    pairs: readonly PreferencePair[],
    options?: { signal?: AbortSignal },
  ): Promise<Comparison[]>;
  close?(): Promise<void>;
}

/**
 * One comparison per pair, in order, checked; equal pairs are asked about once. Two answers that are
 * the same, byte for byte, are a tie, and nobody is asked.
 * @throws where they are no list of as many as the pairs, and on any other word.
 */
export async function comparePairs(
  preference: Preference,
  pairs: readonly PreferencePair[],
  options: { signal?: AbortSignal } = {},
): Promise<Comparison[]> {
  const keyOf = ({ question, first, second }: PreferencePair): string =>
    JSON.stringify([question.id, question.question, first, second]);
  const asked = new Map(
    pairs
      .filter(({ first, second }) => first !== second)
      .map((pair): [string, PreferencePair] => [keyOf(pair), pair]),
  );
  const found = await askedPairs(preference, [...asked.values()], options);
  const byKey = new Map([...asked.keys()].map((key, i) => [key, found[i]]));
  return pairs.map((pair) => byKey.get(keyOf(pair)) ?? { preferred: 'tie', identical: true });
}

async function askedPairs(
  preference: Preference,
  pairs: readonly PreferencePair[],
  options: { signal?: AbortSignal },
): Promise<Comparison[]> {
  if (pairs.length === 0) return [];
  const { name } = preference;
  const said: unknown = preference.weigh
    ? await preference.weigh(pairs, options)
    : (await preference.compare(pairs, options)).map((preferred) => ({ preferred }));
  const all = listOf(said, {
    count: pairs.length,
    message: (got) =>
      `preference ${name}: expected ${pairs.length} comparisons, one per pair, got ${got}`,
  }) as Comparison[];
  all.forEach(({ preferred }) => checkPreferred(name, preferred));
  return all;
}

/** @throws on any other word than first, second, tie and null. */
export function checkPreferred(name: string, word: unknown): Preferred {
  if (word === null) return null;
  const known = preferredWords.find((each) => each === word);
  if (known) return known;
  throw new Error(
    `preference ${name}: it gave another word (expected first, second, tie or null, got ${shownValue(word)})`,
  );
}

/** The word about a pair whose answers changed places. */
export function turned(word: Preferred): Preferred {
  if (word === 'first') return 'second';
  return word === 'second' ? 'first' : word;
}

/**
 * A win only where both orders agree, else a tie, as in FastChat's judge; null where either is.
 * @param orders in the words of the pair as it was given
 */
export function bothAgree([straight, swapped]: readonly [Preferred, Preferred]): Preferred {
  if (straight === null || swapped === null) return null;
  return straight === swapped ? straight : 'tie';
}

/** A preference out of comparisons in both orders. */
export function preferenceInOrders(
  about: Pick<Preference, 'name' | 'identity' | 'close'>,
  weigh: NonNullable<Preference['weigh']>,
): Preference {
  return {
    ...about,
    weigh,
    compare: async (pairs, options) =>
      (await weigh(pairs, options)).map(({ preferred }) => preferred),
  };
}

/** The answer with the better score is preferred; equal scores are a tie. */
export function preferenceFromScorer(scorer: Scorer): Preference {
  const sign = scorer.better === 'higher' ? 1 : -1;
  return {
    name: scorer.name,
    identity: `preference:${scorer.identity}`,
    async compare(pairs, options) {
      const items = pairs.flatMap(({ question, first, second }) => [
        { question, answer: first },
        { question, answer: second },
      ]);
      const values = await scoreItems(scorer, items, options);
      return pairs.map((_, i) => better(values[2 * i] ?? null, values[2 * i + 1] ?? null, sign));
    },
    ...(scorer.close && { close: () => scorer.close?.() ?? Promise.resolve() }),
  };
}

function better(first: Score, second: Score, sign: number): Preferred {
  if (first === null || second === null) return null;
  const difference = sign * (Number(first) - Number(second));
  if (difference === 0) return 'tie';
  return difference > 0 ? 'first' : 'second';
}
