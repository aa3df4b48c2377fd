/** Hidden states of one text replaced, and what would be written next. */
import type { LanguageModel } from '../../runtime/decoder.js';
import { topPredictions, type Prediction } from './predictions.js';
import { absolutePositions, promptTokens, type Prompt, type PromptOptions } from './prompt.js';
import { toSteering, type Steer } from './steer.js';
import { tokenText } from '../../runtime/tokenText.js';

/** A hidden state that replaces another. */
export interface TextPatch {
  /** Block index from 0; its output is replaced. */
  layer: number;
  /** Of the prompt's tokens; negative from the end. */
  position: number;
  /** float32 `[D]`, e.g. from `read`. */
  vector: Float32Array;
}

export interface PatchOptions extends PromptOptions {
  patches: readonly TextPatch[];
  steer?: Steer;
  /** Where predictions are read; negative from the end. Default `[-1]`, the last token. */
  logits?: readonly number[];
  /** Predictions per position. Default 5. */
  top?: number;
}

/** What comes next at each position that was asked for. */
export interface PatchedText {
  /** The prompt's tokens as text. */
  tokens: string[];
  /** Absolute, `P` of them. */
  positions: number[];
  /** float32 `[P, V]` */
  logits: Float32Array;
  /** `[P]`, the likeliest next tokens, the likeliest first. */
  predictions: Prediction[][];
}

/** @throws where a layer or position is not the model's or the text's. */
export async function patchText(
  { decoder, tokenizer, name }: LanguageModel,
  prompt: Prompt,
  options: PatchOptions,
): Promise<PatchedText> {
  const { patches, logits: wanted = [-1], top = 5, steer } = options;
  const tokens = promptTokens({ tokenizer }, prompt, options);
  const positions = absolutePositions(wanted, tokens.length);
  const placed = patches.map(({ layer, position, vector }) => ({
    ...{ row: 0, layer, vector },
    position: absolutePositions([position], tokens.length)[0] ?? 0,
  }));
  const [row] = await decoder.forward({
    tokens: [tokens],
    steering: { ...(steer && toSteering(steer, decoder.info)), patches: placed },
    logits: [positions],
  });
  if (!row) throw new Error(`patch: ${name} gave no row (expected 1)`);
  const size = decoder.info.vocabulary;
  return {
    tokens: tokens.map((id) => tokenText(tokenizer, id)),
    positions,
    logits: row.logits,
    predictions: positions.map((_, i) =>
      topPredictions(row.logits.subarray(i * size, (i + 1) * size), tokenizer, top),
    ),
  };
}
