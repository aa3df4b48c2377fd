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
import type { SparseRows } from '../math/design.js';
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
    length: score(options, { width: 2, features: lengthFeatures }),
    embeddings: score(options, {
      width: ids.size,
      features: (s) => tokenShares(options.tokenize(wordingOf(s)), ids),
    }),
  };
}

/** Features of one stimulus that are not zero: columns ascending. */
interface Features {
  columns: readonly number[];
  values: Float32Array;
}

/** In hundreds, so that both features are of like size. */
function lengthFeatures(stimulus: Stimulus): Features {
  const length = lengthOf(stimulus) / 100;
  return { columns: [0, 1], values: Float32Array.of(length, length * length) };
}

/** Tokens never seen in training count towards the total alone. */
function tokenShares(tokens: readonly number[], ids: ReadonlyMap<number, number>): Features {
  const places = tokens.flatMap((token) => ids.get(token) ?? []);
  const columns = [...new Set(places)].sort((a, b) => a - b);
  const at = new Map(columns.map((column, i) => [column, i]));
  const values = new Float32Array(columns.length);
  for (const place of places) {
    const i = at.get(place) ?? 0;
    values[i] = (values[i] ?? 0) + 1 / tokens.length;
  }
  return { columns, values };
}

function score(
  options: Omit<BaselineOptions, 'seed'>,
  { width, features }: { width: number; features: (s: Stimulus) => Features },
): ScoredHalves {
  const rows = options.training.map(features);
  const labels = options.training.map((s) => isPositive(s.label));
  const { weights } = varies(rows)
    ? fitLogistic({ ...compressed(rows, width), labels })
    : { weights: new Float32Array(width) };
  const scoreOf = ({ columns, values }: Features): number => {
    let sum = 0;
    columns.forEach((column, i) => (sum += (values[i] ?? 0) * (weights[column] ?? 0)));
    return sum;
  };
  const half = (stimuli: readonly Stimulus[]): ScoredHalves['training'] => ({
    scores: stimuli.map((s) => scoreOf(features(s))),
    stimuli,
  });
  return { training: half(options.training), heldOut: half(options.heldOut) };
}

function compressed(rows: readonly Features[], width: number): SparseRows {
  const starts = new Uint32Array(rows.length + 1);
  rows.forEach(({ columns }, i) => (starts[i + 1] = (starts[i] ?? 0) + columns.length));
  const columns = new Uint32Array(starts[rows.length] ?? 0);
  const values = new Float32Array(columns.length);
  rows.forEach((row, i) => {
    columns.set(row.columns, starts[i]);
    values.set(row.values, starts[i]);
  });
  return { rows: rows.length, width, starts, columns, values };
}

/** Where all y1 are alike there is nothing to fit, and the baseline is chance. */
function varies(rows: readonly Features[]): boolean {
  const [first] = rows;
  const isFirst = ({ columns, values }: Features): boolean =>
    columns.length === first?.columns.length &&
    columns.every((column, i) => column === first.columns[i] && values[i] === first.values[i]);
  return !rows.every(isFirst);
}
