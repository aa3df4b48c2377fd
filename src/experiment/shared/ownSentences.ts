/**
 * Sentences to read a corrector on where no recorded ones are given: those that the upstream writes
 * in the corrector's own loop, or its whole answers for an Aligner. No solver judges them.
 */
import { z } from 'zod';
import { alignAnswers } from '../../align/stream.js';
import type { Corrector } from '../../align/corrector.js';
import type { LoopLimits } from '../../align/loop.js';
import type { Upstream } from '../../align/upstream.js';
import type { AnnotatedQuadruple, Question } from '../../data/types.js';
import type { Store } from '../../record/store.js';
import { hasSentence } from '../../text/copied.js';
import { batchesOf } from './batches.js';
import { resume } from './resume.js';
import { revision, revisionsOf, type Revision } from './revisions.js';

/** What was written for one question, in order; none where the upstream wrote nothing. */
const ownRecord = z.strictObject({
  question: z.string(),
  problem: z.string(),
  revisions: z.array(revision),
});
export type OwnRecord = z.infer<typeof ownRecord>;

export interface OwnOptions {
  questions: readonly Pick<Question, 'id' | 'question'>[];
  /** One list per question, in order: {@link loopSentences} or {@link wholeAnswers}. */
  ask: (questions: readonly string[], signal?: AbortSignal) => Promise<Revision[][]>;
  /** Default 32. */
  batchSize?: number;
  /** Records of an earlier run of the same command. */
  done?: Iterable<OwnRecord>;
  /** Where batches are kept for other runs, with `asks`: plain JSON of what `ask` is. */
  store?: Store;
  asks?: unknown;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The records that are missing, in the order of the questions. @throws the signal's reason. */
export async function* recordOwn(options: OwnOptions): AsyncGenerator<OwnRecord, void> {
  const { questions, signal, onProgress, store, asks } = options;
  const done = new Map(Array.from(options.done ?? [], (record) => [record.problem, record]));
  const units = batchesOf(questions, options.batchSize ?? 32).map((batch) => ({
    records: batch.map(({ id }) => id),
    inputs: { batch },
    run: () => askAll(batch, options),
  }));
  let ended = 0;
  yield* resume({
    ...{ units, done, signal },
    // What has no name is kept nowhere.
    ...(asks !== undefined && store && { store, shape: ownRecord }),
    identity: { kind: 'own sentences', version: 1, asks },
    keyOf: ({ problem }) => problem,
    onUnit: ({ records }) => onProgress?.((ended += records.length), questions.length),
  });
}

async function askAll(
  batch: OwnOptions['questions'],
  { ask, signal }: OwnOptions,
): Promise<OwnRecord[]> {
  const texts = batch.map(({ question }) => question);
  const written = await ask(texts, signal);
  return batch.map(({ id, question }, i) => {
    const revisions = written[i];
    if (!revisions) throw new Error(`sentences: nothing came back for ${id}`);
    return { question, problem: id, revisions };
  });
}

/** The rounds of the classic loop. */
export function loopSentences(
  options: LoopLimits & { upstream: Upstream; corrector: Corrector },
): OwnOptions['ask'] {
  return async (questions, signal) => {
    const answers = await alignAnswers({
      ...options,
      rows: questions.map((question) => ({ question })),
      ...(signal && { signal }),
    });
    return answers.map(({ rounds }) => revisionsOf(rounds));
  };
}

/** The upstream's whole answers in place of y1. */
export function wholeAnswers({ upstream }: { upstream: Upstream }): OwnOptions['ask'] {
  return async (questions, signal) => {
    const inputs = questions.map((question) => ({ question, prefix: '' }));
    const texts = await upstream.finish(inputs, signal ? { signal } : {});
    // What was cut off for want of positions is no answer to correct.
    return texts.map(({ text, context }) =>
      context ? [] : [{ prefix: '', last: text, correction: '' }],
    );
  };
}

/** As recorded quadruples; those without a sentence as y1 are left out. */
export function ownQuadruples(records: readonly OwnRecord[]): AnnotatedQuadruple[] {
  return records.flatMap(({ question, problem, revisions }) =>
    revisions
      .filter(({ last }) => hasSentence(last))
      .map(({ prefix, last, correction }) => ({
        ...{ question, prefix, last, correction, problem },
        ...({ quality: 'unjudged', fault: null } as const),
      })),
  );
}
