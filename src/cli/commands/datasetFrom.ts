/** Kinds of `aligner-lab dataset` that are made from other data. */
import type { DataPlace } from '../../data/files/place.js';
import {
  describePreferences,
  quadruplesFromPreferences,
  type PreferenceCounts,
} from '../../data/fromPreferences.js';
import {
  streamPreferences,
  streamQuestionRows,
  streamRecordedAnswers,
  type ReadDataOptions,
} from '../../data/questionRows.js';
import { readQuestions } from '../../data/questions.js';
import { describeReport, type DataReport } from '../../data/report.js';
import { choice, integer, text, type OptionValues } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';
import type { Context } from '../command.js';
import { findOrDownloadData } from '../data.js';

export const fromKinds = {
  describe: 'no rows: which format --data are in, how much it holds, and what is left out',
  questions: 'the questions of --data, {id, question, answer?, group?}',
  answers: 'the answers of --data, {question, answer, …}, for recorded:<file>',
  preferences: 'the pairs of --data, {question, chosen, rejected}',
  'from-preferences': 'quadruples from the pairs of --data, without an annotator',
} as const;

export type FromKind = keyof typeof fromKinds;

export function isFromKind(kind: string): kind is FromKind {
  return Object.hasOwn(fromKinds, kind);
}

export const fromOptions = {
  data: text({
    value: 'name',
    help: 'a file, a folder, org/name[@revision][:config][/split] of the hub, or e.g. gsm8k:main/test, for the kinds that are made from data',
  }),
  prefer: choice(['better', 'safer'], {
    help: 'which response of SafeRLHF is the chosen one',
    default: 'better',
  }),
  calculator: choice(['remove', 'keep'], {
    help: "what becomes of <<16-3=13>> in GSM8K's solutions",
    default: 'remove',
  }),
  copies: integer({
    value: 'n',
    help: 'copied sentences a pair, for from-preferences',
    default: 1,
    least: 0,
  }),
  shared: integer({
    value: 'n',
    help: 'sentences that both answers of a pair must begin with, for from-preferences',
    default: 0,
    least: 0,
  }),
} as const;

type Options = OptionValues<typeof fromOptions> & { seed: number };

/** Rows made from data, and what is to be said of them once they are all there. */
export interface MadeFrom {
  rows: AsyncIterable<unknown>;
  /** For people. */
  lines: () => readonly string[];
  /** For the summary. */
  summary: () => Record<string, unknown>;
}

/** @throws where no data are named, and as the readers do */
export async function makeFrom(
  kind: FromKind,
  given: Options,
  context: Context,
): Promise<MadeFrom> {
  if (given.data === undefined) {
    throw new UsageError(`dataset: ${kind} needs --data <name>, e.g. --data gsm8k:main/test`);
  }
  const place = await findOrDownloadData(given.data, context);
  const told: { report: DataReport; counts?: PreferenceCounts } = { report: [] };
  const how: ReadDataOptions = {
    ...{ prefer: given.prefer, calculator: given.calculator },
    onReport: (report) => (told.report = report),
  };
  return {
    rows:
      kind === 'from-preferences'
        ? quadruplesFromPreferences(place, {
            ...how,
            ...{ copies: given.copies, shared: given.shared, seed: given.seed },
            onCounts: (counts) => (told.counts = counts),
          })
        : readers[kind](place, how),
    lines: () => [
      `${place.name}: ${describeReport(told.report)}`,
      ...(told.counts ? [describePreferences(told.counts)] : []),
    ],
    summary: () => ({ data: place.source, formats: told.report, ...(told.counts && { counts: told.counts }) }), // prettier-ignore
  };
}

type Reader = (place: DataPlace, how: ReadDataOptions) => AsyncIterable<unknown>;

const readers: Record<Exclude<FromKind, 'from-preferences'>, Reader> = {
  // eslint-disable-next-line require-yield -- what was found is told at the end
  async *describe(place, how) {
    const rows = streamQuestionRows(place, how);
    while (!(await rows.next()).done);
  },
  async *questions(place, how) {
    yield* await readQuestions(place, { ...how, answers: 'optional' });
  },
  answers: streamRecordedAnswers,
  preferences: streamPreferences,
};
