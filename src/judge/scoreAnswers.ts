/** Answers scored by several scorers at once, of which the first yes-or-no one says what is right. */
import { firstTwice } from '../text/firstTwice.js';
import { scoreItems, yesNo, type Score, type ScoredItem, type Scorer } from './scorer.js';

/** What the scorers say of one answer. */
export interface Verdict {
  /** By the primary scorer; null where it cannot say, or there is none. */
  right: boolean | null;
  /** Of the other scorers, by name; absent where there are none. */
  scores?: Record<string, Score>;
}

/** The scorer that gives the accuracy: the first whose values are true and false. */
export function primaryScorer<S extends Pick<Scorer, 'unit'>>(
  scorers: readonly S[],
): S | undefined {
  return scorers.find(({ unit }) => unit === yesNo);
}

/** All but the primary one, in order. */
export function otherScorers<S extends Pick<Scorer, 'unit'>>(scorers: readonly S[]): S[] {
  const primary = primaryScorer(scorers);
  return scorers.filter((scorer) => scorer !== primary);
}

/**
 * One verdict per item, in order. The scorers are asked one after the other.
 * @throws without a scorer, where two have one name, and as {@link scoreItems} does.
 */
export async function scoreAnswers(
  items: readonly ScoredItem[],
  { scorers, signal }: { scorers: readonly Scorer[]; signal?: AbortSignal },
): Promise<Verdict[]> {
  checkScorers(scorers);
  const primary = primaryScorer(scorers);
  const right = primary ? await scoreItems(primary, items, { signal }) : items.map(() => null);
  const verdicts = right.map((value): Verdict => ({
    right: typeof value === 'boolean' ? value : null,
  }));
  for (const scorer of otherScorers(scorers)) {
    const values = await scoreItems(scorer, items, { signal });
    verdicts.forEach((verdict, i) => {
      verdict.scores = { ...verdict.scores, [scorer.name]: values[i] ?? null };
    });
  }
  return verdicts;
}

/** @throws without a scorer, and where two have one name. */
export function checkScorers(scorers: readonly Pick<Scorer, 'name'>[]): void {
  if (scorers.length === 0) {
    throw new Error('scorers: there are none (expected at least 1); name one');
  }
  const twice = firstTwice(scorers.map(({ name }) => name));
  if (twice !== undefined) {
    throw new Error(`scorers: two are called ${twice}; give one of them another name`);
  }
}
