/**
 * Building preference data: places in solutions (contexts), sentences in those places (an
 * upstream's own samples, or written ones), and the solver's annotation of each.
 */
import { createRandom, type Random } from '../math/random.js';
import { splitSentences } from '../text/sentences.js';
import { cleanSentences, faultySentence, neutralSentence } from './corpus.js';
import { problemById } from './problems.js';
import { writeStep } from './sentences.js';
import { annotate, progress } from './solver.js';
import type { AnnotatedQuadruple, Problem } from './types.js';

/** A place in a solution, waiting for the upstream's next sentence. */
export interface Context {
  /** {@link Problem.id} */
  problem: string;
  question: string;
  prefix: string;
}

/** A context with a sentence in it. */
export interface Sample extends Context {
  last: string;
}

/** Share of prefixes in which a faulty sentence was left standing. */
const staleShare = 0.04;

/** Random places along one solution of a problem, from the empty prefix to the complete answer. */
export function drawContexts(problem: Problem, seed: number, count: number): Context[] {
  const random = createRandom(`context/${seed}/${problem.id}`);
  const solution = cleanSentences(problem, random);
  return Array.from({ length: count }, () => {
    const steps = random.integer(problem.steps.length + 2);
    let prefix = solution.slice(0, steps).join(' ');
    if (steps < problem.steps.length && random.next() < staleShare) {
      prefix = `${prefix} ${faultySentence(problem, steps, random)}`.trim();
    }
    return { problem: problem.id, question: problem.question, prefix };
  });
}

/** Annotates a sentence that an upstream wrote. The problem is found by its id. */
export function annotateSample(sample: Sample): AnnotatedQuadruple {
  const problem = problemById(sample.problem);
  const { quality, fault, correction } = annotate({ ...sample, problem });
  return {
    question: sample.question,
    prefix: sample.prefix,
    last: sample.last,
    correction,
    problem: sample.problem,
    quality,
    fault,
  };
}

/** Shares of written sentences: the rest is left empty, as by an upstream that stopped early. */
const written = { good: 0.38, bad: 0.42, neutral: 0.12 };

/**
 * `count` quadruples whose sentences are written by the generator instead of sampled: even in the
 * kinds of faults, which a good upstream's samples are not. They stand along one solution of the
 * problem, so that the same place is met with right and with wrong sentences.
 */
export function writtenQuadruples(
  problem: Problem,
  seed: number,
  count: number,
): AnnotatedQuadruple[] {
  return drawContexts(problem, seed, count).map((context, i) => {
    const random = createRandom(`written/${seed}/${problem.id}/${i}`);
    const due = progress(problem, context.prefix);
    return annotateSample({ ...context, last: writeSentence(problem, due, random) });
  });
}

function writeSentence(problem: Problem, due: number, random: Random): string {
  const fate = random.next();
  const step = problem.steps[due];
  if (fate < written.good)
    return step ? writeStep(step, random) : `The answer is ${problem.answer}.`;
  if (fate < written.good + written.bad) return faultySentence(problem, due, random);
  if (fate < written.good + written.bad + written.neutral)
    return neutralSentence(problem, due, random);
  return '';
}

/**
 * The whole answer as the solver would leave it: each sentence copied, improved or rewritten in
 * turn, and what is missing added. What an Aligner learns from.
 */
export function correctAnswer(problem: Problem, answer: string): string {
  let prefix = '';
  const sentences = splitSentences(answer).map((piece) => piece.trim());
  const limit = problem.steps.length + 1;
  for (let i = 0; progress(problem, prefix) < limit; i++) {
    const { correction } = annotate({ problem, prefix, last: sentences[i] ?? '' });
    if (correction === '') break;
    prefix = `${prefix} ${correction}`.trim();
  }
  return prefix;
}

/**
 * A whole answer as a quadruple with an empty prefix. Its quality and fault are those of its first
 * sentence that is not good: `good` where every sentence is, and the answer is complete and right.
 */
export function annotateAnswer(sample: Omit<Sample, 'prefix'>): AnnotatedQuadruple {
  const problem = problemById(sample.problem);
  const { question, last } = sample;
  const whole = { question, prefix: '', last, correction: correctAnswer(problem, last) };
  let prefix = '';
  for (const piece of [...splitSentences(last), '']) {
    const sentence = piece.trim();
    const { quality, fault } = annotate({ problem, prefix, last: sentence });
    const complete = sentence === '' && progress(problem, prefix) > problem.steps.length;
    if (complete) break;
    if (quality !== 'good') return { ...whole, problem: sample.problem, quality, fault };
    prefix = `${prefix} ${sentence}`.trim();
  }
  return { ...whole, problem: sample.problem, quality: 'good', fault: null };
}
