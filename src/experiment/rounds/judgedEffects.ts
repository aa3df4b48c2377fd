/** What judges say of correction rounds, as effects with interval and p-value over questions. */
import { meanEffect, type Effect } from '../../math/effect.js';
import type { Random } from '../../math/random.js';
import type { JudgedRecord } from '../shared/judging.js';
import { trendOf } from './effects.js';

/** Of one judge and one corrector. */
export interface JudgedEffectOptions {
  records: readonly JudgedRecord[];
  judge: string;
  corrector: string;
  /** Draws the questions. */
  random: Random;
}

/** A number of correction rounds; null: to the end. */
type Rounds = JudgedRecord['rounds'];

/** What one pair adds to the net win rate: won 1, lost −1, even 0. */
const worth = { first: 1, second: -1, tie: 0 } as const;

/** Wins minus losses against the upstream alone, as a share of the pairs with a verdict, −1 … 1. */
export function judgedNet(options: JudgedEffectOptions & { rounds: Rounds }): Effect {
  const values = rowsOf(options, [options.rounds]).flat();
  return meanEffect({ ...options, values: values.filter((value) => !Number.isNaN(value)) });
}

/** {@link judgedNet} after `to` rounds minus that after `from`, over questions that both have. */
export function judgedDifference(
  options: JudgedEffectOptions & { from: Rounds; to: Rounds },
): Effect {
  const values = rowsOf(options, [options.from, options.to]).map(
    ([from = NaN, to = NaN]) => to - from,
  );
  return meanEffect({ ...options, values: values.filter((value) => !Number.isNaN(value)) });
}

/** Spearman's rank correlation of {@link judgedNet} with the number of rounds, those that were judged. */
export function judgedTrend(options: JudgedEffectOptions): Effect {
  const own = ofPair(options).flatMap(({ rounds }) => rounds ?? []);
  const ks = [...new Set(own)].sort((a, b) => a - b);
  return trendOf(rowsOf(options, ks), ks, options);
}

/** Share of pairs that were asked about of which both orders say the same; null where none was. */
export function agreementOf(records: readonly JudgedRecord[], judge: string): number | null {
  const orders = records.flatMap((record) => (record.judge === judge ? [record.orders] : []));
  const asked = orders.filter((both) => both !== undefined && !both.includes(null));
  const agreed = asked.filter((both) => both?.[0] === both?.[1]).length;
  return asked.length === 0 ? null : agreed / asked.length;
}

/** `[question][place]`, NaN without a verdict; in the order of their ids. */
function rowsOf(options: JudgedEffectOptions, places: readonly Rounds[]): number[][] {
  const rows = new Map<string, number[]>();
  for (const { problem, rounds, preferred } of ofPair(options)) {
    const row = rows.get(problem) ?? places.map(() => NaN);
    const place = places.indexOf(rounds);
    if (place >= 0 && preferred !== null) row[place] = worth[preferred];
    rows.set(problem, row);
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function ofPair({ records, judge, corrector }: JudgedEffectOptions): JudgedRecord[] {
  return records.filter((record) => record.judge === judge && record.system === corrector);
}
