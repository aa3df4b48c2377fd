/** What is answered and read: generated problems with recorded sentences, or a user's questions. */
import { basename } from 'node:path';
import type { LoopEnds } from '../align/loop.js';
import { readAnnotatedQuadruples } from '../data/jsonl.js';
import { generateProblems } from '../data/problems.js';
import { answersQuestion, readQuestions, type Question } from '../data/questions.js';
import { annotate, isRight } from '../data/solver.js';
import type { AnnotatedQuadruple, Problem } from '../data/types.js';
import type { Judge } from '../experiment/answers/evaluate.js';
import type { CausalSplit } from '../experiment/causal/shape.js';
import { isRightAnswer } from '../experiment/sweep/problems.js';
import { answerValue } from '../text/answers.js';

/** Sentences are read on `validation` and tested on `test`. */
export type Split = CausalSplit;

export interface ReproduceData {
  /** In words, for the report. */
  description: string;
  /** Files by the option that names them. */
  files: Readonly<Record<string, string>>;
  /** What is answered, in order. */
  problems: readonly Problem[];
  /** On these a strength of proxy-tuning is chosen. */
  validation: readonly Problem[];
  judge: Judge;
  /** Whether `judge.annotate` knows what is right sentence by sentence. */
  solved: boolean;
  isRight: (problem: string, answer: string) => boolean;
  /** Of every loop. */
  limits: LoopEnds;
  /** Annotated sentences of the upstream; null where there are questions alone. */
  recorded: ((split: Split) => AnnotatedQuadruple[]) | null;
  /** Of a data set: what sentences are made from. */
  questions: Readonly<Record<Split, readonly Question[]>>;
}

/**
 * Solutions of generated problems have at most 7 sentences and 240 characters or so. A corrector that
 * does not stop (one that writes on alone, one steered along a random direction) would take most of
 * the time.
 */
const generatedLimits: LoopEnds = { maxRounds: 10, maxCharacters: 600 };

/** Generated test problems, and files of recorded sentences. */
export function generatedData(options: {
  files: Readonly<Record<Split, string>>;
  /** How many of each split. */
  count: Readonly<Record<Split, number>>;
  seed: number;
}): ReproduceData {
  const { files, count, seed } = options;
  const problems = (split: Split): Problem[] => [
    ...generateProblems({ split, count: count[split], seed }),
  ];
  return {
    description: `generated arithmetic word problems (test split, seed ${seed}), judged by an exact solver; models are read on the sentences of ${basename(files.validation)} and tested on those of ${basename(files.test)}`,
    files: { stimuli: files.validation, problems: files.test },
    problems: problems('test'),
    validation: problems('validation'),
    judge: { isRight, annotate },
    solved: true,
    isRight: isRightAnswer,
    limits: generatedLimits,
    recorded: (split) => readAnnotatedQuadruples(files[split]),
    questions: { validation: [], test: [] },
  };
}

/**
 * A user's questions: the first part is read, the rest is answered and tested.
 * @param options.read most questions of the first part; at most half of all
 * @throws as {@link readQuestions}; with fewer than four questions.
 */
export function questionData(options: { file: string; read: number }): ReproduceData {
  const all = readQuestions(options.file);
  if (all.length < 4) {
    throw new Error(
      `dataset: ${options.file} has ${all.length} questions (expected at least 4: some are read, others tested)`,
    );
  }
  const read = Math.min(Math.floor(all.length / 2), options.read);
  const [validation, test] = [all.slice(0, read), all.slice(read)];
  const byId = new Map(all.map((question) => [question.id, question]));
  const known = (id: string, answer: string): boolean => {
    const question = byId.get(id);
    if (!question) throw new Error(`dataset: no question ${id} in ${options.file}`);
    return answersQuestion(question, answer);
  };
  return {
    description: `${basename(options.file)}: ${test.length} questions are answered and judged by their final answer alone; on the first ${read} the models are read`,
    files: { dataset: options.file },
    problems: test.map(toProblem),
    validation: validation.map(toProblem),
    judge: { isRight: ({ id }, answer) => known(id, answer), annotate: unjudged },
    solved: false,
    isRight: known,
    limits: {},
    recorded: null,
    questions: { validation, test },
  };
}

/** A question without its solution: nothing is known of its steps. */
function toProblem({ id, question, answer }: Question): Problem {
  const nothing = { steps: [], people: [], families: [], unseenFamily: false };
  // The judge compares answers as texts, since not every answer is a number.
  return { id, split: 'test', question, answer: answerValue(answer) ?? NaN, ...nothing };
}

const unjudged: Judge['annotate'] = () => ({ quality: 'unjudged', fault: null, correction: '' });
