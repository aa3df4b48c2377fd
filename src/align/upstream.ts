/**
 * Upstreams: what writes the sentences that are corrected. The interface serves any of them; the
 * implementation here drives a local model, whose prompt is the question in its chat template and
 * the corrected prefix as the beginning of its own turn.
 */
import { contextEnd } from '../runtime/contextLimit.js';
import type { LanguageModel, PrefixCache, Sampling } from '../runtime/decoder.js';
import { notesOf } from '../text/notes.js';
import type { CacheOwner } from './corrector.js';
import { placeOf, textBehind, type AnswerSoFar, type Place } from './continuation.js';
import { rowCaches } from './corrector.js';
import { functionIdentity, opened, type Opened } from './opened.js';
import { rowSampling } from './sampling.js';
import type { SentenceText } from './sentence.js';
import { generateSentences, sentenceStops } from './sentence.js';
import { cleaned } from './settled.js';
import type { ServedSampling } from '../wire/ways.js';

/** One row: where the answer stands. */
export interface UpstreamInput extends AnswerSoFar {
  /** Which of several samples is wanted, where the upstream samples. Default 0. */
  sample?: number;
  /** From {@link Upstream.caches}; either every row of a batch has one or none. */
  cache?: PrefixCache;
}

export type UpstreamText = SentenceText;

export interface UpstreamOptions {
  /**
   * Replaces the upstream's own; temperature 0 is greedy. Row k draws with `seed + sample`.
   * Refused by what draws nothing: recordings and functions.
   */
  sampling?: ServedSampling;
  signal?: AbortSignal;
}

/** Anything that continues an answer: a local model, a server, recorded answers, a function. */
export interface Upstream extends Opened {
  /** Absent where it keeps no caches. */
  readonly caches?: CacheOwner;
  /**
   * Why it does not go on behind a prefix that is not its own, as a loop with corrections needs it;
   * absent where it does.
   */
  readonly answersOnly?: string;
  /** The next sentence after each prefix, in order. */
  nextSentences(
    inputs: readonly UpstreamInput[],
    options?: UpstreamOptions,
  ): Promise<UpstreamText[]>;
  /** The whole rest of each answer, letter by letter, in order. `ended` is false where the length limit cut it. */
  finish(inputs: readonly UpstreamInput[], options?: UpstreamOptions): Promise<UpstreamText[]>;
}

export interface LocalUpstreamOptions {
  /** Stays open when the upstream is closed. */
  model: LanguageModel;
  /** Default: the model's. */
  name?: string;
  /** Longest sentence in tokens; a longer one is handed on as it is. Default 128. */
  maxSentenceTokens?: number;
  /** Longest rest of an answer in tokens. Default 512. */
  maxAnswerTokens?: number;
  /** Default: greedy. */
  sampling?: Sampling;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
}

/**
 * Before work in which a corrector changes the prefix.
 * @param what the work, as errors begin, e.g. `sweep`
 * @throws where the upstream has whole answers only.
 */
export function requireGoingOn({ name, answersOnly }: Upstream, what: string): void {
  if (answersOnly === undefined) return;
  throw new Error(
    `${what}: upstream "${name}" cannot take part in a loop, since ${answersOnly}; use it for whole answers or recorded sentences (sweep --mode fixed, lat-scan, lens), or take another upstream`,
  );
}

/** An upstream with its model at hand, which counts tokens. */
export interface LocalUpstream extends Upstream {
  readonly model: LanguageModel;
}

/** An upstream on a local model. */
export function createLocalUpstream(options: LocalUpstreamOptions): LocalUpstream {
  const { model, maxSentenceTokens = 128, maxAnswerTokens = 512, sampling } = options;
  const clock = options.clock ?? ((): number => performance.now());
  const settings = { ...model.identity.settings, maxSentenceTokens, maxAnswerTokens, sampling };
  const { decoder, tokenizer } = model;
  const stops = sentenceStops(tokenizer, decoder.info.vocabulary);
  const place = (input: UpstreamInput): Place => placeOf(tokenizer, input);
  const key = ({ question, prefix, sample = 0 }: UpstreamInput): string =>
    sample === 0 ? `${question}\n${prefix}` : `${question}\n${prefix}\n${sample}`;
  return {
    ...opened({
      name: options.name ?? model.name,
      identity: { ...model.identity, settings },
      warnings: model.warnings,
    }),
    caches: decoder,
    model,
    nextSentences: (inputs, request = {}) =>
      generateSentences({
        model,
        places: inputs.map(place),
        stops,
        maxTokens: maxSentenceTokens,
        clock,
        keys: inputs.map(key),
        sampling: request.sampling ?? sampling,
        ...rowCaches(inputs),
        signal: request.signal,
      }),
    async finish(inputs, request = {}) {
      if (inputs.length === 0) return [];
      const start = clock();
      const places = inputs.map(place);
      const prompts = places.map(({ prompt }) => prompt);
      const result = await decoder.generate({
        prompts,
        maxNewTokens: maxAnswerTokens,
        stop: tokenizer.endOfTurn,
        ...rowSampling(request.sampling ?? sampling, inputs.map(key)),
        ...rowCaches(inputs),
        signal: request.signal,
      });
      const elapsed = clock() - start;
      return result.rows.map((row, i) => {
        const written = places[i] ? textBehind(tokenizer, places[i], row.tokens) : '';
        const { text: clean, notes } = cleaned(written);
        const text = clean.trim() === '' ? '' : clean;
        return {
          text,
          ...notesOf(notes),
          ended: row.finish === 'stop',
          tokens: row.tokens.length,
          firstTextMilliseconds: text === '' ? null : elapsed,
          ...contextEnd(row, prompts[i], decoder.info),
        };
      });
    },
  };
}

/**
 * An upstream that never says anything. With it the loop runs the corrector alone: it is asked with
 * an empty y1 in every round and so writes its own answer.
 */
export function createSilentUpstream(): Upstream {
  const silence = (inputs: readonly UpstreamInput[]): Promise<UpstreamText[]> =>
    Promise.resolve(
      inputs.map(() => ({ text: '', ended: true, tokens: 0, firstTextMilliseconds: null })),
    );
  const own = opened({ name: 'none', identity: functionIdentity('none') });
  return { ...own, nextSentences: silence, finish: silence };
}
