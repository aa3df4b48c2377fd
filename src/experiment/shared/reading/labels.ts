/**
 * What the corrector wrote for every candidate, kept as it comes. Labelling takes minutes to hours; a
 * run that is killed goes on from here, with the same labels.
 */
import { z } from 'zod';
import type { LocalCorrector } from '../../../align/corrector.js';
import { sha256 } from '../../../record/hash.js';
import { openJournal } from '../../../record/journal.js';
import { canonicalJson } from '../../../record/json.js';
import type { Store } from '../../../record/store.js';
import { checkEarly, countLabels, earlySentences, type LabelCounts } from '../../../read/labelCounts.js'; // prettier-ignore
import type { CorrectorInput } from '../../../read/stimuli.js';
import { notesOf } from '../../../text/notes.js';
import { batchesOf } from '../batches.js';
import { whoIs } from '../identities.js';
import { resume, type Unit } from '../resume.js';
import { revision } from '../revisions.js';

/** Of a run folder: one line per sentence, in the order in which they were labelled. */
export const labelsName = 'labels.jsonl';

export const labelRecord = z.strictObject({
  key: z.string().describe('SHA-256 of question, prefix and y1'),
  output: z.string().describe('y2'),
  finish: z
    .string()
    .describe('`stop` where the corrector ended its turn itself, else `length` or `context`'),
  notes: revision.shape.notes,
});
export type LabelRecord = z.infer<typeof labelRecord>;

/** How labels are kept, and who hears of them. */
export interface LabelHow {
  /** A file of JSON Lines in which they are kept as they come, and found again. Default: none. */
  keptIn?: string;
  /** Where batches are kept for other runs. */
  store?: Store;
  /** Told after the first sixty sentences, and at the end. */
  onCounts?: (counts: LabelCounts) => void;
  /** Goes on where the first sixty sentences are all of one label. Default false: it throws. */
  keepLabelling?: boolean;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The composition of a batch belongs to the result: other batches may differ in the last digits. */
const batchSize = 32;

/**
 * The corrector's greedy outputs, one per input, in order.
 * @throws as {@link checkEarly}; the signal's reason between batches; on a damaged file of labels.
 */
export async function labelOutputs(
  corrector: LocalCorrector,
  inputs: readonly CorrectorInput[],
  how: LabelHow,
): Promise<Pick<LabelRecord, 'output' | 'finish'>[]> {
  const { keptIn, store, onProgress, signal } = how;
  const journal = keptIn === undefined ? null : await openJournal(keptIn, labelRecord);
  const done = new Map((journal?.records ?? []).map((record) => [record.key, record]));
  const watch = watchCounts(inputs, done, how);
  let ended = 0;
  try {
    const records = resume({
      units: batchesOf(inputs, batchSize).map((batch) => unitOf(batch, corrector, signal)),
      ...{ done, store, shape: labelRecord, signal, keyOf: ({ key }: LabelRecord) => key },
      identity: { kind: 'labels', version: 2, corrector: whoIs(corrector) },
      onUnit: ({ records: keys }) => {
        ended += keys.length;
        onProgress?.(ended, inputs.length);
        watch(ended);
      },
    });
    for await (const record of records) await journal?.append(record);
  } finally {
    await journal?.close();
  }
  return inputs.map((input) => done.get(keyOf(input)) ?? { output: '', finish: 'stop' });
}

function keyOf({ question, prefix, last }: CorrectorInput): string {
  return sha256(canonicalJson({ question, prefix, last }));
}

function unitOf(
  batch: readonly CorrectorInput[],
  corrector: LocalCorrector,
  signal: AbortSignal | undefined,
): Unit<LabelRecord> {
  const passages = batch.map(({ question, prefix, last }) => ({ question, prefix, last }));
  const keys = passages.map(keyOf);
  return {
    records: keys,
    inputs: { passages },
    run: async () => {
      const written = await corrector.correct(passages, { signal });
      return written.map(({ text, finish, notes }, i) => {
        return { key: keys[i] ?? '', output: text, finish, ...notesOf(notes) };
      });
    },
  };
}

/** Tells the counts, and checks them, once sixty sentences are there; and tells them at the end. */
function watchCounts(
  inputs: readonly CorrectorInput[],
  done: ReadonlyMap<string, LabelRecord>,
  { onCounts, keepLabelling = false }: LabelHow,
): (ended: number) => void {
  let told = false;
  return (ended) => {
    const early = !told && ended >= earlySentences;
    if (!early && ended < inputs.length) return;
    told = true;
    const written = inputs.slice(0, ended).flatMap((input) => {
      const record = done.get(keyOf(input));
      return record ? [{ ...record, last: input.last }] : [];
    });
    const counts = countLabels(written, inputs.length);
    onCounts?.(counts);
    if (early && !keepLabelling) checkEarly(counts);
  };
}
