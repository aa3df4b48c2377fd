/** Times of a system, from the records alone. */
import { bootstrapMean, bootstrapRatio } from '../../../math/bootstrap.js';
import type { Random } from '../../../math/random.js';
import type { CompareRecord, TimingRecord } from '../shape.js';
import { timingsOf } from './effects.js';
import type { Estimate, SystemTiming } from './shape.js';

/** @param name of a system; best-of-n is `best-of-<n>` */
export function timingOf(
  name: string,
  records: readonly CompareRecord[],
  random: Random,
): SystemTiming {
  const own = [...(timingsOf(records).get(name)?.values() ?? [])];
  own.sort((a, b) => (a.problem < b.problem ? -1 : 1));
  const numbers = (pick: (record: TimingRecord) => number): number[] => own.map(pick);
  const meanOf = (values: readonly number[]): Estimate => {
    const { mean, ci } = bootstrapMean({ values, random: random.fork('timing') });
    return { value: mean, ci };
  };
  const perToken = bootstrapRatio({
    numerators: numbers(({ milliseconds }) => milliseconds),
    denominators: numbers(({ tokens }) => tokens),
    random: random.fork('timing'),
  });
  const none = { value: null, ci: null };
  const firsts = own.flatMap(({ firstTextMilliseconds: first }) => (first === null ? [] : [first]));
  return {
    n: own.length,
    perProblem: own.length === 0 ? none : meanOf(numbers((record) => record.milliseconds)),
    perToken: { value: perToken.ratio, ci: perToken.ci },
    firstText: firsts.length === 0 ? none : meanOf(firsts),
  };
}
