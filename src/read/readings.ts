/**
 * Readings of output tokens: projections of their hidden states on a direction, while the model
 * writes freely, or with the output forced upon it.
 *
 * The reading of output token t is that of the hidden state *at* token t, which chose token t + 1.
 * One generation yields them all; never one forward per token, as in RepE's LAT plot.
 */
import { dot, norm } from '../math/linear.js';
import type { Decoder, Projection } from '../runtime/decoder.js';
import { directionAt, type Directions } from './directions.js';
import type { Label, Stimulus } from './stimuli.js';

/** Readings of one output. */
export interface Run {
  /** `T` ids of the output tokens read, the stop token left out; T may be 0. */
  tokens: number[];
  /** float64 `[L, T]` */
  readings: Float64Array;
  /** float64 `[L]`, at the boundary token (the prompt's last), unscaled; absent where it was not read. */
  boundary?: Float64Array;
}

/** A stimulus and what the model wrote for it now. */
export interface LabelledRun {
  stimulus: Stimulus;
  label: Label;
  run: Run;
}

export interface ReadOptions {
  decoder: Pick<Decoder, 'forward' | 'generate' | 'info'>;
  directions: Directions;
  /** Divide by the hidden state's norm. Default false. */
  cosine?: boolean;
  /** Default 16. */
  batchSize?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Greedy, unsteered outputs and the readings of their first `tokens` tokens, one run per prompt.
 * @throws where a reading is not finite.
 */
export async function readFree(
  options: ReadOptions & {
    prompts: readonly (readonly number[])[];
    /** Most output tokens per run. */
    tokens: number;
    stop: readonly number[];
  },
): Promise<Run[]> {
  const { decoder, directions, prompts, cosine = false } = options;
  return inBatches(options, prompts, async (batch) => {
    const result = await decoder.generate({
      prompts: batch,
      // The last generated token is never fed back, so it has no hidden state: one more is needed.
      maxNewTokens: options.tokens + 1,
      stop: options.stop,
      ...(cosine ? { states: true } : { project: projection(directions) }),
      ...(options.signal && { signal: options.signal }),
    });
    return result.rows.map((row): Run => {
      const count = Math.max(0, row.tokens.length - 1);
      const readings = new Float64Array(directions.layers * count);
      for (let t = 0; t < count; t++) {
        for (let layer = 0; layer < directions.layers; layer++) {
          const at = (t + 1) * directions.layers + layer;
          readings[layer * count + t] = cosine
            ? cosineOf(stateOf(row.states, at, directions.width), directionAt(directions, layer))
            : (row.projections[at] ?? NaN);
        }
      }
      // Entry 0 is the boundary token's.
      const boundary = Float64Array.from({ length: directions.layers }, (_, layer) =>
        cosine
          ? cosineOf(stateOf(row.states, layer, directions.width), directionAt(directions, layer))
          : (row.projections[layer] ?? NaN),
      );
      return { ...checked({ tokens: row.tokens.slice(0, count), readings }), boundary };
    });
  });
}

/** A prompt and what is forced upon it. */
export interface ForcedInput {
  prompt: readonly number[];
  output: readonly number[];
}

/** Readings of given output tokens after given prompts, by one forward each (teacher forcing). */
export async function readForced(
  options: ReadOptions & { inputs: readonly ForcedInput[] },
): Promise<Run[]> {
  const { decoder, directions, inputs, cosine = false } = options;
  const { layers, width } = directions;
  return inBatches(options, inputs, async (batch) => {
    const rows = await decoder.forward({
      tokens: batch.map(({ prompt, output }) => [...prompt, ...output]),
      promptLengths: batch.map(({ prompt }) => prompt.length),
      ...(cosine
        ? { states: batch.map(({ prompt, output }) => output.map((_, t) => prompt.length + t)) }
        : { project: projection(directions) }),
    });
    return batch.map(({ prompt, output }, i): Run => {
      const row = rows[i];
      const count = output.length;
      const readings = new Float64Array(layers * count);
      for (let layer = 0; layer < layers; layer++) {
        for (let t = 0; t < count; t++) {
          const at = layer * (prompt.length + count) + prompt.length + t;
          readings[layer * count + t] = cosine
            ? cosineOf(
                stateOf(row?.states, layer * count + t, width),
                directionAt(directions, layer),
              )
            : (row?.projections[at] ?? NaN);
        }
      }
      return checked({ tokens: [...output], readings });
    });
  });
}

function projection(directions: Directions): Projection {
  return { directions: directions.vectors, count: 1 };
}

function stateOf(states: Float32Array | undefined, index: number, width: number): Float32Array {
  return (states ?? new Float32Array(0)).subarray(index * width, (index + 1) * width);
}

function cosineOf(state: Float32Array, unit: Float32Array): number {
  const length = norm(state);
  return length > 0 ? dot(state, unit) / length : NaN;
}

function checked(run: Run): Run {
  const bad = run.readings.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    const count = run.tokens.length;
    throw new Error(
      `readings: ${run.readings[bad]} at layer ${Math.floor(bad / count)}, output token ${bad % count} (expected a finite number)`,
    );
  }
  return run;
}

async function inBatches<T>(
  options: Pick<ReadOptions, 'batchSize' | 'onProgress' | 'signal'>,
  items: readonly T[],
  run: (batch: readonly T[]) => Promise<Run[]>,
): Promise<Run[]> {
  const size = options.batchSize ?? 16;
  const runs: Run[] = [];
  for (let start = 0; start < items.length; start += size) {
    options.signal?.throwIfAborted();
    runs.push(...(await run(items.slice(start, start + size))));
    options.onProgress?.(runs.length, items.length);
  }
  return runs;
}
