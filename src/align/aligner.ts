/**
 * The whole-answer Aligner, for comparison: the upstream writes its whole answer, the Aligner writes
 * a corrected one. Prompts as in the authors' code.
 */
import { contextEnd, type ContextEnd } from '../runtime/contextLimit.js';
import type { Finish, LanguageModel, Sampling } from '../runtime/decoder.js';
import { asText } from '../text/controlTokens.js';
import { copyRule } from '../text/copied.js';
import type { TextNote } from '../text/notes.js';
import { createCorrector, type LocalCorrector } from './corrector.js';
import { rowDrafts } from './drafts.js';
import { opened, type Opened } from './opened.js';
import type { AlignerFormat, PromptFrame, WholeAnswer } from './prompts.js';
import {
  alignerConversation,
  alignerPrompt,
  alignerPromptV1,
  promptMarkers,
  wholeAnswerPrompt,
} from './prompts.js';
import { rowSampling } from './sampling.js';
import { settle } from './settled.js';

export interface AlignerCorrection {
  /** As {@link Correction.text}, of the whole answer. */
  text: string;
  written?: string;
  notes?: readonly TextNote[];
  /** Generated tokens, the end of turn included. */
  tokens: number;
  /** `context`: the model had no positions left, so that this is no correction. */
  finish: Finish;
  /** Where the finish is `context`. */
  context?: ContextEnd;
}

/** Anything that corrects whole answers: a local model, recorded corrections. */
export interface Aligner extends Opened {
  /** Whether its model can be read and steered, see {@link alignerAsCorrector}. */
  readonly readable: boolean;
  /** One correction per answer, in order. */
  correct(
    answers: readonly WholeAnswer[],
    options?: { signal?: AbortSignal },
  ): Promise<AlignerCorrection[]>;
}

export interface AlignerOptions {
  /** Stays open when the Aligner is closed. */
  model: LanguageModel;
  /** Default: the model's. */
  name?: string;
  /** Default `aligner`, today's prompt. */
  format?: AlignerFormat;
  /** Default `chat`, the model's own template; the authors' models want `conversation`. */
  frame?: PromptFrame;
  /** Longest answer in tokens. Default 512. */
  maxNewTokens?: number;
  /** Default: greedy. */
  sampling?: Sampling;
}

/** A whole-answer Aligner on a local model. */
export function createAligner(options: AlignerOptions): Aligner {
  const { model, format = 'aligner', frame = 'chat', maxNewTokens = 512 } = options;
  const settings = {
    ...model.identity.settings,
    ...{ maxNewTokens, sampling: options.sampling, format, frame, copied: copyRule },
  };
  const { decoder, tokenizer } = model;
  const user = format === 'aligner' ? alignerPrompt : alignerPromptV1;
  const markers = format === 'aligner' ? promptMarkers(wholeAnswerPrompt) : [];
  const framed = (text: string): string =>
    frame === 'chat'
      ? tokenizer.chatPrompt(text)
      : asText(alignerConversation(text), tokenizer.controlTokens);
  return {
    ...opened({
      name: options.name ?? model.name,
      identity: { ...model.identity, settings },
      warnings: model.warnings,
    }),
    readable: true,
    async correct(answers, { signal } = {}) {
      if (answers.length === 0) return [];
      const texts = answers.map(user);
      const prompts = texts.map((text) => tokenizer.encode(framed(text)));
      const drafts = answers.map(({ answer }) => answer);
      const { sampling } = options;
      const result = await decoder.generate({
        ...{ prompts, maxNewTokens },
        stop: tokenizer.endOfTurn,
        ...rowSampling(sampling, texts),
        ...rowDrafts(drafts, { tokenizer, sampling }),
        signal,
      });
      return result.rows.map((row, i) => ({
        ...settle(answers[i]?.answer ?? '', row.tokens, { tokenizer, markers }),
        tokens: row.tokens.length,
        finish: row.finish,
        ...contextEnd(row, prompts[i], decoder.info),
      }));
    },
  };
}

/**
 * A whole-answer Aligner as a corrector of passages whose y1 is the whole answer: what reads, steers
 * and patches correctors then does so with it. Today's prompt in the model's chat template, greedy.
 */
export function alignerAsCorrector(options: {
  model: LanguageModel;
  /** Default: the model's. */
  name?: string;
  /** Longest answer in tokens. Default 384. */
  maxNewTokens?: number;
}): LocalCorrector {
  return createCorrector({ maxNewTokens: 384, ...options, prompt: wholeAnswerPrompt });
}
