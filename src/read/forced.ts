/**
 * The teacher-forced comparison: a prompt of either label, each followed by the *same*
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
import { bothLabels, pairOf, type Label, type Stimulus } from './stimuli.js';

export interface ForcedDifference {
  layer: number;
  /** Mean reading after prompts of the positive label − after the others, in the scale's units. */
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
  positive: LabelledRun;
  negative: LabelledRun;
}

export async function compareForced(options: ForcedOptions): Promise<ForcedComparison> {
  const pairs = choosePairs(options);
  const inputs = pairs.flatMap(({ positive, negative }): ForcedInput[] =>
    [positive, negative].flatMap((output) =>
      [positive, negative].map(({ stimulus }) => ({
        prompt: options.prompt(stimulus),
        output: output.run.tokens,
      })),
    ),
  );
  const runs = (await readForced({ ...options.read, inputs })).map((run) =>
    applyScale(run, options.scale),
  );
  const { layers } = options.read.directions;
  // Four runs per pair: (output of the positive, of the negative) × (after the positive, after the negative).
  const average = (pair: number, prompt: 0 | 1): number[] =>
    Array.from({ length: layers }, (_, layer) =>
      mean(
        [0, 2].map((output) => {
          const run = runs[4 * pair + output + prompt];
          return run ? mean(layerReadings(run, layer)) : NaN;
        }),
      ),
    );
  const positive = pairs.map((_, pair) => average(pair, 0));
  const negative = pairs.map((_, pair) => average(pair, 1));
  const random = options.random.fork('forced');
  const both = bothLabels(options.runs);
  const difference = Array.from({ length: pairs.length > 0 ? layers : 0 }, (_, layer) => {
    const values = positive.map(
      (own, pair) => (own[layer] ?? NaN) - (negative[pair]?.[layer] ?? NaN),
    );
    const stream = random.fork(`difference/${layer}`);
    const { ci } = bootstrapMean({ values, random: stream, resamples: 500 });
    return { layer, difference: mean(values), ci };
  });
  return {
    activity: [
      meanActivity({ label: both[0], values: positive, layers, random }),
      meanActivity({ label: both[1], values: negative, layers, random }),
    ],
    difference,
  };
}

/** Pairs that are given, then others at random. */
function choosePairs(options: ForcedOptions): ForcedPair[] {
  const { runs, pairs = 32, random } = options;
  const drawn = (label: Label): LabelledRun[] =>
    random
      .fork(`forced/${label}`)
      .shuffle(runs.filter((r) => r.label === label && r.run.tokens.length > 0));
  const [positiveLabel, negativeLabel] = bothLabels(runs);
  const [positives, negatives] = [drawn(positiveLabel), drawn(negativeLabel)];
  const byPair = new Map(negatives.map((run) => [pairOf(run.stimulus), run]));
  const given = positives.flatMap((positive): ForcedPair[] => {
    const pair = pairOf(positive.stimulus);
    const negative = pair === undefined ? undefined : byPair.get(pair);
    return negative ? [{ positive, negative }] : [];
  });
  const paired = new Set(given.flatMap(({ positive, negative }) => [positive, negative]));
  const free = negatives.filter((run) => !paired.has(run));
  const rest = positives
    .filter((run) => !paired.has(run))
    .flatMap((positive, i): ForcedPair[] => {
      const negative = free[i];
      return negative ? [{ positive, negative }] : [];
    });
  return [...given, ...rest].filter((pair) => fitsModel(pair, options)).slice(0, pairs);
}

/** Whether the model has positions for either output after either prompt. */
function fitsModel({ positive, negative }: ForcedPair, { read, prompt }: ForcedOptions): boolean {
  const { context } = read.decoder.info;
  if (!context) return true;
  const both = [positive, negative];
  const prompts = both.map(({ stimulus }) => prompt(stimulus).length);
  const outputs = both.map(({ run }) => run.tokens.length);
  return Math.max(...prompts) + Math.max(...outputs) <= context.positions;
}
