/** Scorers: what says how good a whole answer is. An experiment takes several. */
import type { Question } from '../data/types.js';

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
 * @throws where their number differs from that of the items, and where they are not of its unit.
 */
export async function scoreItems(
  scorer: Scorer,
  items: readonly ScoredItem[],
  options: { signal?: AbortSignal } = {},
): Promise<Score[]> {
  if (items.length === 0) return [];
  const values = await scorer.score(items, options);
  if (values.length !== items.length) {
    throw new Error(
      `scorer ${scorer.name}: expected ${items.length} values, one per answer, got ${values.length}`,
    );
  }
  values.forEach((value, i) => checkValue(scorer, value, items[i]?.question.id));
  return values;
}

function checkValue({ name, unit }: Scorer, value: Score, question: string | undefined): void {
  if (value === null) return;
  const fits = unit === yesNo ? typeof value === 'boolean' : Number.isFinite(value);
  if (fits) return;
  const expected = unit === yesNo ? 'true, false or null' : 'a finite number or null';
  throw new Error(
    `scorer ${name}: the value for ${question} does not fit its unit "${unit}" (expected ${expected}, got ${String(value)})`,
  );
}
