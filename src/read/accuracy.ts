/**
 * How well one number per stimulus tells the labels apart, unpaired: the threshold is the
 * middle between the class means of the *training* stimuli. Paired accuracy, as in RepE's
 * notebooks, flatters: a constant offset between problems cancels in it.
 */
import { bootstrapIntervals } from '../math/bootstrap.js';
import { correctAt, repeatedAuc } from '../math/classification.js';
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
  const problems = problemsOf(stimuli);
  const areaOf = repeatedAuc({ scores, labels });
  const [ci = null, aucCi = null] = bootstrapIntervals({
    units: problems.count,
    random: createRandom(options.seed).fork('accuracy'),
    resamples: options.resamples ?? 500,
    statistics: (drawn) => {
      const times = timesDrawn(drawn, problems);
      return [shareRight(right, times), areaOf(times)];
    },
  });
  return {
    threshold,
    heldOutAccuracy: correctAt({ scores, labels, threshold }) / labels.length,
    ci,
    auc: areaOf(labels.map(() => 1)),
    aucCi,
    withinKind: withinKind(stimuli, right),
  };
}

/** How many times each stimulus stands in a draw of problems. */
function timesDrawn(drawn: Uint32Array, { count, of }: Problems): Uint32Array {
  const times = new Uint32Array(count);
  for (const problem of drawn) times[problem] = (times[problem] ?? 0) + 1;
  return of.map((problem) => times[problem] ?? 0);
}

function shareRight(right: readonly boolean[], times: Uint32Array): number {
  let [told, all] = [0, 0];
  for (let i = 0; i < times.length; i++) {
    const here = times[i] ?? 0;
    all += here;
    if (right[i]) told += here;
  }
  return told / all;
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

interface Problems {
  count: number;
  /** `[N]`, which one each stimulus is of, numbered as they first come. */
  of: Uint32Array;
}

function problemsOf(stimuli: readonly Stimulus[]): Problems {
  const numbers = new Map<string, number>();
  const of = Uint32Array.from(stimuli, ({ problem }) => {
    const known = numbers.get(problem) ?? numbers.size;
    numbers.set(problem, known);
    return known;
  });
  return { count: numbers.size, of };
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
