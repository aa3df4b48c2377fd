/**
 * What a corrector does with recorded sentences: copies the good, rewrites the bad to right ones,
 * improves the neutral, drops the surplus, writes the missing. The judge says what became of them.
 */
import type { Correction, Corrector } from '../../../align/corrector.js';
import type { Quality, Question, RecordedSentence } from '../../../data/types.js';
import { annotatePlaces, type SentenceJudge } from '../../../judge/sentences.js';
import type { Store } from '../../../record/store.js';
import { whoIs } from '../../shared/identities.js';
import { batchesOf } from '../../shared/batches.js';
import { resume, type Unit } from '../../shared/resume.js';
import { revisionOf } from '../../shared/revisions.js';
import { correctionRecord, type CorrectionRecord } from '../shape.js';

/** Recorded sentences, and who judges what a corrector makes of them. */
export interface RecordedSentences {
  quadruples: readonly RecordedSentence[];
  sentences: SentenceJudge;
  /**
   * The question of an id ({@link RecordedSentence.problem}), for what is known of it beside its
   * text; undefined where nothing is. Default: nothing is of any.
   */
  questionOf?: (id: string) => Question | undefined;
}

export interface CorrectorRatesOptions extends RecordedSentences {
  corrector: Corrector;
  /** Sentences computed together. Default 32. */
  batchSize?: number;
  /** Records of an earlier run of the same command; they are not made again. */
  done?: Iterable<CorrectionRecord>;
  /** Where corrections are kept for other runs. */
  store?: Store;
  signal?: AbortSignal;
}

interface Numbered {
  index: number;
  quadruple: RecordedSentence;
}

/**
 * The records that are missing, in the order of the quadruples. A batch of which any is missing is
 * computed as a whole, so that an interrupted run ends with the records of an uninterrupted one.
 * @throws the signal's reason between batches.
 */
export async function* correctQuadruples(
  options: CorrectorRatesOptions,
): AsyncGenerator<CorrectionRecord, void> {
  const { corrector, sentences, quadruples, batchSize = 32, store, signal } = options;
  const done = new Map(Array.from(options.done ?? [], (record) => [keyOf(record), record]));
  const numbered = quadruples.map((quadruple, index) => ({ quadruple, index }));
  const units = batchesOf(numbered, batchSize).map((batch): Unit<CorrectionRecord> => ({
    records: batch.map(keyOf),
    inputs: batch,
    run: () => correctBatch(batch, options),
  }));
  const who = { corrector: whoIs(corrector), sentences: sentences.identity };
  const identity = { kind: 'corrections', version: 2, ...who };
  const shape = correctionRecord;
  yield* resume({ units, keyOf, done, store, shape, identity, signal });
}

function keyOf({ index }: Pick<CorrectionRecord, 'index'>): string {
  return String(index);
}

async function correctBatch(
  batch: readonly Numbered[],
  { corrector, sentences, questionOf, signal }: CorrectorRatesOptions,
): Promise<CorrectionRecord[]> {
  const inputs = batch.map(({ quadruple: { question, prefix, last } }) => ({ question, prefix, last })); // prettier-ignore
  const corrections = await corrector.correct(inputs, { signal });
  const corrected = batch.map(({ quadruple, index }, row) => {
    const correction = corrections[row];
    if (!correction) {
      throw new Error(`corrector: ${corrector.name} gave no correction for quadruple ${index}`);
    }
    const { problem: id, question } = quadruple;
    return { index, quadruple, correction, question: questionOf?.(id) ?? { id, question } };
  });
  const written = corrected.filter(({ correction }) => correction.text !== '');
  const places = written.map(({ quadruple: { prefix }, correction, question }) => {
    return { question, prefix, last: correction.text };
  });
  const annotations = await annotatePlaces(sentences, places, { signal });
  const after = new Map(written.map(({ index }, i) => [index, annotations[i]?.quality ?? null]));
  return corrected.map((item) => toRecord(item, after.get(item.index) ?? null));
}

function toRecord(
  item: Numbered & { correction: Correction; question: Question },
  after: Quality | null,
): CorrectionRecord {
  const { index, quadruple, correction, question } = item;
  const { prefix, last, quality, fault, correction: expected } = quadruple;
  return {
    kind: 'correction',
    problem: question.id,
    group: question.group ?? null,
    ...{ quality, fault, expected },
    ...revisionOf({ ...correction, prefix, last, correction: correction.text }),
    after,
    index,
    finish: correction.finish,
  };
}
