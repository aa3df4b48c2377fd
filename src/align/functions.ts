/** Upstreams and correctors that are functions: a client of one's own, rules, a script for a test. */
import type { Identity } from '../runtime/identity.js';
import { listOf, shownValue } from '../text/given.js';
import { notesOf } from '../text/notes.js';
import { withSeam } from '../text/seam.js';
import type { CacheOwner, CorrectionInput, Corrector } from './corrector.js';
import { functionIdentity, opened } from './opened.js';
import { promptMarkers, streamAlignerPrompt } from './prompts.js';
import { refuseSampling, refuseTreatment } from './readable.js';
import { firstSentence } from './sentence.js';
import { cleaned, settleText } from './settled.js';
import type { Upstream, UpstreamInput, UpstreamOptions, UpstreamText } from './upstream.js';

/** Whatever writes corrections was most likely asked in the papers' prompt. */
const markers = promptMarkers(streamAlignerPrompt);

/** What both take beside the function. */
export interface FunctionOptions {
  name: string;
  /** Default: made of the name, so that functions that answer differently need different names. */
  identity?: Identity;
  /** Called once, when it is closed. */
  close?: () => Promise<void>;
}

/** A text, or one with what is known of its making. `tokens` default to 0: not counted. */
export type WrittenText = string | { text: string; tokens?: number; finish?: 'stop' | 'length' };

export interface UpstreamFunction extends FunctionOptions {
  /**
   * The rest of each answer after its prefix, in order, with the white space in front of it; empty
   * where there is nothing more to say. Without white space it follows as the sentences of the prefix
   * follow each other. Asked for a sentence, the upstream gives the first one of it.
   */
  write(
    inputs: readonly UpstreamInput[],
    options: { signal?: AbortSignal },
  ): readonly WrittenText[] | Promise<readonly WrittenText[]>;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
}

/**
 * An upstream from a function that writes answers.
 *
 * @example
 * const upstream = upstreamFromFunction({
 *   name: 'two-sentences',
 *   write: (inputs) => inputs.map(({ prefix }) => (prefix === '' ? 'One. Two.' : '')),
 * });
 */
export function upstreamFromFunction(options: UpstreamFunction): Upstream {
  const { clock = (): number => performance.now(), name } = options;
  const own = openedFunction(options);
  const ask = async (
    inputs: readonly UpstreamInput[],
    { signal, sampling }: UpstreamOptions,
    toText: (written: Written, input: UpstreamInput | undefined, elapsed: number) => UpstreamText,
  ): Promise<UpstreamText[]> => {
    if (inputs.length === 0) return [];
    refuseSampling(own, sampling);
    signal?.throwIfAborted();
    const start = clock();
    const given = await options.write(inputs, { signal });
    const written = writtenTexts(`upstream "${name}"`, given, inputs.length);
    const elapsed = clock() - start;
    return written.map((text, i) => toText(text, inputs[i], elapsed));
  };
  return {
    ...own,
    nextSentences: (inputs, how = {}) => ask(inputs, how, sentenceOf),
    finish: (inputs, how = {}) => ask(inputs, how, restOf),
  };
}

export interface CorrectorFunction extends FunctionOptions {
  /** y2 of each row, in order; empty: stop. */
  correct(
    inputs: readonly CorrectionInput[],
    options: { signal?: AbortSignal },
  ): readonly WrittenText[] | Promise<readonly WrittenText[]>;
  /** Default: it keeps none. */
  caches?: CacheOwner;
}

/**
 * A corrector from a function. It cannot be read or steered.
 *
 * @example
 * const corrector = correctorFromFunction({
 *   name: 'copies',
 *   correct: (inputs) => inputs.map(({ last }) => last),
 * });
 */
export function correctorFromFunction(options: CorrectorFunction): Corrector {
  const own = openedFunction(options);
  return {
    ...own,
    caches: options.caches,
    readable: false,
    async correct(inputs, request = {}) {
      refuseTreatment(own, inputs, request);
      if (inputs.length === 0) return [];
      request.signal?.throwIfAborted();
      const given = await options.correct(inputs, { signal: request.signal });
      const written = writtenTexts(`corrector "${own.name}"`, given, inputs.length);
      return written.map(({ text, tokens, finish }, i) => {
        const settled = settleText(inputs[i]?.last ?? '', text, markers);
        return { ...settled, tokens, finish, readings: null };
      });
    },
  };
}

function openedFunction(options: FunctionOptions): ReturnType<typeof opened> {
  const { name, identity = functionIdentity(name), close } = options;
  return opened({ name, identity, close });
}

/** A text whose makings are filled in. */
type Written = Required<Exclude<WrittenText, string>>;

function sentenceOf(
  { text: raw, tokens }: Written,
  input: UpstreamInput | undefined,
  elapsed: number,
): UpstreamText {
  const found = firstSentence(raw, true);
  const ended = found.sentence === null || found.ended;
  const { text: sentence, notes } = cleaned(found.sentence ?? '');
  return {
    text: withSeam(input?.prefix ?? '', sentence),
    ended,
    tokens,
    firstTextMilliseconds: sentence === '' ? null : elapsed,
    ...notesOf(notes),
  };
}

function restOf(
  { text: whole, tokens, finish }: Written,
  input: UpstreamInput | undefined,
  elapsed: number,
): UpstreamText {
  const { text: clean, notes } = cleaned(whole);
  const text = clean.trim() === '' ? '' : withSeam(input?.prefix ?? '', clean);
  return {
    text,
    ended: finish === 'stop',
    tokens,
    firstTextMilliseconds: text === '' ? null : elapsed,
    ...notesOf(notes),
  };
}

/** What a function gave, one text per row. @throws where it is anything else. */
function writtenTexts(what: string, given: unknown, count: number): Written[] {
  const texts = listOf(given, {
    count,
    message: (got) =>
      `${what}: its function gave another number of texts (expected ${count}, got ${got})`,
  });
  return texts.map((text, row) => {
    const written = asWritten(text);
    if (written) return written;
    throw new Error(
      `${what}: its function gave no text for row ${row} (expected a string or {text, tokens, finish}, got ${shownValue(text)})`,
    );
  });
}

/** null where it is no {@link WrittenText}. */
function asWritten(given: unknown): Written | null {
  if (typeof given === 'string') return { text: given, tokens: 0, finish: 'stop' };
  if (typeof given !== 'object' || given === null) return null;
  const { text, tokens = 0, finish = 'stop' }: Partial<Record<keyof Written, unknown>> = given;
  if (typeof text !== 'string' || typeof tokens !== 'number') return null;
  return finish === 'stop' || finish === 'length' ? { text, tokens, finish } : null;
}
