/** What one token writes within a text. */
import type { Tokenizer } from './decoder.js';

/**
 * A token's text with the blank that it begins with. Many tokenizers leave out the blank at the
 * beginning of what they decode (SentencePiece's `▁`), so a token that is decoded alone loses it;
 * decoded twice in a row, the second one keeps it.
 */
export function tokenText(tokenizer: Pick<Tokenizer, 'decode'>, id: number): string {
  const once = tokenizer.decode([id]);
  const twice = tokenizer.decode([id, id]);
  return twice.startsWith(once) ? twice.slice(once.length) : once;
}
