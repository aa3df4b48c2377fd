/** The answers of all systems to a batch of questions, judged. */
import { memoiseUpstream } from '../../align/memo.js';
import type { Question } from '../../data/types.js';
import { scoreAnswers } from '../../judge/scoreAnswers.js';
import type { Judges } from '../../judge/judgesFor.js';
import { judgeRevisions } from '../shared/revisions.js';
import { askSystem, type Asking } from './ask.js';
import { isRefused, unlessRefused } from './refused.js';
import type { AnswerRecord } from './shape.js';
import type { System } from './systems.js';

export interface BatchOptions extends Judges, Asking {
  systems: readonly System[];
}

/** By system, then by question. */
export async function* answerBatch(
  questions: readonly Question[],
  options: BatchOptions,
): AsyncGenerator<AnswerRecord, void> {
  const upstream = memoiseUpstream(options.upstream);
  for (const system of options.systems) {
    yield* await systemRecords(system, questions, { ...options, upstream });
  }
}

async function systemRecords(
  system: System,
  questions: readonly Question[],
  options: Judges & Asking,
): Promise<AnswerRecord[]> {
  const { scorers, sentences, signal } = options;
  const answers = await askSystem(system, questions, options);
  const answered = answers.flatMap((answer, i) => {
    const question = questions[i];
    return question ? [{ ...answer, question }] : [];
  });
  const items = answered.map(({ question, text }) => ({ question, answer: text }));
  const verdicts = await scoreAnswers(items, { scorers, signal });
  // An Aligner revises whole answers, which no judge of sentences knows.
  const judge = system.unit === 'sentence' ? sentences : undefined;
  const revisions = await judgeRevisions(answered, { sentences: judge, signal });
  return answered.map(({ question, text, stop, context }, i) => ({
    kind: 'answer',
    system: system.name,
    problem: question.id,
    group: question.group ?? null,
    ...unlessRefused(isRefused({ text, context }), verdicts[i]),
    answer: text,
    stop,
    ...(context && { context }),
    revisions: revisions[i] ?? [],
  }));
}
