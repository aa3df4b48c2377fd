/**
 * The data sets that the lab can write, each as a stream of rows. Rows depend on the options alone:
 * the rows of a kind are made from the problems of the split in turn.
 */
import { cleanSolution, corpusSolution, type Solution } from './corpus.js';
import { generateProblems, problemById } from './problems.js';
import { annotateSample, correctAnswer, drawContexts, writtenQuadruples } from './quadruples.js';
import { slippingSolution, type OpenSolution } from './slips.js';
import type { Context, Sample } from './quadruples.js';
import type { AnnotatedQuadruple, Problem, Split } from './types.js';

export interface DatasetOptions {
  split: Split;
  count: number;
  /** Seed of problems and of what is written about them. */
  seed: number;
  /** Index of the first problem. Default 0. */
  from?: number;
  /** Places drawn in the solution of each problem, for contexts and quadruples. Default 1. */
  places?: number;
}

/** Kinds that are generated from problems, with what a row holds. */
export const generatedKinds = {
  problems: 'word problems with their steps and answers',
  corpus: 'solutions as the upstream reads them, slips and hedges included',
  solutions: 'faultless solutions, for a first stage',
  slips: 'the same, with slips that the writer takes back at once',
  contexts: 'questions with a corrected prefix, for an upstream to write on',
  openings: 'questions with an empty prefix, for whole answers',
  written: 'annotated quadruples with generated sentences, even in the kinds of faults',
} as const;

export type GeneratedKind = keyof typeof generatedKinds;
export type GeneratedRow = ProblemRow | Solution | OpenSolution | Context | AnnotatedQuadruple;

type Maker = (problem: Problem, seed: number, places: number) => readonly GeneratedRow[];

const makers: Record<GeneratedKind, Maker> = {
  problems: (problem) => [problemRow(problem)],
  corpus: (problem, seed) => [corpusSolution(problem, seed)],
  solutions: (problem, seed) => [cleanSolution(problem, seed)],
  slips: slippingSolution,
  contexts: drawContexts,
  openings: ({ id, question }) => [{ problem: id, question, prefix: '' }],
  written: writtenQuadruples,
};

/** A problem in the keys of the files: its answer is a number there. */
export interface ProblemRow extends Omit<Problem, 'answer' | 'group'> {
  answer: number;
  unseenFamily: boolean;
}

function problemRow(problem: Problem): ProblemRow {
  const { id, split, question, steps, people, families, group } = problem;
  const answer = Number(problem.answer);
  return { id, split, question, answer, steps, people, families, unseenFamily: group === 'unseen' };
}

/** Rows of a generated kind. */
export function* generateRows(
  kind: GeneratedKind,
  options: DatasetOptions,
): Generator<GeneratedRow> {
  for (const problem of generateProblems(options)) {
    yield* makers[kind](problem, options.seed, options.places ?? 1);
  }
}

/** Quadruples from sentences that an upstream wrote. */
export function* annotateSamples(samples: Iterable<Sample>): Generator<AnnotatedQuadruple> {
  for (const sample of samples) yield annotateSample(sample);
}

/** A whole answer with its correction, in the keys of the official Aligner data set. */
export interface Triple {
  problem: string;
  question: string;
  answer: string;
  correction: string;
}

/** What was written to a question; where it begins with a given prefix, that belongs to it. */
export interface WrittenAnswer {
  problem: string;
  question: string;
  prefix?: string | null;
  answer: string;
}

/** Triples from whole answers that an upstream wrote. */
export function* correctAnswers(answers: Iterable<WrittenAnswer>): Generator<Triple> {
  for (const { problem, question, prefix, answer: rest } of answers) {
    const answer = `${prefix ?? ''} ${rest}`.trim();
    yield { problem, question, answer, correction: correctAnswer(problemById(problem), answer) };
  }
}

/** The same answers' corrections alone, as solutions: what an expert learns to answer directly. */
export function* directAnswers(answers: Iterable<WrittenAnswer>): Generator<Solution> {
  for (const { problem, question, correction } of correctAnswers(answers)) {
    yield { problem, question, prefix: '', answer: correction };
  }
}
