/**
 * Baselines: what the label can be told from *without* the model's hidden states. A direction that
 * reads no better has found the wording of y1, not a decision.
 *
 * - `length`: logistic regression on the length of y1 in code points and its square (a hedged
 *   sentence is long, one without its equation short, so a mere threshold would be too weak a
 *   rival).
 * - `embeddings`: logistic regression on the share of each token in y1, a bag of tokens. The mean
 *   input embedding of y1 is a linear image of these shares, so no linear probe on mean embeddings
 *   can fit the training stimuli better than this one; the model's embedding matrix is not needed
 *   (the decoder hands out block outputs only). Order, question and prefix are unknown to it.
 *
 * Of a text or a chat whose label is given, every word counts as y1.
 */
import { fitLogistic } from '../math/logistic.js';
import { dot } from '../math/linear.js';
import { separate, type ScoredHalves, type Separation } from './accuracy.js';
import { isPositive, lengthOf, wordingOf, type Stimulus } from './stimuli.js';

export interface Baselines {
  length: Separation;
  embeddings: Separation;
}

export interface BaselineOptions {
  training: readonly Stimulus[];
  heldOut: readonly Stimulus[];
  tokenize: (text: string) => readonly number[];
  seed: number | string;
}

/** Both baselines, trained on the training half and judged on the held-out half. */
export function baselines(options: BaselineOptions): Baselines {
  const { length, embeddings } = baselineScores(options);
  return { length: separate(length, options), embeddings: separate(embeddings, options) };
}

/** Their scores, larger = more of the positive label. */
export function baselineScores(
  options: Omit<BaselineOptions, 'seed'>,
): Record<keyof Baselines, ScoredHalves> {
  const ids = new Map<number, number>();
  for (const stimulus of options.training) {
    for (const id of options.tokenize(wordingOf(stimulus))) if (!ids.has(id)) ids.set(id, ids.size);
  }
  return {
    length: score(options, lengthFeatures),
    embeddings: score(options, (s) => tokenShares(options.tokenize(wordingOf(s)), ids)),
  };
}

/** In hundreds, so that both features are of like size. */
function lengthFeatures(stimulus: Stimulus): Float32Array {
  const length = lengthOf(stimulus) / 100;
  return Float32Array.of(length, length * length);
}

/** Tokens never seen in training count towards the total alone. */
function tokenShares(tokens: readonly number[], ids: ReadonlyMap<number, number>): Float32Array {
  const shares = new Float32Array(ids.size);
  for (const token of tokens) {
    const at = ids.get(token);
    if (at !== undefined) shares[at] = (shares[at] ?? 0) + 1 / tokens.length;
  }
  return shares;
}

function score(
  options: Omit<BaselineOptions, 'seed'>,
  features: (s: Stimulus) => Float32Array,
): ScoredHalves {
  const rows = options.training.map(features);
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => data.set(row, i * width));
  const model = varies(rows)
    ? fitLogistic({
        data,
        rows: rows.length,
        width,
        labels: options.training.map((s) => isPositive(s.label)),
      })
    : { weights: new Float32Array(width) };
  const half = (stimuli: readonly Stimulus[]): ScoredHalves['training'] => ({
    scores: stimuli.map((s) => dot(features(s), model.weights)),
    stimuli,
  });
  return { training: half(options.training), heldOut: half(options.heldOut) };
}

/** Where all y1 are alike there is nothing to fit, and the baseline is chance. */
function varies(rows: readonly Float32Array[]): boolean {
  return rows.some((row) => row.some((x, j) => x !== rows[0]?.[j]));
}
