/** `corrector.json`: sentence-level rates with intervals, from the records alone. */
import { rateOf } from '../../../math/interval.js';
import type { z } from 'zod';
import type { countedRate } from '../../../shape/pieces.js';
import { isCopy } from '../../../text/copied.js';
import { countNotes } from '../../../text/notes.js';
import { byGroup } from '../../shared/groups.js';
import type { CorrectorRates, CorrectorSummary } from './shape.js';
import type { CorrectionRecord } from '../shape.js';

type CountedRate = z.infer<typeof countedRate>;

/** @param options.model name of the corrector. */
export function summariseCorrector(options: {
  model: string;
  records: Iterable<CorrectionRecord>;
}): CorrectorSummary {
  const unique = new Map(Array.from(options.records, (record) => [record.index, record]));
  const all = [...unique.values()];
  // Neither copies nor corrections.
  const records = all.filter(({ finish }) => finish !== 'context');
  const context = all.length - records.length;
  const faults = [...new Set(records.flatMap(({ fault }) => fault ?? []))].sort();
  return {
    model: options.model,
    n: records.length,
    ...(context > 0 && { context }),
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
    groups: byGroup(records, ratesOf),
    notes: countNotes(records),
  };
}

const isGood = ({ after }: CorrectionRecord): boolean => after === 'good';

function ratesOf(records: readonly CorrectionRecord[]): CorrectorRates {
  const only = (quality: CorrectionRecord['quality']): CorrectionRecord[] =>
    records.filter((record) => record.quality === quality);
  const missing = only('missing');
  return {
    goodCopied: count(only('good'), isCopy),
    badFixed: count(only('bad'), isGood),
    neutralImproved: count(only('neutral'), isGood),
    surplusStopped: count(
      [...only('surplus'), ...missing.filter(({ expected }) => expected === '')],
      ({ correction }) => correction === '',
    ),
    missingWritten: count(
      missing.filter(({ expected }) => expected !== ''),
      isGood,
    ),
    badCopied: count(only('bad'), isCopy),
    goodBroken: count(only('good'), (record) => !isCopy(record) && !isGood(record)),
  };
}

function count(
  records: readonly CorrectionRecord[],
  holds: (record: CorrectionRecord) => boolean,
): CountedRate {
  const { rate, ci } = rateOf(records.filter(holds).length, records.length);
  return { rate, n: records.length, ci };
}
