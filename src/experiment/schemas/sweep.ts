import {
  ci,
  count,
  list,
  number,
  numberOrNull,
  numbers,
  openObject,
  pair,
  rate,
  record,
  text,
  titled,
} from './parts.js';

const fit = { slope: number, intercept: number, r2: rate, ci };
const control = record({ seed: number, cosine: { ...number, minimum: -1, maximum: 1 }, ...fit });
const point = record({
  coefficient: number,
  n: count,
  mean: numberOrNull,
  ci,
  copyRate: rate,
  lengthRatio: numberOrNull,
  degenerate: rate,
  accuracy: rate,
});

/** `sweep.json`, see {@link import('../summaries.js').SweepSummary}. */
export const sweepSchema = titled(
  'sweep.json',
  'A steering curve: an edit metric against the coefficient, its fit and its controls.',
  record(
    {
      model: text,
      mode: { enum: ['loop', 'fixed'] },
      method: text,
      metric: text,
      unit: text,
      unitValue: numbers,
      layers: list(count),
      seed: number,
      fitRange: pair,
      baseline: numberOrNull,
      points: list(point),
      fit: record(fit),
      controls: record({ random: list(control), shuffled: list(control) }),
    },
    {
      positions: { enum: ['all', 'prompt', 'generated'] },
      validation: openObject,
      rankCorrelation: numberOrNull,
      quadraticR2: rate,
      wholeGrid: record(fit, { quadraticR2: rate, rankCorrelation: numberOrNull }),
      degenerateRule: text,
      paperGrid: list(point),
      comparison: openObject,
      warnings: list(text),
    },
  ),
);
