/** What a model is asked, as tokens, and places in it. */
import type { ChatMessage, LanguageModel, Tokenizer } from '../../runtime/decoder.js';

/** A text, or a chat in the model's template, whose last turn may be the assistant's beginning. */
export type Prompt = string | readonly ChatMessage[];

/** How a prompt is asked. */
export interface PromptOptions {
  /**
   * Whether a text is the user's turn in the model's chat template (default), or stands for itself
   * and is gone on with.
   */
  chat?: boolean;
}

/** @throws where the prompt has no tokens, or the model no chat template. */
export function promptTokens(
  { tokenizer }: Pick<LanguageModel, 'tokenizer'>,
  prompt: Prompt,
  { chat = true }: PromptOptions,
): number[] {
  const tokens = encode(tokenizer, prompt, chat);
  if (tokens.length === 0) throw new Error('prompt: the text has no tokens (expected at least 1)');
  return tokens;
}

/** Whether what is written goes on with a text, rather than being an answer of its own. */
export function goesOn(prompt: Prompt, { chat = true }: PromptOptions): boolean {
  return typeof prompt === 'string' ? !chat : prompt.at(-1)?.role === 'assistant';
}

function encode(tokenizer: Tokenizer, prompt: Prompt, chat: boolean): number[] {
  if (typeof prompt !== 'string') return tokenizer.encode(tokenizer.chat(prompt));
  return chat ? tokenizer.encode(tokenizer.chatPrompt(prompt)) : tokenizer.encodePlain(prompt);
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
