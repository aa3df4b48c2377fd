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
  const judged = judgedOf(records);
  const faults = [...new Set(records.flatMap(({ fault }) => fault ?? []))].sort();
  return {
    model: options.model,
    n: records.length,
    ...(context > 0 && { context }),
    ...ratesOf(records, judged),
    byFault: Object.fromEntries(
      faults.map((fault) => [
        fault,
        count(
          judged.filter((record) => record.fault === fault),
          isGood,
        ),
      ]),
    ),
    groups: byGroup(records, (some) => ratesOf(some, judged)),
    notes: countNotes(records),
  };
}

const isGood = ({ after }: CorrectionRecord): boolean => after === 'good';

/**
 * Records that the judge has a word on: what nobody knows is neither good nor bad. An empty y2 is
 * not judged itself; it counts where its problem is one that the judge knows.
 */
function judgedOf(records: readonly CorrectionRecord[]): CorrectionRecord[] {
  if (records.every(({ after }) => after !== 'unjudged')) return [...records];
  const known = new Set(
    records.flatMap(({ after, problem }) =>
      after === null || after === 'unjudged' ? [] : [problem],
    ),
  );
  return records.filter(({ after, problem }) => after !== 'unjudged' && known.has(problem));
}

function ratesOf(
  records: readonly CorrectionRecord[],
  judged: readonly CorrectionRecord[],
): CorrectorRates {
  const only = (quality: CorrectionRecord['quality']): CorrectionRecord[] =>
    records.filter((record) => record.quality === quality);
  const missing = only('missing');
  const counts = new Set(judged);
  const countJudged: typeof count = (some, holds) =>
    count(
      some.filter((record) => counts.has(record)),
      holds,
    );
  return {
    goodCopied: count(only('good'), isCopy),
    badFixed: countJudged(only('bad'), isGood),
    neutralImproved: countJudged(only('neutral'), isGood),
    surplusStopped: count(
      [...only('surplus'), ...missing.filter(({ expected }) => expected === '')],
      ({ correction }) => correction === '',
    ),
    missingWritten: countJudged(
      missing.filter(({ expected }) => expected !== ''),
      isGood,
    ),
    badCopied: count(only('bad'), isCopy),
    goodBroken: countJudged(only('good'), (record) => !isCopy(record) && !isGood(record)),
  };
}

function count(
  records: readonly CorrectionRecord[],
  holds: (record: CorrectionRecord) => boolean,
): CountedRate {
  const { rate, ci } = rateOf(records.filter(holds).length, records.length);
  return { rate, n: records.length, ci };
}
