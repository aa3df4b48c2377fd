/** Pairs of a stimulus of either label: what contrastive methods take differences of. */
import type { Random } from '../math/random.js';
import { bothLabels, isPositive, type Label } from './stimuli.js';
import { shownName } from '../text/given.js';

/** Indices into the stimuli. */
export interface Pair {
  positive: number;
  negative: number;
}

/**
 * How stimuli without a pair of their own are paired. `length` pairs those of like rank in the
 * length of y1, so that differences hold less of the length; `random` pairs them in random order.
 */
export type Pairing = 'length' | 'random';

export interface PairOptions {
  labels: readonly Label[];
  /** Per stimulus, the name of its pair; undefined where it has none. */
  pairs?: readonly (string | undefined)[];
  /** Length of y1 in code points, for `length`. */
  lengths?: readonly number[];
  /** Default `length` where lengths are given, else `random`. */
  pairing?: Pairing;
  random: Random;
}

/**
 * Pairs that are given stay together, since what both have in common cancels in no other. The rest
 * gives as many pairs as its rarer label has stimuli; ties in length are broken at random. Where
 * one label has more stimuli, those left over are chosen at random.
 * @throws where there is no pair, and where two stimuli that share one have the same label.
 */
export function pairStimuli(options: PairOptions): Pair[] {
  const given = givenPairs(options);
  const paired = new Set(given.flatMap(({ positive, negative }) => [positive, negative]));
  const made = [...given, ...pairRest(options, paired)];
  if (made.length > 0) return made;
  const [positive, negative] = bothLabels(options.labels.map((label) => ({ label })));
  const count = (label: Label): number => options.labels.filter((l) => l === label).length;
  throw new Error(
    `pairs: one label only (expected both, got ${count(positive)} ${positive} and ${count(negative)} ${negative})`,
  );
}

/** In the order of their first stimuli; a pair of which only one is there gives none. */
function givenPairs({ labels, pairs = [] }: PairOptions): Pair[] {
  const members = new Map<string, number[]>();
  pairs.forEach((name, i) => {
    if (name !== undefined) members.set(name, [...(members.get(name) ?? []), i]);
  });
  return [...members].flatMap(([name, indices]): Pair[] => {
    if (indices.length < 2) return [];
    const [positive = 0] = indices.filter((i) => isPositive(labels[i]));
    const [negative = 0] = indices.filter((i) => !isPositive(labels[i]));
    if (indices.length === 2 && positive !== negative) return [{ positive, negative }];
    throw new Error(
      `pairs: pair ${shownName(name)} is not one stimulus of either label (got ${indices.map((i) => labels[i]).join(', ')})`,
    );
  });
}

function pairRest(options: PairOptions, paired: ReadonlySet<number>): Pair[] {
  const { labels, lengths, random } = options;
  const side = (label: Label): number[] =>
    random
      .fork(label)
      .shuffle(labels.flatMap((l, i) => (l === label && !paired.has(i) ? [i] : [])));
  const [positiveLabel, negativeLabel] = bothLabels(labels.map((label) => ({ label })));
  const [positive, negative] = [side(positiveLabel), side(negativeLabel)];
  const count = Math.min(positive.length, negative.length);
  const sides = [positive.slice(0, count), negative.slice(0, count)];
  if ((options.pairing ?? (lengths ? 'length' : 'random')) === 'length') {
    if (!lengths) throw new Error('pairs: pairing by length needs the lengths');
    // Sorting is stable: equal lengths keep their random order.
    for (const side of sides) side.sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
  }
  const [left = [], right = []] = sides;
  return left.map((index, i) => ({ positive: index, negative: right[i] ?? 0 }));
}
