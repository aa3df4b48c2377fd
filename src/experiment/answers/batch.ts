/** The answers of all systems to a batch of questions, and samples of the upstream, judged. */
import { memoiseUpstream } from '../../align/memo.js';
import type { Question } from '../../data/types.js';
import { scoreAnswers } from '../../judge/scoreAnswers.js';
import type { Scorer } from '../../judge/scorer.js';
import type { SentenceJudge } from '../../judge/sentences.js';
import { judgeRevisions } from '../shared/revisions.js';
import { askSystem, type Asking } from './ask.js';
import { sampleQuestions, type Sampling } from './bestOf.js';
import type { AnswerRecord, CompareRecord } from './shape.js';
import type { System } from './systems.js';

/** What judges answers. */
export interface Judges {
  /** The first whose values are true and false says what is right. */
  scorers: readonly Scorer[];
  /** Judges the revisions of loops. Default: they are not judged. */
  sentences?: SentenceJudge;
}

export interface BatchOptions extends Judges, Asking {
  systems: readonly System[];
  /** Samples to vote on, where there are any. */
  sampling?: Sampling;
}

/** By system, then by question; samples last. */
export async function* answerBatch(
  questions: readonly Question[],
  options: BatchOptions,
): AsyncGenerator<CompareRecord, void> {
  const { systems, sampling } = options;
  const upstream = memoiseUpstream(options.upstream);
  for (const system of systems) {
    yield* await systemRecords(system, questions, { ...options, upstream });
  }
  if (sampling) yield* await sampleQuestions(questions, { ...options, ...sampling });
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
  return answered.map(({ question, text, stop }, i) => ({
    kind: 'answer',
    system: system.name,
    problem: question.id,
    group: question.group ?? null,
    ...(verdicts[i] ?? { right: null }),
    answer: text,
    stop,
    revisions: revisions[i] ?? [],
  }));
}
