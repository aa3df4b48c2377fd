/**
 * Files of recorded answers and corrections in place of models: what was written once, by whatever
 * wrote it, is corrected, judged and compared again. JSON Lines, or one JSON array.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { quadrupleFields, readJsonl } from '../data/jsonl.js';
import type { Quadruple } from '../data/types.js';
import type { Identity } from '../runtime/identity.js';
import type { Aligner } from './aligner.js';
import type { Corrector } from './corrector.js';
import { correctorFromFunction } from './functions.js';
import { opened } from './opened.js';
import type { Passage, WholeAnswer } from './prompts.js';

export interface RecordedOptions {
  /** JSON Lines, or one JSON array. */
  file: string;
  /** Default: the file's, without its ending. */
  name?: string;
}

/**
 * A corrector whose corrections were recorded: quadruples `{question, prefix, last, correction}`,
 * looked up by the first three. It cannot be read or steered.
 * @throws where the file cannot be read; a passage that is not in it is an error that names it.
 */
export function recordedCorrector(options: RecordedOptions): Corrector {
  const file = recordedFile(options);
  const keyOf = ({ question, prefix, last }: Passage): string =>
    JSON.stringify([question, prefix, last]);
  const rows = readJsonl<Quadruple>(file, quadrupleFields);
  const corrections = new Map(rows.map((row) => [keyOf(row), row.correction]));
  return correctorFromFunction({
    ...recording(options),
    correct: (inputs) =>
      inputs.map((passage) => {
        const correction = corrections.get(keyOf(passage));
        if (correction !== undefined) return correction;
        const { question, prefix, last } = passage;
        throw missingRow(file, 'correction', { question, prefix, last });
      }),
  });
}

/**
 * An Aligner whose corrections were recorded: rows `{question, answer, correction}`.
 * @throws where the file cannot be read; an answer that is not in it is an error that names it.
 */
export function recordedAligner(options: RecordedOptions): Aligner {
  const file = recordedFile(options);
  const keyOf = ({ question, answer }: WholeAnswer): string => JSON.stringify([question, answer]);
  const fields = { question: 'string', answer: 'string', correction: 'string' } as const;
  const rows = readJsonl<WholeAnswer & { correction: string }>(file, fields);
  const corrections = new Map(rows.map((row) => [keyOf(row), row.correction.trim()]));
  const correct = ({ question, answer }: WholeAnswer): string => {
    const text = corrections.get(keyOf({ question, answer }));
    if (text === undefined) throw missingRow(file, 'correction', { question, answer });
    return text;
  };
  return {
    ...opened(recording(options)),
    readable: false,
    async correct(answers, { signal } = {}) {
      await Promise.resolve(signal?.throwIfAborted());
      return answers.map((answer) => ({ text: correct(answer), tokens: 0, finish: 'stop' }));
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

/** What is asked for and not in a file. */
export function missingRow(
  file: string,
  what: string,
  asked: Readonly<Record<string, unknown>>,
): Error {
  const shown = Object.entries(asked).map(([key, value]) => `${key} ${shorten(value)}`);
  return new Error(`recorded: ${file} has no ${what} for ${shown.join(', ')}; add that row`);
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
