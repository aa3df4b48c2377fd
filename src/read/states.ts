/** Hidden states at the boundary token: the prompt's last, where the corrector is about to write. */
import { norm } from '../math/linear.js';
import type { Decoder } from '../runtime/decoder.js';

/** Hidden states of `N` inputs at one position each, at every layer. */
export interface States {
  count: number;
  layers: number;
  width: number;
  /** float32 `[N, L, D]` */
  values: Float32Array;
}

export interface BoundaryOptions {
  decoder: Pick<Decoder, 'forward' | 'info'>;
  /** `N` rows of prompt tokens. */
  prompts: readonly (readonly number[])[];
  /** Default 16. */
  batchSize?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Unsteered hidden states `[N, L, D]` of each prompt's last token.
 *
 * Batches hold prompts of similar length, so little is spent on padding; the results stand in the
 * order of the prompts.
 * @throws on an empty prompt, and on a hidden state that is not finite.
 */
export async function boundaryStates(options: BoundaryOptions): Promise<States> {
  const { decoder, prompts } = options;
  const { layers, width } = decoder.info;
  const empty = prompts.findIndex((tokens) => tokens.length === 0);
  if (empty >= 0) throw new Error(`states: prompt ${empty} is empty (expected at least 1 token)`);
  const order = prompts.map((_, i) => i);
  order.sort((a, b) => (prompts[a]?.length ?? 0) - (prompts[b]?.length ?? 0) || a - b);
  const values = new Float32Array(prompts.length * layers * width);
  const size = options.batchSize ?? 16;
  for (let start = 0; start < order.length; start += size) {
    options.signal?.throwIfAborted();
    const batch = order.slice(start, start + size);
    const tokens = batch.map((i) => prompts[i] ?? []);
    const rows = await decoder.forward({ tokens, states: tokens.map((t) => [t.length - 1]) });
    batch.forEach((input, row) => {
      const states = rows[row]?.states ?? new Float32Array(0);
      checkStates(states, { layers, width, what: `prompt ${input}` });
      values.set(states, input * layers * width);
    });
    options.onProgress?.(Math.min(start + size, order.length), order.length);
  }
  return { count: prompts.length, layers, width, values };
}

/** @throws where the size is not `[L, D]`, or a number is not finite. */
function checkStates(
  states: Float32Array,
  expected: { layers: number; width: number; what: string },
): void {
  const { layers, width, what } = expected;
  if (states.length !== layers * width) {
    throw new Error(
      `states: ${what} has ${states.length} numbers (expected ${layers} layers × ${width})`,
    );
  }
  const bad = states.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new Error(
      `states: ${what} has ${states[bad]} at layer ${Math.floor(bad / width)}, component ${bad % width} (expected finite numbers); the model or its precision overflows here`,
    );
  }
}

/** The hidden state `[D]` of one input at one layer, as a view. */
export function stateAt(states: States, index: number, layer: number): Float32Array {
  const start = (index * states.layers + layer) * states.width;
  return states.values.subarray(start, start + states.width);
}

/** Some of the inputs, in the given order. */
export function selectStates(states: States, indices: readonly number[]): States {
  const size = states.layers * states.width;
  const values = new Float32Array(indices.length * size);
  indices.forEach((from, to) => {
    values.set(states.values.subarray(from * size, (from + 1) * size), to * size);
  });
  return { count: indices.length, layers: states.layers, width: states.width, values };
}

/** Mean Euclidean norm of the hidden states, per layer: `[L]`. */
export function meanNorms(states: States): number[] {
  return Array.from({ length: states.layers }, (_, layer) => {
    let sum = 0;
    for (let i = 0; i < states.count; i++) sum += norm(stateAt(states, i, layer));
    return sum / states.count;
  });
}
