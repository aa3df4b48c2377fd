/** A system asked about questions. */
import type { Upstream } from '../../align/upstream.js';
import type { Question } from '../../data/types.js';
import type { System, SystemAnswer } from './systems.js';

export interface Asking {
  upstream: Upstream;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
  /** Whether times are what is wanted. Default false. */
  timed?: boolean;
  signal?: AbortSignal;
}

/** One answer per question, in order. @throws the signal's reason; where answers are missing. */
export async function askSystem(
  system: System,
  questions: readonly Question[],
  { upstream, clock = () => performance.now(), timed, signal }: Asking,
): Promise<SystemAnswer[]> {
  signal?.throwIfAborted();
  const texts = questions.map(({ question }) => question);
  const answers = await system.answer({ questions: texts, upstream, clock, timed, signal });
  if (answers.length === questions.length) return answers;
  throw new Error(
    `answers: ${system.name} left questions open (expected ${questions.length} answers, got ${answers.length})`,
  );
}
