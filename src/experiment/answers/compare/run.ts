/**
 * Systems compared over the same questions: the upstream alone, the loop with each corrector, the
 * Aligners, proxy-tuning, the fine-tuned upstreams, and best-of-n of the upstream (Figures 6 and 7 of
 * the paper, and its times).
 */
import { createRandom } from '../../../math/random.js';
import type { RoundsRecord } from '../../rounds/shape.js';
import { comparedSystems, samplingOf, type ComparedModels } from './systems.js';
import { summariseCompare } from './summary.js';
import type { CompareSummary } from './shape.js';
import { byKey, answersKey } from '../keys.js';
import { endWarnings, withWarnings } from '../refused.js';
import { answerQuestions, type AnswersOptions } from '../run.js';
import type { AnswerRecord, CompareRecord } from '../shape.js';

export interface CompareOptions
  extends ComparedModels, Omit<AnswersOptions, 'systems' | 'sampling'> {
  /** Of the intervals. */
  seed: number;
}

/**
 * Yields the records that are missing, answers first, and returns the summary of all.
 * @throws as {@link answerQuestions}; numbers of samples that do not ascend.
 */
export async function* runCompare(
  options: CompareOptions,
): AsyncGenerator<CompareRecord, CompareSummary> {
  const { upstream, questions, scorers, seed } = options;
  const entries = comparedSystems(options);
  const sampling = samplingOf(options);
  const all = byKey(options.done ?? []);
  const systems = entries.map(({ system }) => system);
  for await (const record of answerQuestions({ ...options, systems, sampling, last: true })) {
    options.signal?.throwIfAborted();
    all.set(answersKey(record), record);
    yield record;
  }
  const answers = [...all.values()].filter((record) => record.kind === 'answer');
  const summary = summariseCompare({
    upstream: upstream.name,
    entries: entries.map(({ system, ...entry }) => ({ name: system.name, ...entry })),
    samples: sampling?.counts ?? [],
    problems: questions.map(({ id }) => id),
    records: [...all.values()],
    scorers,
    random: createRandom(seed).fork('compare'),
  });
  return withWarnings(summary, endWarnings(answers));
}

/** The answers of the loops of `runRounds`, as its correctors' systems here would give them. */
export function streamAnswers(records: Iterable<RoundsRecord>): AnswerRecord[] {
  return Array.from(records, ({ corrector, problem, group, classic, revisions }) => ({
    kind: 'answer',
    system: `stream-${corrector}`,
    problem,
    group,
    right: classic.right,
    ...(classic.scores && { scores: classic.scores }),
    answer: classic.text,
    stop: classic.stop,
    ...(classic.context && { context: classic.context }),
    revisions,
  }));
}
