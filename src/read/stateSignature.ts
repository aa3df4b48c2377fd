/**
 * What tells a model by what it computes. The bytes of an ONNX file change with the exporter's
 * version; hidden states do not, and it is these that a direction was found in.
 */
import type { Decoder } from '../runtime/decoder.js';
import type { StateSignature, StoredDirections } from './files/storedDirections.js';

/** Tokens of the prompt, as far as the model has positions. */
const promptTokens = 16;

/**
 * The largest {@link signatureDifference} between two files of the same weights. Arithmetic in fp16 may
 * differ by half of it. On a 135M model weights rounded to 8 bits differ by 4.8e-2, a LoRA at 0.9 of
 * its strength by 5.3e-2, at 0.99 by 5.7e-3.
 */
export const sameStates = 1e-2;

/** The direction with the signature of the model that it was found in. */
export async function withSignature(
  stored: StoredDirections,
  decoder: Pick<Decoder, 'forward' | 'info'>,
): Promise<StoredDirections> {
  const tokens = promptOf(decoder.info);
  const signature = await measureSignature(decoder, tokens);
  return signature ? { ...stored, signature } : stored;
}

/**
 * How far a model is from the one of a signature: the largest of ‖Δ‖/‖h‖ over its hidden states and
 * its logits. Null where it has other sizes, or the signature's tokens are none of its own.
 */
export async function signatureDifference(
  kept: StateSignature,
  decoder: Pick<Decoder, 'forward' | 'info'>,
): Promise<number | null> {
  const { layers, width, vocabulary } = decoder.info;
  if (kept.tokens.some((id) => id >= vocabulary)) return null;
  if (kept.states.length !== layers * width) return null;
  const found = await measureSignature(decoder, kept.tokens);
  if (!found) return null;
  const differences = Array.from({ length: layers }, (_, layer) => {
    const own = (values: Float32Array): Float32Array =>
      values.subarray(layer * width, (layer + 1) * width);
    return relativeDifference(own(kept.states), own(found.states));
  });
  return Math.max(...differences, relativeDifference(kept.logits, found.logits));
}

/** Ids all over the vocabulary by the golden ratio: tokenizers would cut a text differently. */
function promptOf({ vocabulary, context }: Decoder['info']): number[] {
  const count = Math.min(promptTokens, context?.positions ?? promptTokens);
  const golden = (Math.sqrt(5) - 1) / 2;
  return Array.from({ length: count }, (_, i) => Math.floor((((i + 1) * golden) % 1) * vocabulary));
}

/**
 * In one forward. Null where the model cannot: such tokens are no text, and a state may overflow that
 * never does on one; then there is no signature, and bytes count as before.
 */
async function measureSignature(
  decoder: Pick<Decoder, 'forward' | 'info'>,
  tokens: readonly number[],
): Promise<StateSignature | null> {
  const last = [[tokens.length - 1]];
  const [row] = await decoder
    .forward({ tokens: [tokens], states: last, logits: last })
    .catch(() => []);
  if (!row) return null;
  const logits = Float32Array.from(tokens, (id) => row.logits[id] ?? NaN);
  const isFinite = [row.states, logits].every((values) => values.every(Number.isFinite));
  return isFinite ? { tokens, states: row.states, logits } : null;
}

function relativeDifference(kept: Float32Array, found: Float32Array): number {
  let [squares, apart] = [0, 0];
  for (let i = 0; i < kept.length; i++) {
    const x = kept[i] ?? NaN;
    squares += x * x;
    apart += (x - (found[i] ?? NaN)) ** 2;
  }
  // Two states of nothing at all are the same.
  return apart === 0 ? 0 : Math.sqrt(apart / squares);
}
