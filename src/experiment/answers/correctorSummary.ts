/** `corrector.json`: sentence-level rates with intervals, from the records alone. */
import type { Interval } from '../../math/interval.js';
import { rateOf } from '../../math/interval.js';
import type { CorrectionRecord } from './correctorRates.js';

export interface CountedRate {
  /** null where n is 0. */
  rate: number | null;
  n: number;
  /** Wilson's. Quadruples of one problem are counted as independent: record few of each. */
  ci: Interval | null;
}

/** The five things a corrector is taught, and two that tell how it fails. */
// A type alias, not an interface: it is also a record of rates by name.
export type CorrectorRates = {
  /** Good sentences repeated verbatim. */
  goodCopied: CountedRate;
  /** Bad sentences for which the solver calls y2 good in that place. */
  badFixed: CountedRate;
  /** Neutral sentences (hedged, wordy, without equation) for which it does. */
  neutralImproved: CountedRate;
  /** Sentences after the answer was complete to which y2 is empty; empty ones included. */
  surplusStopped: CountedRate;
  /** Empty sentences before the answer was complete for which y2 is good in that place. */
  missingWritten: CountedRate;
  /** Bad sentences repeated verbatim. */
  badCopied: CountedRate;
  /** Good sentences that were not repeated and whose y2 is not good either. */
  goodBroken: CountedRate;
};

export interface CorrectorSummary extends CorrectorRates {
  model: string;
  /** Sentences. */
  n: number;
  /** Sentences with that fault for which y2 is good in that place. */
  byFault: Record<string, CountedRate>;
  seenFamilies: CorrectorRates;
  /** Problems with the family that training never saw. */
  unseenFamily: CorrectorRates;
}

/** @param options.model name of the corrector. */
export function summariseCorrector(options: {
  model: string;
  records: Iterable<CorrectionRecord>;
}): CorrectorSummary {
  const unique = new Map(Array.from(options.records, (record) => [record.index, record]));
  const records = [...unique.values()];
  const faults = [...new Set(records.flatMap(({ fault }) => fault ?? []))].sort();
  return {
    model: options.model,
    n: records.length,
    ...ratesOf(records),
    byFault: Object.fromEntries(
      faults.map((fault) => [
        fault,
        count(
          records.filter((record) => record.fault === fault),
          isGood,
        ),
      ]),
    ),
    seenFamilies: ratesOf(records.filter(({ unseenFamily }) => !unseenFamily)),
    unseenFamily: ratesOf(records.filter(({ unseenFamily }) => unseenFamily)),
  };
}

const isGood = ({ after }: CorrectionRecord): boolean => after === 'good';
const isCopy = ({ last, correction }: CorrectionRecord): boolean => correction === last;

function ratesOf(records: readonly CorrectionRecord[]): CorrectorRates {
  const of = (quality: CorrectionRecord['quality']): CorrectionRecord[] =>
    records.filter((record) => record.quality === quality);
  const missing = of('missing');
  return {
    goodCopied: count(of('good'), isCopy),
    badFixed: count(of('bad'), isGood),
    neutralImproved: count(of('neutral'), isGood),
    surplusStopped: count(
      [...of('surplus'), ...missing.filter(({ expected }) => expected === '')],
      ({ correction }) => correction === '',
    ),
    missingWritten: count(
      missing.filter(({ expected }) => expected !== ''),
      isGood,
    ),
    badCopied: count(of('bad'), isCopy),
    goodBroken: count(of('good'), (record) => !isCopy(record) && !isGood(record)),
  };
}

function count(
  records: readonly CorrectionRecord[],
  holds: (record: CorrectionRecord) => boolean,
): CountedRate {
  const { rate, ci } = rateOf(records.filter(holds).length, records.length);
  return { rate, n: records.length, ci };
}
