/** Sets of questions, opened by name. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../text/usageError.js';
import { generateProblems } from './problems.js';
import { readQuestions } from './questions.js';
import type { Problem, QuestionSet, Split } from './types.js';

export interface OpenQuestionsOptions {
  /** How many, the first ones. Default: all of a file, 1,000 generated problems. */
  count?: number;
  /** Of generated problems. Default 0. */
  seed?: number;
  /**
   * Whether every question of a file must have its answer. `optional`: for scorers of one's own that
   * do without; comparing final answers then cannot say. Default `needed`.
   */
  answers?: 'needed' | 'optional';
}

/** Opens names with a beginning of their own; undefined where the rest of the name says nothing to it. */
type OpenKind = (rest: string, options: OpenQuestionsOptions) => QuestionSet | undefined;

const splits: readonly Split[] = ['train', 'validation', 'test'];

/** By what stands before the colon. Another kind of name is another line. */
const kinds: Readonly<Record<string, OpenKind>> = {
  generated: (rest, { count = 1000, seed = 0 }) => {
    const split = splits.find((known) => known === rest);
    return split && generatedQuestions({ split, count, seed });
  },
};

/**
 * The questions with this name: `generated:test` (or another split) for arithmetic word problems, or
 * the path of a file of rows about questions, e.g. GSM8K, see {@link readQuestions}.
 * @throws where nothing has that name, and as {@link readQuestions} on a file.
 * @example
 * const { questions } = openQuestions('generated:test', { count: 20 });
 */
export function openQuestions(name: string, options: OpenQuestionsOptions = {}): QuestionSet {
  const [, kind = '', rest = ''] = /^(\w+):(.*)$/s.exec(name) ?? [];
  const set = Object.hasOwn(kinds, kind) ? kinds[kind]?.(rest, options) : openFile(name, options);
  if (set) return set;
  const known = splits.map((split) => `generated:${split}`).join(', ');
  throw new UsageError(
    `questions: nothing is called "${name}" (expected ${known}, or a JSON Lines file of {question, answer})`,
  );
}

/** Generated problems as a set. */
export function generatedQuestions(options: {
  split: Split;
  count: number;
  seed: number;
}): QuestionSet & { questions: readonly Problem[] } {
  const name = `generated:${options.split}`;
  const questions = [...generateProblems(options)];
  return { name, identity: `${name}:${options.seed}`, questions };
}

/** A file is known by its content. */
function openFile(file: string, { count, answers }: OpenQuestionsOptions): QuestionSet | undefined {
  if (!existsSync(file)) return undefined;
  const questions = readQuestions(file, { answers }).slice(0, count);
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  return { name: basename(file), identity: `sha256:${sha256}`, questions };
}
