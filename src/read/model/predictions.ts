/** What a model would write next: logits as probabilities of tokens. */
import type { Tokenizer } from '../../runtime/decoder.js';
import { tokenText } from '../../runtime/tokenText.js';

/** One possible next token. */
export interface Prediction {
  id: number;
  /** As text; special tokens are empty. */
  token: string;
  /** 0 … 1, of all tokens. */
  probability: number;
}

/** The `count` likeliest next tokens, the likeliest first; of equals, the lowest id. */
export function topPredictions(
  logits: Float32Array,
  tokenizer: Pick<Tokenizer, 'decode'>,
  count: number,
): Prediction[] {
  const most = logits.reduce((best, value) => Math.max(best, value), -Infinity);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - most), 0);
  const ids = Array.from(logits.keys()).sort(
    (a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b,
  );
  return ids.slice(0, count).map((id) => ({
    id,
    token: tokenText(tokenizer, id),
    probability: Math.exp((logits[id] ?? NaN) - most) / total,
  }));
}
