/**
 * Files of recorded answers and corrections in place of models: what was written once, by whatever
 * wrote it, is corrected, judged and compared again. JSON Lines, or one JSON array.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { z } from 'zod';
import { readPlaced } from '../data/jsonl.js';
import type { Placed } from '../data/files/cutter.js';
import type { Identity } from '../runtime/identity.js';
import type { Aligner } from './aligner.js';
import type { Corrector } from './corrector.js';
import { correctorFromFunction } from './functions.js';
import { cleanOutput } from '../text/modelOutput.js';
import { opened } from './opened.js';
import { promptMarkers, wholeAnswerPrompt, type Passage, type WholeAnswer } from './prompts.js';
import { settleText } from './settled.js';

export interface RecordedOptions {
  /** JSON Lines, or one JSON array. */
  file: string;
  /** Default: the file's, without its ending. */
  name?: string;
}

const text = z.string();
/** Rows of the official data sets: sentences, and whole answers. */
const quadruple = z.object({ question: text, prefix: text, last: text, correction: text });
const corrected = z.object({ question: text, answer: text, correction: text });

/**
 * A corrector whose corrections were recorded: quadruples `{question, prefix, last, correction}`,
 * looked up by the first three without surrounding white space. It cannot be read or steered.
 * @throws where the file cannot be read or contradicts itself; a passage that is not in it is an
 *   error that names it.
 */
export function recordedCorrector(options: RecordedOptions): Corrector {
  const file = recordedFile(options);
  const lookUp = lookedUp(readPlaced(file, quadruple), {
    ...{ file, what: 'correction' },
    asked: ({ question, prefix, last }: Passage) => ({ question, prefix, last }),
    value: ({ correction }) => correction,
  });
  return correctorFromFunction({
    ...recording(options),
    correct: (inputs) => inputs.map(lookUp),
  });
}

/**
 * An Aligner whose corrections were recorded: rows `{question, answer, correction}`, looked up by
 * the first two without surrounding white space.
 * @throws where the file cannot be read or contradicts itself; an answer that is not in it is an
 *   error that names it.
 */
export function recordedAligner(options: RecordedOptions): Aligner {
  const markers = promptMarkers(wholeAnswerPrompt);
  const file = recordedFile(options);
  const lookUp = lookedUp(readPlaced(file, corrected), {
    ...{ file, what: 'correction' },
    asked: ({ question, answer }: WholeAnswer) => ({ question, answer }),
    value: ({ correction }) => correction,
  });
  return {
    ...opened(recording(options)),
    readable: false,
    async correct(answers, { signal } = {}) {
      await Promise.resolve(signal?.throwIfAborted());
      return answers.map((answer) => {
        return { ...settleText(answer.answer, lookUp(answer), markers), tokens: 0, finish: 'stop' };
      });
    },
  };
}

/** The file of a recording. @throws where there is none. */
export function recordedFile({ file }: RecordedOptions): string {
  if (existsSync(file)) return file;
  throw new Error(`recorded: no file ${file}; give the path of a JSON Lines file of recorded rows`);
}

/** Name and identity of a recording. @throws where it cannot be read. */
export function recording({ file, name = basename(file, extname(file)) }: RecordedOptions): {
  name: string;
  identity: Identity;
} {
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  return { name, identity: { kind: 'recorded', name, sha256, source: file } };
}

/** How rows are looked up: a text by what is asked with. */
interface Lookup<K, R extends K> {
  file: string;
  /** What is looked up, in a word. */
  what: string;
  /** The texts that it is looked up by. */
  asked: (asked: K) => Readonly<Record<string, string>>;
  value: (row: R) => string;
}

/**
 * The texts of rows by what they are asked with, all without surrounding white space, as loops join
 * and models write them. What is asked for and has no row is an error that names it.
 * @throws where two rows of one key hold different texts.
 */
export function lookedUp<K, R extends K>(
  rows: readonly Placed<R>[],
  { file, what, asked, value }: Lookup<K, R>,
): (input: K) => string {
  const found = new Map<string, { text: string; place: string }>();
  for (const { row, place } of rows) {
    const key = keyOf(asked(row));
    const text = value(row).trim();
    const before = found.get(key);
    if (before && before.text !== text) {
      throw new Error(
        `recorded: ${before.place} and ${place} hold different texts (${what} for ${named(asked(row))}); remove one of the rows`,
      );
    }
    if (!before) found.set(key, { text, place });
  }
  return (input) => {
    const row = found.get(keyOf(asked(input)));
    if (row) return row.text;
    throw missingRow(file, what, asked(input));
  };
}

/**
 * What is asked for was cleaned of control characters (modelOutput.ts); rows may hold them still, and
 * join sentences with other white space than an upstream did.
 */
function keyOf(asked: Readonly<Record<string, string>>): string {
  const bare = (text: string): string => cleanOutput(text).text.trim().replace(/\s+/gu, ' ');
  return JSON.stringify(Object.values(asked).map(bare));
}

/** What is asked for and not in a file. */
export function missingRow(
  file: string,
  what: string,
  asked: Readonly<Record<string, unknown>>,
): Error {
  return new Error(`recorded: ${file} has no ${what} for ${named(asked)}; add that row`);
}

function named(asked: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(asked).map(([key, value]) => `${key} ${shorten(value)}`);
  return shown.join(', ');
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
