/**
 * The teacher-forced comparison: a `correct` and a `copy` prompt, each followed by the *same*
 * output tokens. What then still differs in the readings is what the prompt decided, not the token
 * that stands there.
 *
 * Every pair lends both of its own outputs, and each is forced after both prompts, so that over a
 * pair every token stands equally often after either kind of prompt.
 */
import { bootstrapMean } from '../math/bootstrap.js';
import type { Interval } from '../math/interval.js';
import type { Random } from '../math/random.js';
import { mean } from '../math/summary.js';
import { meanActivity, type Activity } from './activity.js';
import { readForced, type ForcedInput, type LabelledRun, type ReadOptions } from './readings.js';
import { applyScale, layerReadings, type Scale } from './standardize.js';
import type { Stimulus } from './stimuli.js';

export interface ForcedDifference {
  layer: number;
  /** Mean reading after `correct` prompts − after `copy` prompts, in the scale's units. */
  difference: number;
  /** Over pairs. */
  ci: Interval | null;
}

export interface ForcedComparison {
  /** By the label of the prompt. */
  activity: Activity[];
  difference: ForcedDifference[];
}

export interface ForcedOptions {
  read: ReadOptions;
  scale: Scale;
  /** Free runs; those without any token are passed over. */
  runs: readonly LabelledRun[];
  prompt: (stimulus: Stimulus) => readonly number[];
  /** Most pairs. Default 32. */
  pairs?: number;
  random: Random;
}

interface ForcedPair {
  correct: LabelledRun;
  copy: LabelledRun;
}

export async function compareForced(options: ForcedOptions): Promise<ForcedComparison> {
  const pairs = choosePairs(options);
  const inputs = pairs.flatMap(({ correct, copy }): ForcedInput[] =>
    [correct, copy].flatMap((output) =>
      [correct, copy].map(({ stimulus }) => ({
        prompt: options.prompt(stimulus),
        output: output.run.tokens,
      })),
    ),
  );
  const runs = (await readForced({ ...options.read, inputs })).map((run) =>
    applyScale(run, options.scale),
  );
  const { layers } = options.read.directions;
  // Four runs per pair: (output of correct, of copy) × (after correct, after copy).
  const average = (pair: number, prompt: 0 | 1): number[] =>
    Array.from({ length: layers }, (_, layer) =>
      mean(
        [0, 2].map((output) => {
          const run = runs[4 * pair + output + prompt];
          return run ? mean(layerReadings(run, layer)) : NaN;
        }),
      ),
    );
  const correct = pairs.map((_, pair) => average(pair, 0));
  const copy = pairs.map((_, pair) => average(pair, 1));
  const random = options.random.fork('forced');
  const difference = Array.from({ length: pairs.length > 0 ? layers : 0 }, (_, layer) => {
    const values = correct.map((of, pair) => (of[layer] ?? NaN) - (copy[pair]?.[layer] ?? NaN));
    const stream = random.fork(`difference/${layer}`);
    const { ci } = bootstrapMean({ values, random: stream, resamples: 500 });
    return { layer, difference: mean(values), ci };
  });
  return {
    activity: [
      meanActivity({ label: 'correct', values: correct, layers, random }),
      meanActivity({ label: 'copy', values: copy, layers, random }),
    ],
    difference,
  };
}

function choosePairs({ runs, pairs = 32, random }: ForcedOptions): ForcedPair[] {
  const of = (label: string): LabelledRun[] =>
    random
      .fork(`forced/${label}`)
      .shuffle(runs.filter((r) => r.label === label && r.run.tokens.length > 0));
  const copies = of('copy');
  return of('correct')
    .slice(0, pairs)
    .flatMap((correct, i) => {
      const copy = copies[i];
      return copy ? [{ correct, copy }] : [];
    });
}
