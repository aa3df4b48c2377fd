/** Preferences: which of two answers to a question is better. */
import type { Question } from '../data/types.js';
import { scoreItems, type Score, type Scorer } from './scorer.js';

export interface PreferencePair {
  question: Question;
  first: string;
  second: string;
}

/** null: it cannot say. */
export type Preferred = 'first' | 'second' | 'tie' | null;

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
  };
}

function better(first: Score, second: Score, sign: number): Preferred {
  if (first === null || second === null) return null;
  const difference = sign * (Number(first) - Number(second));
  if (difference === 0) return 'tie';
  return difference > 0 ? 'first' : 'second';
}
