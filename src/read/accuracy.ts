/**
 * How well one number per stimulus tells the labels apart, unpaired: the threshold is the
 * middle between the class means of the *training* stimuli. Paired accuracy, as in RepE's
 * notebooks, flatters: a constant offset between problems cancels in it.
 */
import { bootstrapInterval } from '../math/bootstrap.js';
import { auc, correctAt } from '../math/classification.js';
import type { Interval } from '../math/interval.js';
import { createRandom } from '../math/random.js';
import { mean } from '../math/summary.js';
import { isPositive, kindOf, type Half, type Stimulus } from './stimuli.js';

/** One number per stimulus, larger = more of the positive label. */
export interface ScoredHalves {
  training: { scores: readonly number[]; stimuli: readonly Stimulus[] };
  heldOut: { scores: readonly number[]; stimuli: readonly Stimulus[] };
}

export interface Separation {
  threshold: number;
  /** Share of held-out stimuli on their side of the threshold. */
  heldOutAccuracy: number;
  /** Of the accuracy, bootstrapped over problems; null with fewer than two. */
  ci: Interval | null;
  /** null where the held-out half has one label only. */
  auc: number | null;
  aucCi: Interval | null;
  /** Held-out accuracy within each kind of input (fault, or quality where there is none). */
  withinKind: Record<string, { n: number; accuracy: number }>;
}

/**
 * Judges scores on the held-out half.
 * @throws where a training label is absent or there is no held-out stimulus.
 */
export function separate(
  halves: ScoredHalves,
  options: { seed: number | string; resamples?: number },
): Separation {
  const threshold = midpoint(halves.training);
  const { scores, stimuli } = halves.heldOut;
  if (stimuli.length === 0) throw new Error('accuracy: no held-out stimuli');
  const labels = stimuli.map((s) => isPositive(s.label));
  const right = labels.map((label, i) => (scores[i] ?? 0) > threshold === label);
  const groups = groupBy(stimuli.map((s) => s.problem));
  const bootstrap = (statistic: (chosen: number[]) => number | null): Interval | null =>
    bootstrapInterval({
      units: groups.length,
      random: createRandom(options.seed).fork('accuracy'),
      resamples: options.resamples ?? 500,
      statistic: (drawn) => statistic(Array.from(drawn).flatMap((u) => groups[u] ?? [])),
    });
  const part = (chosen: number[]): { scores: number[]; labels: boolean[] } => ({
    scores: chosen.map((i) => scores[i] ?? 0),
    labels: chosen.map((i) => labels[i] ?? false),
  });
  return {
    threshold,
    heldOutAccuracy: correctAt({ scores, labels, threshold }) / labels.length,
    ci: bootstrap((chosen) => mean(chosen.map((i) => (right[i] ? 1 : 0)))),
    auc: auc({ scores, labels }),
    aucCi: bootstrap((chosen) => auc(part(chosen))),
    withinKind: withinKind(stimuli, right),
  };
}

/** Which stimuli of either half are on their side of the threshold. */
export function toldRight({ training, heldOut }: ScoredHalves): Record<Half, boolean[]> {
  const threshold = midpoint(training);
  const told = ({ scores, stimuli }: ScoredHalves['training']): boolean[] =>
    stimuli.map(({ label }, i) => (scores[i] ?? 0) > threshold === isPositive(label));
  return { train: told(training), heldOut: told(heldOut) };
}

function midpoint({ scores, stimuli }: ScoredHalves['training']): number {
  const meanOf = (positive: boolean): number =>
    mean(scores.filter((_, i) => isPositive(stimuli[i]?.label) === positive));
  return (meanOf(true) + meanOf(false)) / 2;
}

/** Indices of equal keys, in order of first occurrence. */
function groupBy(keys: readonly string[]): number[][] {
  const groups = new Map<string, number[]>();
  keys.forEach((key, i) => {
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  });
  return [...groups.values()];
}

function withinKind(
  stimuli: readonly Stimulus[],
  right: readonly boolean[],
): Separation['withinKind'] {
  const kinds = stimuli.map(kindOf);
  return Object.fromEntries(
    [...new Set(kinds)].sort().map((kind) => {
      const own = right.filter((_, i) => kinds[i] === kind);
      return [kind, { n: own.length, accuracy: own.filter(Boolean).length / own.length }];
    }),
  );
}
