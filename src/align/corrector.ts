/**
 * The sentence corrector: (q, p, y1) → y2, a batch at a time, steered and read where asked.
 *
 * Dimensions: `B` rows, `L` layers, `D` width, `K` directions, `R` generated tokens.
 */
import { contextEnd, type ContextEnd } from '../runtime/contextLimit.js';
import type {
  CachePlace,
  Finish,
  GenerateRequest,
  GenerateRow,
  LanguageModel,
  PrefixCache,
  Projection,
  Sampling,
} from '../runtime/decoder.js';
import type { PositionRule, Steering } from '../runtime/steering.js';
import { copyRule } from '../text/copied.js';
import type { TextNote } from '../text/notes.js';
import { rowDrafts } from './drafts.js';
import { functionHash, opened, type Opened } from './opened.js';
import type { Passage } from './prompts.js';
import { promptMarkers, streamAlignerPrompt } from './prompts.js';
import { settle } from './settled.js';
import { rowSampling } from './sampling.js';
import { tokenText } from '../runtime/tokenText.js';

/** Where caches of growing conversations come from; a decoder is one. */
export interface CacheOwner {
  /**
   * Rows may have them however batches are spread: kept `here`, where they take this process's memory,
   * or `elsewhere`, by a server. Absent: only where a loop keeps caches.
   */
  readonly anywhere?: CachePlace | undefined;
  openCache(): PrefixCache;
  closeCache(cache: PrefixCache): Promise<void>;
}

/** One row to correct. */
export interface CorrectionInput extends Passage {
  /** `[L]`, this row's own; needs {@link CorrectOptions.steering}. Default: zeros. */
  coefficient?: Float32Array;
  /** `[L]`, share removed from this row alone; replaces {@link LayerSteering.ablation}. */
  ablation?: Float32Array;
  /** From {@link Corrector.caches}; either every row of a batch has one or none. */
  cache?: PrefixCache;
}

/** What is the same for all rows of a batch; the coefficients are the rows' own. */
export interface LayerSteering {
  /** `[L, D]` */
  direction: Float32Array;
  /** `[L]`, share removed, 0 … 1. Default: none. */
  ablation?: Float32Array;
  /** Default {@link defaultPositions}. */
  positions?: PositionRule;
}

export interface CorrectOptions {
  steering?: LayerSteering;
  /** Directions to read along, `[L, K, D]`. Default: no readings. */
  project?: Projection;
  /** Replaces the corrector's own. */
  sampling?: Sampling;
  signal?: AbortSignal;
}

/** Readings of one generation: entry 0 is the boundary token's, entry t that of token t − 1. */
export interface Readings {
  /** `R` generated tokens, as text; the reading at index t chose token t. */
  tokens: string[];
  layers: number;
  directions: number;
  /** `[R, L, K]` */
  values: Float32Array;
}

export interface Correction {
  /**
   * y2: y1 itself where it was copied (`text/copied.ts`), else without surrounding white space,
   * control characters and markers of the prompt. Empty: stop.
   */
  text: string;
  /** y1 as the corrector would write it, where that is another text: edits are counted from it. */
  written?: string;
  /** What is worth a note; absent where nothing is. */
  notes?: readonly TextNote[];
  /** Generated tokens, the end of turn included. */
  tokens: number;
  /**
   * `length`: the corrector had not ended its turn; the text is what there was. `context`: nor had
   * it, and its positions were used up or the prompt left it none: neither a copy nor a correction.
   */
  finish: Finish;
  /** Where the finish is `context`. */
  context?: ContextEnd;
  readings: Readings | null;
}

/** Anything that corrects sentences: a local model, recorded corrections, a function. */
export interface Corrector extends Opened {
  /** Absent where it keeps no caches. */
  readonly caches?: CacheOwner;
  /**
   * Whether it can be read and steered. Where it cannot, a request that asks for it is refused, see
   * {@link requireReadable}.
   */
  readonly readable: boolean;
  /** One correction per input, in order. */
  correct(inputs: readonly CorrectionInput[], options?: CorrectOptions): Promise<Correction[]>;
}

/** A corrector with its model at hand, which is what reads hidden states. */
export interface LocalCorrector extends Corrector {
  readonly readable: true;
  readonly model: LanguageModel;
}

export interface CorrectorOptions {
  /** Stays open when the corrector is closed. */
  model: LanguageModel;
  /** Default: the model's. */
  name?: string;
  /** Longest correction in tokens. Default 128. */
  maxNewTokens?: number;
  /** Default: greedy. */
  sampling?: Sampling;
  /**
   * The user's text. Default: Stream Aligner's prompt. Its source text stands in the identity: what
   * a closure holds is not seen there.
   */
  prompt?: (passage: Passage) => string;
}

/**
 * A corrector on a local model. It writes until its end of turn, not to the end of a sentence: an
 * improvement may be two sentences, and emptiness is an answer.
 */
export function createCorrector(options: CorrectorOptions): LocalCorrector {
  const { model, maxNewTokens = 128, prompt = streamAlignerPrompt } = options;
  const settings = {
    ...{
      ...model.identity.settings,
      maxNewTokens,
      sampling: options.sampling,
      prompt: functionHash(prompt),
    },
    copied: copyRule,
  };
  const markers = promptMarkers(prompt);
  const { decoder, tokenizer } = model;
  return {
    ...opened({
      name: options.name ?? model.name,
      identity: { ...model.identity, settings },
      warnings: model.warnings,
    }),
    caches: decoder,
    readable: true,
    model,
    async correct(inputs, request = {}) {
      if (inputs.length === 0) return [];
      const texts = inputs.map(prompt);
      const prompts = texts.map((text) => tokenizer.encode(tokenizer.chatPrompt(text)));
      const drafts = inputs.map(({ last }) => last);
      const sampling = request.sampling ?? options.sampling;
      const result = await decoder.generate({
        ...{ prompts, maxNewTokens },
        stop: tokenizer.endOfTurn,
        ...rowSampling(sampling, texts),
        ...rowDrafts(drafts, { tokenizer, sampling }),
        ...rowSteering(inputs, request.steering, decoder.info.layers),
        project: request.project,
        ...rowCaches(inputs),
        signal: request.signal,
      });
      return result.rows.map((row, i) => ({
        ...settle(inputs[i]?.last ?? '', row.tokens, { tokenizer, markers }),
        tokens: row.tokens.length,
        finish: row.finish,
        ...contextEnd(row, prompts[i], decoder.info),
        readings: readingsOf(row, model, request.project),
      }));
    },
  };
}

/** The batch's {@link Steering}: shared direction, coefficients `[B, L]` from the rows. */
function rowSteering(
  inputs: readonly CorrectionInput[],
  steering: LayerSteering | undefined,
  layers: number,
): { steering?: Steering } {
  if (!steering) {
    if (inputs.some((input) => input.coefficient ?? input.ablation)) {
      throw new Error(
        'corrector: a row has a coefficient or an ablation but there is no direction; give steering',
      );
    }
    return {};
  }
  const coefficient = perRow(
    inputs.map((input) => input.coefficient),
    { layers, what: 'coefficients' },
  );
  if (!inputs.some((input) => input.ablation)) return { steering: { ...steering, coefficient } };
  const ablation = perRow(
    inputs.map((input) => input.ablation ?? steering.ablation),
    { layers, what: 'an ablation' },
  );
  return { steering: { ...steering, coefficient, ablation } };
}

/** `[B, L]` from the rows' own `[L]`, zeros where a row has none. */
function perRow(
  rows: readonly (Float32Array | undefined)[],
  { layers, what }: { layers: number; what: string },
): Float32Array {
  const values = new Float32Array(rows.length * layers);
  rows.forEach((own, row) => {
    if (!own) return;
    if (own.length !== layers) {
      throw new Error(
        `corrector: row ${row} has ${what} for another number of layers ` +
          `(expected ${layers}, got ${own.length})`,
      );
    }
    values.set(own, row * layers);
  });
  return values;
}

/** The rows' caches for a request: all or none. */
export function rowCaches(
  rows: readonly { cache?: PrefixCache }[],
): Pick<GenerateRequest, 'caches'> {
  const caches = rows.flatMap((row) => (row.cache ? [row.cache] : []));
  if (caches.length === 0) return {};
  if (caches.length !== rows.length) {
    throw new Error(
      `align: only some rows have a cache (expected ${rows.length} or 0, got ${caches.length})`,
    );
  }
  return { caches };
}

function readingsOf(
  row: GenerateRow,
  { decoder, tokenizer }: LanguageModel,
  project: Projection | undefined,
): Readings | null {
  if (!project) return null;
  return {
    tokens: row.tokens.map((id) => tokenText(tokenizer, id)),
    layers: decoder.info.layers,
    directions: project.count,
    values: row.projections,
  };
}
