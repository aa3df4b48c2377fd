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

/** The same where they are not all in memory: what is asked for is fetched. */
export interface FetchedStates {
  readonly count: number;
  readonly layers: number;
  readonly width: number;
  /** Float32 `[D]` each, of these inputs in this order at one layer. */
  layer(layer: number, inputs: readonly number[]): Float32Array[];
  /** Float32 `[L, D]` of one input. */
  input(index: number): Float32Array;
}

/** Wherever they are. */
export type AnyStates = States | FetchedStates;

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
 * Unsteered hidden states `[N, L, D]` of each prompt's last token, in the order of the prompts.
 * @throws on an empty prompt, and on a hidden state that is not finite.
 */
export async function boundaryStates(options: BoundaryOptions): Promise<States> {
  const { decoder, prompts } = options;
  const { layers, width } = decoder.info;
  const values = new Float32Array(prompts.length * layers * width);
  const order = readingOrder(prompts);
  const prompt = (i: number): readonly number[] => prompts[i] ?? [];
  for await (const { input, states } of readBoundary({ ...options, order, prompt })) {
    values.set(states, input * layers * width);
  }
  return { count: prompts.length, layers, width, values };
}

/** Prompts that a batch holds, where nothing else is asked for. */
export const usualBatch = 16;

/**
 * Prompts in the order in which they are read. Neighbours that begin alike, e.g. sentences of one
 * answer, stay together, since what they share is computed once; else those of like length are
 * together, so that little is spent on padding.
 * @throws on an empty prompt.
 */
export function readingOrder(prompts: Iterable<readonly number[]>): number[] {
  const families: { inputs: number[]; length: number }[] = [];
  let before: readonly number[] = [];
  let input = 0;
  for (const tokens of prompts) {
    const { length } = tokens;
    if (length === 0)
      throw new Error(`states: prompt ${input} is empty (expected at least 1 token)`);
    let family = families.at(-1);
    if (!family || !beginAlike(before, tokens)) families.push((family = { inputs: [], length: 0 }));
    family.inputs.push(input++);
    family.length = Math.max(family.length, length);
    before = tokens;
  }
  return families.sort((a, b) => a.length - b.length).flatMap(({ inputs }) => inputs);
}

/** Whether they have the same tokens for half of the longer one. */
function beginAlike(a: readonly number[], b: readonly number[]): boolean {
  const half = Math.max(a.length, b.length) / 2;
  let same = 0;
  while (same < half && a[same] === b[same]) same++;
  return same >= half;
}

/**
 * The states `[L, D]` of each prompt's last token as they are read.
 * @param options.order of {@link readingOrder}
 * @param options.begun how many of it were read before: whole batches. Default 0.
 */
export async function* readBoundary(
  options: Omit<BoundaryOptions, 'prompts'> & {
    order: readonly number[];
    prompt: (input: number) => readonly number[];
    begun?: number;
  },
): AsyncGenerator<{ input: number; states: Float32Array }, void> {
  const { decoder, order, prompt, begun = 0, batchSize: size = usualBatch } = options;
  const { layers, width } = decoder.info;
  for (let start = begun; start < order.length; start += size) {
    options.signal?.throwIfAborted();
    const batch = order.slice(start, start + size);
    const tokens = batch.map(prompt);
    const rows = await decoder.forward({ tokens, states: tokens.map((t) => [t.length - 1]) });
    for (const [row, input] of batch.entries()) {
      const states = rows[row]?.states ?? new Float32Array(0);
      checkStates(states, { layers, width, what: `prompt ${input}` });
      yield { input, states };
    }
    options.onProgress?.(Math.min(start + size, order.length), order.length);
  }
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

/** Hidden states `[D]` of some inputs, in the given order, at one layer. Default: all inputs. */
export function layerStates(
  states: AnyStates,
  layer: number,
  inputs: readonly number[] = Array.from({ length: states.count }, (_, i) => i),
): Float32Array[] {
  if (!('values' in states)) return states.layer(layer, inputs);
  return inputs.map((input) => stateAt(states, input, layer));
}

/** Hidden states `[L, D]` of one input. */
export function inputStates(states: AnyStates, index: number): Float32Array {
  if (!('values' in states)) return states.input(index);
  const size = states.layers * states.width;
  return states.values.subarray(index * size, (index + 1) * size);
}

/** The hidden state `[D]` of one input at one layer. */
export function stateAt(states: AnyStates, index: number, layer: number): Float32Array {
  const { width } = states;
  return inputStates(states, index).subarray(layer * width, (layer + 1) * width);
}

/** Some of the inputs, in the given order; nothing is copied. */
export function selectStates(states: AnyStates, indices: readonly number[]): FetchedStates {
  const { layers, width } = states;
  const inner = (input: number): number => {
    const index = indices[input];
    if (index !== undefined) return index;
    throw new Error(`states: no input ${input} (expected 0 … ${indices.length - 1})`);
  };
  return {
    ...{ count: indices.length, layers, width },
    layer: (layer, inputs) => layerStates(states, layer, inputs.map(inner)),
    input: (index) => inputStates(states, inner(index)),
  };
}

/** Mean Euclidean norm of the hidden states, per layer: `[L]`. */
export function meanNorms(states: AnyStates): number[] {
  return Array.from({ length: states.layers }, (_, layer) => {
    let sum = 0;
    for (const state of layerStates(states, layer)) sum += norm(state);
    return sum / states.count;
  });
}
