/** Two systems compared as effects: paired over the same problems, from the records alone. */
import { bootstrapEffect, meanEffect, type Effect } from '../../../math/effect.js';
import type { Random } from '../../../math/random.js';
import type { CompareRecord, SamplesRecord, TimingRecord } from '../shape.js';
import { vote } from '../vote.js';

/** Which two systems' records are compared; `random` draws the questions. */
export interface PairOptions {
  records: Iterable<CompareRecord>;
  /** Names of systems; best-of-n is `best-of-<n>`. */
  system: string;
  against: string;
  random: Random;
  /** What the effect is tested against. Default 0 for differences, 1 for ratios. */
  nullValue?: number;
}

/** Accuracy of `system` − accuracy of `against`, in shares 0–1. */
export function accuracyDifference(options: PairOptions): Effect {
  const records = [...options.records];
  const rival = outcomesOf(options.against, records);
  const own = [...outcomesOf(options.system, records)].sort(byName);
  const values = own.flatMap(([problem, right]) => {
    const other = rival.get(problem);
    return other === undefined ? [] : [Number(right) - Number(other)];
  });
  return meanEffect({ ...options, values });
}

/** Time per visible token of `system` ÷ that of `against`; each Σ time ÷ Σ tokens. */
export function perTokenRatio(options: PairOptions): Effect {
  return timingRatio(options, ({ milliseconds, tokens }) => [milliseconds, tokens]);
}

/** Mean time to the first text of `system` ÷ that of `against`, where both show one. */
export function firstTextRatio(options: PairOptions): Effect {
  return timingRatio(options, ({ firstTextMilliseconds: first }) =>
    first === null ? null : [first, 1],
  );
}

/** Question → whether the system is right; of best-of-n, from the samples. */
function outcomesOf(system: string, records: readonly CompareRecord[]): Map<string, boolean> {
  const samples = Number(/^best-of-(\d+)$/.exec(system)?.[1]);
  return new Map(
    records.flatMap((record): [string, boolean][] => {
      if (record.kind === 'answer' && record.system === system) return known(record, record.right);
      return record.kind === 'samples' && record.texts.length >= samples
        ? known(record, bestOfIsRight(record, samples))
        : [];
    }),
  );
}

/** Nothing where no scorer could say. */
function known({ problem }: CompareRecord, right: boolean | null): [string, boolean][] {
  return right === null ? [] : [[problem, right]];
}

/** Whether the sample chosen by vote among the first n is right; null where no scorer could say. */
export function bestOfIsRight({ finals, right }: SamplesRecord, n: number): boolean | null {
  return right[vote(finals.slice(0, n))] ?? null;
}

/** Ratio of Σ a ÷ Σ b between two systems; problems that either has no numbers for are left out. */
function timingRatio(
  options: PairOptions,
  numbers: (record: TimingRecord) => [number, number] | null,
): Effect {
  const timings = timingsOf(options.records);
  const rival = timings.get(options.against);
  const own = [...(timings.get(options.system) ?? [])].sort(byName);
  const units = own.flatMap(([problem, record]) => {
    const other = rival?.get(problem);
    const pair = [numbers(record), other ? numbers(other) : null];
    return pair.every((some) => some !== null) ? [pair.flat()] : [];
  });
  return bootstrapEffect({
    nullValue: 1,
    ...options,
    units: units.length,
    statistic: (drawn) => {
      const sums = [0, 0, 0, 0];
      for (const u of drawn) sums.forEach((sum, i) => (sums[i] = sum + (units[u]?.[i] ?? 0)));
      const [time = 0, count = 0, otherTime = 0, otherCount = 0] = sums;
      return count > 0 && otherCount > 0 && otherTime > 0
        ? time / count / (otherTime / otherCount)
        : null;
    },
  });
}

/** System → problem → its timing. */
export function timingsOf(
  records: Iterable<CompareRecord>,
): ReadonlyMap<string, ReadonlyMap<string, TimingRecord>> {
  const timings = new Map<string, Map<string, TimingRecord>>();
  for (const record of records) {
    if (record.kind !== 'timing') continue;
    const known = timings.get(record.system) ?? new Map<string, TimingRecord>();
    timings.set(record.system, known.set(record.problem, record));
  }
  return timings;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
