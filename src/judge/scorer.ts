/** Scorers: what says how good a whole answer is. An experiment takes several. */
import type { Question } from '../data/types.js';
import { listOf, shownValue } from '../text/given.js';

/** null: the scorer cannot say. */
export type Score = number | boolean | null;

export interface ScoredItem {
  question: Question;
  /** A whole answer, as it was written. */
  answer: string;
}

/** Anything that scores answers: a solver, a comparison with the known answer, a model. */
export interface Scorer {
  /** In records and figures; unique in an experiment. */
  readonly name: string;
  /** What a manifest holds: the same for what scores alike, never a key or a token. */
  readonly identity: string;
  /** Of its values; {@link yesNo} where they are true or false, and only there. */
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** One value per item, in order. */
  score(items: readonly ScoredItem[], options?: { signal?: AbortSignal }): Promise<Score[]>;
  close?(): Promise<void>;
}

/** The unit of scorers whose values are true and false. The first of them gives the accuracy. */
export const yesNo = 'yes/no';

/** What a reader must know of a scorer's values. */
export type ScorerInfo = Pick<Scorer, 'name' | 'unit' | 'better'>;

/**
 * The values of one scorer, one per item, checked.
 * @throws where they are no list of as many as the items, and where they are not of its unit.
 */
export async function scoreItems(
  scorer: Scorer,
  items: readonly ScoredItem[],
  options: { signal?: AbortSignal } = {},
): Promise<Score[]> {
  if (items.length === 0) return [];
  const values = listOf(await scorer.score(items, options), {
    count: items.length,
    message: (got) =>
      `scorer ${scorer.name}: expected ${items.length} values, one per answer, got ${got}`,
  });
  return values.map((value, i) => checkedValue(scorer, value, items[i]?.question.id));
}

function checkedValue({ name, unit }: Scorer, value: unknown, question?: string): Score {
  if (value === null) return value;
  if (unit === yesNo && typeof value === 'boolean') return value;
  if (unit !== yesNo && typeof value === 'number' && Number.isFinite(value)) return value;
  const expected = unit === yesNo ? 'true, false or null' : 'a finite number or null';
  throw new Error(
    `scorer ${name}: the value for ${question} does not fit its unit "${unit}" (expected ${expected}, got ${shownValue(value)})`,
  );
}
