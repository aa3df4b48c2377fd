/** Upstreams whose answers were recorded. */
import { z } from 'zod';
import { readJsonl, readPlaced } from '../data/jsonl.js';
import { splitSentences } from '../text/sentences.js';
import { opened } from './opened.js';
import { lookedUp, missingRow, recordedFile, recording, type RecordedOptions } from './recorded.js';
import { refuseSampling } from './readable.js';
import { firstSentence, type SentenceText } from './sentence.js';
import type { Upstream, UpstreamInput } from './upstream.js';
import { notesOf } from '../text/notes.js';
import { withSeam } from '../text/seam.js';
import { cleaned } from './settled.js';

const text = z.string();
/** One recorded whole answer. A question that stands there several times has several samples. */
const wholeAnswer = z.object({ question: text, answer: text });
const recordedSentence = z.object({ question: text, prefix: text, last: text });
type SentencePlace = Pick<z.infer<typeof recordedSentence>, 'question' | 'prefix'>;

/**
 * An upstream whose answers were recorded. The file's first row says what it holds:
 *
 * - `{question, answer}`: whole answers. After a prefix that begins the answer comes its next
 *   sentence. A recorded answer does not react to corrections, so that loops are refused; with
 *   `byCount` comes after any other prefix the sentence whose turn it is by count.
 * - `{question, prefix, last}`, as quadruples are: sentences in their places. A whole answer is the
 *   chain of them up to an empty one.
 *
 * White space is the answers' own; in prefixes that are looked up its amount does not count. Tokens
 * and times are 0.
 * @throws where the file cannot be read, holds neither, or holds two sentences in one place; what is
 *   asked for and is not in the file
 *   is an error that names it.
 */
export function recordedUpstream(options: RecordedOptions & { byCount?: boolean }): Upstream {
  const file = recordedFile(options);
  const [first] = readJsonl(file, z.looseObject({ question: text }));
  if (first === undefined) throw new Error(`recorded: ${file} is empty (expected a row a line)`);
  if (!('answer' in first) && !('last' in first)) {
    throw new Error(
      `recorded: ${file} holds no answers (expected rows with question and answer, or with question, prefix and last; got ${Object.keys(first).join(', ')})`,
    );
  }
  const whole = 'answer' in first;
  const { next, rest } = whole ? fromAnswers(file) : fromSentences(file);
  const own = opened(recording(options));
  const each =
    (write: (input: UpstreamInput) => Written): Upstream['nextSentences'] =>
    async (inputs, { signal, sampling } = {}) => {
      refuseSampling(own, sampling);
      await Promise.resolve(signal?.throwIfAborted());
      return inputs.map((input) => toText(write(input)));
    };
  return {
    ...own,
    ...(whole &&
      options.byCount !== true && {
        answersOnly: `the answers in ${file} were written before and do not react to corrections (#by-count behind its name lets their sentences go on by count all the same)`,
      }),
    nextSentences: each(next),
    finish: each(rest),
  };
}

type Written = Pick<SentenceText, 'text' | 'ended'>;

/** What a file says next, or to the end. */
interface Recording {
  next: (input: UpstreamInput) => Written;
  rest: (input: UpstreamInput) => Written;
}

function toText({ text: raw, ended }: Written): SentenceText {
  const { text, notes } = cleaned(raw);
  const first = text === '' ? null : 0;
  return { text, ended, tokens: 0, firstTextMilliseconds: first, ...notesOf(notes) };
}

function fromAnswers(file: string): Recording {
  const samples = new Map<string, string[]>();
  for (const { question, answer } of readJsonl(file, wholeAnswer)) {
    const key = question.trim();
    samples.set(key, [...(samples.get(key) ?? []), answer]);
  }
  const after = ({ question, prefix, sample = 0 }: UpstreamInput): string => {
    const answer = samples.get(question.trim())?.[sample];
    if (answer === undefined) throw missingRow(file, 'answer', { question, sample });
    return restOf(answer, prefix);
  };
  return {
    next(input) {
      const found = firstSentence(after(input), true);
      return found.sentence === null
        ? { text: '', ended: true }
        : { text: found.sentence, ended: found.ended };
    },
    rest: (input) => ({ text: restOrNothing(after(input)), ended: true }),
  };
}

/**
 * What follows a prefix, with the white space in front of it; where the answer does not begin with
 * the prefix, what follows as many sentences.
 */
function restOf(answer: string, prefix: string): string {
  if (prefix.trim() === '') return answer;
  const pieces = splitSentences(answer);
  const starts = pieces.map((_, i) =>
    pieces
      .slice(0, i + 1)
      .join('')
      .trimEnd(),
  );
  const begun = starts.find((start) => bare(start) === bare(prefix));
  if (begun !== undefined && answer.startsWith(prefix)) return answer.slice(prefix.length);
  const before = begun ?? starts[splitSentences(prefix).length - 1] ?? answer;
  return answer.slice(before.length);
}

function bare(text: string): string {
  return text.trim().replace(/\s+/gu, ' ');
}

function restOrNothing(text: string): string {
  return text.trim() === '' ? '' : text;
}

function fromSentences(file: string): Recording {
  const lastOf = lookedUp(readPlaced(file, recordedSentence), {
    ...{ file, what: 'sentence' },
    asked: ({ question, prefix }: SentencePlace) => ({ question, prefix }),
    value: ({ last }) => last,
  });
  return {
    next({ question, prefix }) {
      const text = withSeam(prefix, lastOf({ question, prefix }));
      return { text, ended: text === '' };
    },
    rest({ question, prefix }) {
      let text = '';
      for (;;) {
        const whole = prefix + text;
        const last = lastOf({ question, prefix: whole });
        if (last === '') return { text, ended: true };
        text += withSeam(whole, last);
      }
    },
  };
}
