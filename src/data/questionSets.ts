/** Sets of questions, opened by name. */
import { existsSync } from 'node:fs';
import { UsageError } from '../text/usageError.js';
import { hashData, placeOf, type DataSource } from './files/place.js';
import { generateProblems } from './problems.js';
import type { ReadDataOptions } from './questionRows.js';
import { readQuestions } from './questions.js';
import type { Problem, QuestionSet, Split } from './types.js';

export interface OpenQuestionsOptions extends ReadDataOptions {
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
 * the path of data about questions, e.g. GSM8K, or what {@link findData} found by a name of the hub; see
 * {@link readQuestions}.
 * @throws where nothing has that name, and as {@link readQuestions} on a file.
 * @example
 * const { questions } = await openQuestions('generated:test', { count: 20 });
 */
export async function openQuestions(
  name: DataSource,
  options: OpenQuestionsOptions = {},
): Promise<QuestionSet> {
  if (typeof name !== 'string') return await openData(name, options);
  const [, kind = '', rest = ''] = /^(\w+):(.*)$/s.exec(name) ?? [];
  const set = Object.hasOwn(kinds, kind) ? kinds[kind]?.(rest, options) : null;
  if (set) return set;
  if (set === null && existsSync(name)) return await openData(name, options);
  throw new UsageError(
    `questions: nothing is called "${name}" (expected ${questionKinds.join(', ')}, or a file or folder of data, e.g. JSON Lines of {question, answer})`,
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

/** Data are known by their content. */
async function openData(
  source: DataSource,
  { count, answers, ...how }: OpenQuestionsOptions,
): Promise<QuestionSet> {
  const place = await placeOf(source);
  const questions = (await readQuestions(place, { answers, first: count, ...how })).slice(0, count);
  return { name: place.name, identity: `sha256:${await hashData(place)}`, questions };
}

/** The names of kinds of their own. */
export const questionKinds: readonly string[] = splits.map((split) => `generated:${split}`);

/** Whether a name is of a kind of its own, and none of data. */
export function isQuestionKind(name: string): boolean {
  return Object.hasOwn(kinds, /^(\w+):/.exec(name)?.[1] ?? '');
}
