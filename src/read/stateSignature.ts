/**
 * What tells a model by its hidden states. The bytes of an ONNX file change with the exporter's
 * version; the states do not, and it is states that a direction was found in.
 */
import { dot, norm } from '../math/linear.js';
import type { Decoder } from '../runtime/decoder.js';
import { directionAt, type Directions } from './directions.js';
import type { StateSignature, StoredDirections } from './files/storedDirections.js';
import { boundaryStates, stateAt } from './states.js';

/** Tokens of the prompt, as far as the model has positions. */
const tokens = 16;

/**
 * The largest difference between two files of the same weights, see {@link signatureDifference}: fp16
 * arithmetic has 5e-3.
 */
export const sameStates = 1e-2;

/** Measures it, in one forward. */
export async function stateSignature(
  decoder: Pick<Decoder, 'forward' | 'info'>,
  directions: Directions,
): Promise<StateSignature> {
  const states = await boundaryStates({ decoder, prompts: [signaturePrompt(decoder.info)] });
  const layers = Array.from({ length: directions.layers }, (_, layer) => layer);
  return {
    norms: layers.map((layer) => norm(stateAt(states, 0, layer))),
    along: layers.map((layer) => dot(stateAt(states, 0, layer), directionAt(directions, layer))),
  };
}

/** Ids all over the vocabulary, in no order, by the golden ratio: no text, which tokenizers would cut differently. */
function signaturePrompt({ vocabulary, context }: Decoder['info']): number[] {
  const count = Math.min(tokens, context?.positions ?? tokens);
  return Array.from({ length: count }, (_, i) =>
    Math.floor(((((i + 1) * (Math.sqrt(5) - 1)) / 2) % 1) * vocabulary),
  );
}

/** The direction with the signature of the model that it was found in. */
export async function withSignature(
  stored: StoredDirections,
  decoder: Pick<Decoder, 'forward' | 'info'>,
): Promise<StoredDirections> {
  return { ...stored, signature: await stateSignature(decoder, stored.directions) };
}

/** The largest difference of a norm or a component at any layer, in the norm there. */
export function signatureDifference(kept: StateSignature, found: StateSignature): number {
  const differences = kept.norms.map((size, layer) => {
    const norms = Math.abs(size - (found.norms[layer] ?? NaN));
    const along = Math.abs((kept.along[layer] ?? NaN) - (found.along[layer] ?? NaN));
    return Math.max(norms, along) / size;
  });
  return Math.max(...differences);
}
