/** What is answered and read: generated problems with recorded sentences, or a user's questions. */
import { basename } from 'node:path';
import { nameOf, type DataSource } from '../data/files/place.js';
import type { DataReport } from '../data/report.js';
import type { LoopEnds } from '../align/loop.js';
import { readAnnotatedQuadruples } from '../data/questionRows.js';
import { readQuestions } from '../data/questions.js';
import { generatedQuestions } from '../data/questionSets.js';
import type { Question, RecordedSentence } from '../data/types.js';
import type { CausalSplit } from '../experiment/causal/shape.js';
import { answerEquivalence } from '../judge/equivalence.js';
import { sentencesWhereKnown, solverWhereKnown } from '../judge/judgesFor.js';
import type { Scorer } from '../judge/scorer.js';
import type { SentenceJudge } from '../judge/sentences.js';

/** Sentences are read on `validation` and tested on `test`. */
export type Split = CausalSplit;

export interface ReproduceData {
  /** In words, for the report. */
  description: string;
  /** Data by the option that names them. */
  files: Readonly<Record<string, DataSource>>;
  /** `test` is answered, in order; on `validation` a strength of proxy-tuning is chosen. */
  questions: Readonly<Record<Split, readonly Question[]>>;
  /** Says whether an answer is right; knows the answers of all questions by their ids. */
  scorer: Scorer;
  /** Knows what is right sentence by sentence; null where nobody does. */
  sentences: SentenceJudge | null;
  /** Of every loop. */
  limits: LoopEnds;
  /** Annotated sentences of the upstream; null where there are questions alone. */
  recorded: ((split: Split) => readonly RecordedSentence[]) | null;
}

/**
 * Solutions of generated problems have at most 7 sentences and 240 characters or so. A corrector that
 * does not stop (one that writes on alone, one steered along a random direction) would take most of
 * the time.
 */
const generatedLimits: LoopEnds = { maxRounds: 10, maxCharacters: 600 };

/** Generated test problems, and files of recorded sentences. */
export async function generatedData(options: {
  files: Readonly<Record<Split, DataSource>>;
  /** How many of each split. */
  count: Readonly<Record<Split, number>>;
  seed: number;
  onReport?: (report: DataReport) => void;
}): Promise<ReproduceData> {
  const { files, count, seed, onReport } = options;
  const recorded = {
    validation: await readAnnotatedQuadruples(files.validation, { onReport }),
    test: await readAnnotatedQuadruples(files.test, { onReport }),
  };
  const questions = (split: Split): readonly Question[] =>
    generatedQuestions({ split, count: count[split], seed }).questions;
  return {
    description: `generated arithmetic word problems (test split, seed ${seed}), judged by an exact solver; models are read on the sentences of ${shortOf(files.validation)} and tested on those of ${shortOf(files.test)}`,
    files: { stimuli: files.validation, problems: files.test },
    questions: { validation: questions('validation'), test: questions('test') },
    // The files may hold sentences about other questions.
    scorer: solverWhereKnown(),
    sentences: sentencesWhereKnown(),
    limits: generatedLimits,
    recorded: (split) => recorded[split],
  };
}

/**
 * A user's questions: the first part is read, the rest is answered and tested.
 * @param options.read most questions of the first part; at most half of all
 * @throws as {@link readQuestions}; with fewer than four questions.
 */
export async function questionData(options: {
  source: DataSource;
  read: number;
  /** Default `needed`. */
  answers?: 'needed' | 'optional';
  onReport?: (report: DataReport) => void;
}): Promise<ReproduceData> {
  const { source, answers, onReport } = options;
  const all = await readQuestions(source, { answers, onReport });
  if (all.length < 4) {
    throw new Error(
      `dataset: ${nameOf(source)} has ${all.length} questions (expected at least 4: some are read, others tested)`,
    );
  }
  const read = Math.min(Math.floor(all.length / 2), options.read);
  const [validation, test] = [all.slice(0, read), all.slice(read)];
  return {
    description: `${shortOf(source)}: ${test.length} questions are answered and judged by their final answer alone; on the first ${read} the models are read`,
    files: { dataset: source },
    questions: { validation, test },
    scorer: answerEquivalence({ questions: all }),
    sentences: null,
    limits: {},
    recorded: null,
  };
}

function shortOf(source: DataSource): string {
  return typeof source === 'string' ? basename(source) : source.name;
}
