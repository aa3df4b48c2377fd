/**
 * What a corrector does with recorded sentences: copies the good, rewrites the bad to right ones,
 * improves the neutral, drops the surplus, writes the missing. The judge says what became of them.
 */
import type { Corrector } from '../../align/corrector.js';
import type { AnnotatedQuadruple, Fault, Problem, Quality } from '../../data/types.js';
import type { Judge } from './evaluate.js';
import { batchesOf } from '../shared/batches.js';

/** What the corrector made of one recorded quadruple. */
export interface CorrectionRecord {
  kind: 'correction';
  /** Index into the quadruples. */
  index: number;
  problem: string;
  unseenFamily: boolean;
  prefix: string;
  last: string;
  /** Of y1, as recorded. */
  quality: Quality;
  fault: Fault | null;
  /** The recorded y2. */
  expected: string;
  /** The corrector's y2. */
  correction: string;
  /** The judge's word on the corrector's y2 in that place; null where it is empty. */
  after: Quality | null;
  finish: 'stop' | 'length';
}

export interface CorrectorRatesOptions {
  corrector: Corrector;
  quadruples: readonly AnnotatedQuadruple[];
  /** The problem with an id ({@link AnnotatedQuadruple.problem}). */
  problemOf: (id: string) => Problem;
  judge: Pick<Judge, 'annotate'>;
  /** Sentences computed together. Default 32. */
  batchSize?: number;
  /** Records of an earlier run of the same command; they are not made again. */
  done?: Iterable<CorrectionRecord>;
  signal?: AbortSignal;
}

/**
 * The records that are missing, in the order of the quadruples. A batch of which any is missing is
 * computed as a whole, so that an interrupted run ends with the records of an uninterrupted one.
 * @throws the signal's reason between batches.
 */
export async function* correctQuadruples(
  options: CorrectorRatesOptions,
): AsyncGenerator<CorrectionRecord, void> {
  const { corrector, quadruples, signal } = options;
  const done = new Set(Array.from(options.done ?? [], ({ index }) => index));
  const numbered = quadruples.map((quadruple, index) => ({ quadruple, index }));
  for (const batch of batchesOf(numbered, options.batchSize ?? 32)) {
    if (batch.every(({ index }) => done.has(index))) continue;
    signal?.throwIfAborted();
    const corrections = await corrector.correct(
      batch.map(({ quadruple: { question, prefix, last } }) => ({ question, prefix, last })),
      signal ? { signal } : {},
    );
    for (const [row, { quadruple, index }] of batch.entries()) {
      const correction = corrections[row];
      if (!correction) {
        throw new Error(`corrector: ${corrector.name} gave no correction for quadruple ${index}`);
      }
      if (done.has(index)) continue;
      const { text, finish } = correction;
      yield { ...toRecord(quadruple, text, options), index, finish };
    }
  }
}

function toRecord(
  quadruple: AnnotatedQuadruple,
  text: string,
  { problemOf, judge }: CorrectorRatesOptions,
): Omit<CorrectionRecord, 'index' | 'finish'> {
  const { prefix, last, quality, fault } = quadruple;
  const problem = problemOf(quadruple.problem);
  return {
    kind: 'correction',
    problem: problem.id,
    unseenFamily: problem.unseenFamily,
    prefix,
    last,
    quality,
    fault,
    expected: quadruple.correction,
    correction: text,
    after: text === '' ? null : judge.annotate({ problem, prefix, last: text }).quality,
  };
}
