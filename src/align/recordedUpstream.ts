/** Upstreams whose answers were recorded. */
import { z } from 'zod';
import { readJsonl, readPlaced } from '../data/jsonl.js';
import { splitSentences } from '../text/sentences.js';
import { joinSentences } from './loop.js';
import { opened } from './opened.js';
import { lookedUp, missingRow, recordedFile, recording, type RecordedOptions } from './recorded.js';
import { firstSentence, type SentenceText } from './sentence.js';
import type { Upstream, UpstreamInput } from './upstream.js';
import { notesOf } from '../text/notes.js';
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
 *   sentence. After any other prefix (a corrector rewrote something) comes the sentence whose turn it
 *   is by count: a recorded upstream does not react to corrections.
 * - `{question, prefix, last}`, as quadruples are: sentences in their places. A whole answer is the
 *   chain of them up to an empty one.
 *
 * Surrounding white space does not count. Tokens and times are 0.
 * @throws where the file cannot be read, holds neither, or holds two sentences in one place; what is
 *   asked for and is not in the file
 *   is an error that names it.
 */
export function recordedUpstream(options: RecordedOptions): Upstream {
  const file = recordedFile(options);
  const [first] = readJsonl(file, z.looseObject({ question: text }));
  if (first === undefined) throw new Error(`recorded: ${file} is empty (expected a row a line)`);
  if (!('answer' in first) && !('last' in first)) {
    throw new Error(
      `recorded: ${file} holds no answers (expected rows with question and answer, or with question, prefix and last; got ${Object.keys(first).join(', ')})`,
    );
  }
  const { next, rest } = 'answer' in first ? fromAnswers(file) : fromSentences(file);
  const each =
    (write: (input: UpstreamInput) => Written): Upstream['nextSentences'] =>
    async (inputs, { signal } = {}) => {
      await Promise.resolve(signal?.throwIfAborted());
      return inputs.map((input) => toText(write(input)));
    };
  return { ...opened(recording(options)), nextSentences: each(next), finish: each(rest) };
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
    samples.set(key, [...(samples.get(key) ?? []), answer.trim()]);
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
    rest: (input) => ({ text: after(input).trim(), ended: true }),
  };
}

/** What follows a prefix; where the answer does not begin with it, what follows as many sentences. */
function restOf(answer: string, prefix: string): string {
  const begun = prefix.trim();
  if (begun === '') return answer;
  const sentences = splitSentences(answer);
  let before = '';
  for (const [i, sentence] of sentences.entries()) {
    before = joinSentences(before, sentence.trim());
    if (before === begun) return sentences.slice(i + 1).join('');
  }
  return sentences.slice(splitSentences(begun).length).join('');
}

function fromSentences(file: string): Recording {
  const lastOf = lookedUp(readPlaced(file, recordedSentence), {
    ...{ file, what: 'sentence' },
    asked: ({ question, prefix }: SentencePlace) => ({ question, prefix }),
    value: ({ last }) => last,
  });
  return {
    next(input) {
      const text = lastOf(input);
      return { text, ended: text === '' };
    },
    rest({ question, prefix }) {
      let text = '';
      for (;;) {
        const last = lastOf({ question, prefix: joinSentences(prefix, text) });
        if (last === '') return { text, ended: true };
        text = joinSentences(text, last);
      }
    },
  };
}
