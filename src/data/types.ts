/**
 * The shapes that data take on disk and between floors.
 *
 * `question`, `prefix`, `last`, `correction` are the keys of the official Stream Aligner data set
 * (there a JSON array of such objects, here one per line); readers of that format may ignore
 * the others.
 */

export type Split = 'train' | 'validation' | 'test';

/** What experiments know of a question. */
export interface Question {
  /** Unique in its set. */
  id: string;
  question: string;
  /** The final answer, where it is known. */
  answer?: string;
  /** What results are also reported by, e.g. a subject or a level. */
  group?: string;
  /** Of a conversation: its turns, of which `question` is the text. The last one is the user's. */
  turns?: readonly Turn[];
}

/** One turn of a conversation, its text verbatim. */
export interface Turn {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** Two answers to a question, one of which is preferred. Both are verbatim. */
export interface RecordedPreference extends Pick<Question, 'question' | 'turns' | 'group'> {
  chosen: string;
  rejected: string;
}

/** An answer that somebody wrote, verbatim, and what a data set says of it. */
export interface LabelledAnswer extends Pick<Question, 'question' | 'turns' | 'group'> {
  answer: string;
  /** Who wrote it. */
  model?: string;
  /** Whether it is harmless. */
  safe?: boolean;
  /** Kinds of harm, where it is not. */
  categories?: readonly string[];
}

/** A judge's word on two answers of two models. */
export interface RecordedVerdict {
  question: string;
  first: { model: string; answer: string };
  second: { model: string; answer: string };
  /** 1: the first is better, 2: the second; between them: how sure, 1.5 is a tie. */
  preference: number;
  /** Who judged. */
  annotator?: string;
}

export interface QuestionSet {
  /** As a reader would say it, e.g. `gsm8k-test.jsonl`. */
  name: string;
  /** The same for the same questions: what a manifest holds. */
  identity: string;
  questions: readonly Question[];
}

/** A sentence-level preference: question q, corrected answer so far p, next sentence y1, and y2. */
export interface Quadruple {
  question: string;
  /** What stands before, with its white space; empty at the beginning. White space at its ends does not count. */
  prefix: string;
  /** The upstream's next sentence, likewise; empty where it wrote none. */
  last: string;
  /** Empty: the answer is complete, stop. */
  correction: string;
}

/**
 * What the solver says of a sentence in its place: `good` is copied verbatim, `neutral` (hedged,
 * wordy, or without its equation) keeps its content in a better form, `bad` is rewritten from its
 * first word on, `surplus` came after the answer was complete, and `missing` is the empty sentence
 * of an upstream that stopped too early. `unjudged` is what no
 * solver knows, e.g. of a problem that is not generated.
 */
export type Quality = (typeof qualities)[number];

export const qualities = ['good', 'neutral', 'bad', 'surplus', 'missing', 'unjudged'] as const;

/** What the exact solver finds wrong with a sentence that is not good. */
export type Fault =
  | 'hedged'
  | 'wordy'
  | 'no-equation'
  | 'wrong-result'
  | 'wrong-operation'
  | 'wrong-number'
  | 'wrong-subject'
  | 'repeated'
  | 'off-topic'
  | 'wrong-answer'
  | 'unreadable';

export interface Annotation {
  quality: Quality;
  /** What is wrong with it, e.g. a {@link Fault}; null for good, surplus, missing and unjudged. */
  fault: string | null;
  correction: string;
}

/** A quadruple with the solver's word on it, and the problem it belongs to. */
export interface AnnotatedQuadruple extends Quadruple {
  /** {@link Problem.id}, or what tells the question of a file from the others. */
  problem: string;
  quality: Quality;
  /** Of a generated problem: a {@link Fault}. */
  fault: string | null;
}

/** What an upstream wrote in a place, as files hold it: what should stand there may not be known. */
export interface RecordedSentence extends Omit<AnnotatedQuadruple, 'correction'> {
  /** null: nobody has said. */
  correction: string | null;
}

export type Operator = '+' | '-' | 'x' | '/';

/** One equation of a solution, `left operator right = result`, and what it counts. */
export interface Step {
  family: string;
  left: number;
  operator: Operator;
  right: number;
  result: number;
  /** Whose things are counted after this step. */
  subject: string;
  /** Plural noun of what is counted after this step. */
  item: string;
}

/** An arithmetic word problem; everything in it follows from its id (split, seed and index). */
export interface Problem extends Question {
  split: Split;
  /** A whole number, in digits. */
  answer: string;
  steps: Step[];
  /** Everyone the question names. */
  people: string[];
  /** Families of its steps, in order. */
  families: string[];
  /** `unseen` where one of them is the family that training never sees. */
  group: 'seen' | 'unseen';
}
