/** Pairs of a `correct` and a `copy` stimulus: what contrastive methods take differences of. */
import type { Random } from '../math/random.js';
import type { Label } from './stimuli.js';

/** Indices into the stimuli. */
export interface Pair {
  correct: number;
  copy: number;
}

/**
 * `length` pairs stimuli of like rank in the length of y1, so that differences hold less of the
 * length; `random` pairs them in random order.
 */
export type Pairing = 'length' | 'random';

export interface PairOptions {
  labels: readonly Label[];
  /** Length of y1 in code points, for `length`. */
  lengths?: readonly number[];
  /** Default `length` where lengths are given, else `random`. */
  pairing?: Pairing;
  random: Random;
}

/**
 * As many pairs as the rarer label has stimuli; ties in length are broken at random. Where one
 * label has more stimuli, those left over are chosen at random.
 * @throws where a label has no stimulus.
 */
export function pairStimuli(options: PairOptions): Pair[] {
  const { labels, lengths, random } = options;
  const of = (label: Label): number[] =>
    random.fork(label).shuffle(labels.flatMap((l, i) => (l === label ? [i] : [])));
  const [correct, copy] = [of('correct'), of('copy')];
  const count = Math.min(correct.length, copy.length);
  if (count === 0) {
    throw new Error(
      `pairs: one label only (expected both, got ${correct.length} correct and ${copy.length} copy)`,
    );
  }
  const sides = [correct.slice(0, count), copy.slice(0, count)];
  if ((options.pairing ?? (lengths ? 'length' : 'random')) === 'length') {
    if (!lengths) throw new Error('pairs: pairing by length needs the lengths');
    // Sorting is stable: equal lengths keep their random order.
    for (const side of sides) side.sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
  }
  const [left = [], right = []] = sides;
  return left.map((c, i) => ({ correct: c, copy: right[i] ?? 0 }));
}
