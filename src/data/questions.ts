/** Questions to answer, opened by name: a file of them, e.g. GSM8K, or generated problems. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { extractAnswer } from '../text/answers.js';
import { UsageError } from '../text/usageError.js';
import { readJsonl } from './jsonl.js';
import { generateProblems } from './problems.js';
import type { Problem, Question, QuestionSet, Split } from './types.js';

export interface OpenQuestionsOptions {
  /** How many, the first ones. Default: all of a file, 1,000 generated problems. */
  count?: number;
  /** Of generated problems. Default 0. */
  seed?: number;
}

const splits: readonly Split[] = ['train', 'validation', 'test'];

/**
 * The questions with this name: `generated:test` (or another split) for arithmetic word problems, or
 * the path of a JSON Lines file of `{question, answer}`, e.g. GSM8K.
 * @throws where nothing has that name, and as {@link readQuestions} on a file.
 * @example
 * const { questions } = openQuestions('generated:test', { count: 20 });
 */
export function openQuestions(name: string, options: OpenQuestionsOptions = {}): QuestionSet {
  const { count, seed = 0 } = options;
  const generated = /^generated:(.*)$/s.exec(name)?.[1];
  const split = splits.find((known) => known === generated);
  if (split) return generatedQuestions({ split, seed, count: count ?? 1000 });
  if (generated !== undefined || !existsSync(name)) throw unknownName(name);
  const sha256 = createHash('sha256').update(readFileSync(name)).digest('hex');
  const questions = readQuestions(name).slice(0, count);
  return { name: basename(name), identity: `sha256:${sha256}`, questions };
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

function unknownName(name: string): UsageError {
  const known = splits.map((split) => `generated:${split}`).join(', ');
  return new UsageError(
    `questions: nothing is called "${name}" (expected ${known}, or a JSON Lines file of {question, answer})`,
  );
}

/** A question whose final answer is known. */
export type AnsweredQuestion = Question & { answer: string };

interface Row {
  question: string;
  answer: string;
  group?: string | null;
}

/**
 * Questions of a JSON Lines file with the keys `question` and `answer`, and `group` where it has one;
 * ids are `question-<n>`, counted from 1. The answer is a solution that ends in its final answer
 * (`#### 42`, `\boxed{42}`, `The answer is 42.`), or the final answer itself.
 * @throws on a line that lacks a key, an empty one, and a file without any line.
 */
export function readQuestions(file: string): AnsweredQuestion[] {
  const fields = { question: 'string', answer: 'string', group: 'string?' } as const;
  const rows = readJsonl<Row>(file, fields);
  if (rows.length === 0) throw new Error(`${file}: no questions (expected at least 1 line)`);
  return rows.map(({ question, answer, group }, i) => {
    const final = extractAnswer(answer) ?? answer.trim();
    if (question.trim() === '' || final === '') {
      throw new Error(`${file}: question ${i + 1} has an empty question or answer; remove it`);
    }
    const read = { id: `question-${i + 1}`, question: question.trim(), answer: final };
    return typeof group === 'string' ? { ...read, group } : read;
  });
}
