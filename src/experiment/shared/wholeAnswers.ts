/**
 * Whole answers of an upstream, recorded for a whole-answer Aligner: quadruples with an empty prefix
 * and the whole answer in place of y1, so that an Aligner is labelled, read, steered and patched as
 * a corrector is.
 */
import { wholeAnswerPrompt } from '../../align/prompts.js';
import type { Upstream } from '../../align/upstream.js';
import { problemById } from '../../data/problems.js';
import { annotateAnswer } from '../../data/quadruples.js';
import type { Question, RecordedSentence } from '../../data/types.js';
import type { Store } from '../../record/store.js';
import { batchesOf } from './batches.js';
import { whoIs } from './identities.js';
import { resume } from './resume.js';
import { firstTwice } from '../../text/firstTwice.js';
import {
  readCorrector,
  type CorrectorReading,
  type ReadCorrectorOptions,
} from './reading/readCorrector.js';
import { shownName } from '../../text/given.js';

/** A generated problem by its id, or a question of one's own, whose answer no solver judges. */
export type AnsweredProblem = string | Pick<Question, 'id' | 'question'>;

export interface WholeAnswerOptions {
  upstream: Upstream;
  /** Ids of generated problems, e.g. those of a file of quadruples; or other questions. */
  problems: readonly AnsweredProblem[];
  /** Answers computed together. Default 32. */
  batchSize?: number;
  /** Records of an earlier run of the same command. */
  done?: Iterable<RecordedSentence>;
  /** Where batches are kept for other runs. */
  store?: Store;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * The upstream's whole answers with the solver's word on them, in the order of the problems. A batch
 * whose answers are all there is passed over.
 * @throws where a problem is given twice or has no such id; the signal's reason between batches.
 */
export async function* recordAnswers(
  options: WholeAnswerOptions,
): AsyncGenerator<RecordedSentence, void> {
  const { upstream, problems, store, signal } = options;
  const twice = firstTwice(problems.map(answeredId));
  if (twice !== undefined) throw new Error(`answers: problem ${shownName(twice)} is given twice`);
  const done = new Map(Array.from(options.done ?? [], (record) => [record.problem, record]));
  const units = batchesOf(problems, options.batchSize ?? 32).map((batch) => ({
    records: batch.map(answeredId),
    inputs: { batch },
    run: () => answerAll(batch, upstream, signal),
  }));
  let ended = 0;
  yield* resume({
    ...{ units, done, store, signal },
    identity: { kind: 'whole answers', version: 1, upstream: whoIs(upstream) },
    keyOf: ({ problem }) => problem,
    onUnit: ({ records }) => options.onProgress?.((ended += records.length), problems.length),
  });
}

async function answerAll(
  batch: readonly AnsweredProblem[],
  upstream: Upstream,
  signal?: AbortSignal,
): Promise<RecordedSentence[]> {
  const inputs = batch.map((problem) => {
    const { question } = typeof problem === 'string' ? problemById(problem) : problem;
    return { question, prefix: '' };
  });
  const texts = await upstream.finish(inputs, { signal });
  return batch.map((problem, row) => {
    const [input, text] = [inputs[row], texts[row]];
    if (!input || !text)
      throw new Error(`answers: ${upstream.name} wrote none for ${answeredId(problem)}`);
    // What was cut off for want of positions is no answer to correct; an empty one is passed over.
    const last = text.context ? '' : text.text;
    const answer = { problem: answeredId(problem), question: input.question, last };
    if (typeof problem === 'string') return annotateAnswer(answer);
    return { ...answer, prefix: '', correction: null, quality: 'unjudged', fault: null };
  });
}

export function answeredId(problem: AnsweredProblem): string {
  return typeof problem === 'string' ? problem : problem.id;
}

/** Labels, states and directions of a whole-answer Aligner. @throws as {@link readCorrector} does. */
export function readAligner(
  options: Omit<ReadCorrectorOptions, 'source' | 'prompt'> & {
    /** From {@link recordAnswers}; or stimuli made of them and labelled before. */
    answers: Exclude<ReadCorrectorOptions['source'], string>;
  },
): Promise<CorrectorReading> {
  const { answers, ...rest } = options;
  return readCorrector({
    maxNewTokens: 384,
    ...rest,
    source: answers,
    prompt: wholeAnswerPrompt,
  });
}
