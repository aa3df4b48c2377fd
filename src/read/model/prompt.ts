/** What a model is asked, as tokens, and places in it. */
import type { LanguageModel } from '../../runtime/decoder.js';

/** How a text is asked. */
export interface PromptOptions {
  /**
   * Whether the text is the user's turn in the model's chat template (default), or stands for itself
   * and is gone on with.
   */
  chat?: boolean;
}

/** @throws where the text has no tokens, or the model no chat template. */
export function promptTokens(
  { tokenizer }: Pick<LanguageModel, 'tokenizer'>,
  text: string,
  { chat = true }: PromptOptions,
): number[] {
  const tokens = chat ? tokenizer.encode(tokenizer.chatPrompt(text)) : tokenizer.encodePlain(text);
  if (tokens.length === 0) throw new Error('prompt: the text has no tokens (expected at least 1)');
  return tokens;
}

/** Absolute positions; negative ones count from the end. @throws where one lies outside. */
export function absolutePositions(positions: readonly number[], length: number): number[] {
  return positions.map((position) => {
    const at = position < 0 ? length + position : position;
    if (Number.isInteger(at) && at >= 0 && at < length) return at;
    throw new Error(
      `positions: ${position} is outside the text (expected ${-length} … ${length - 1})`,
    );
  });
}
