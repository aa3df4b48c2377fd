import { ci, count, list, number, numberOrNull, record, text, titled } from './parts.js';

const mean = record({ mean: numberOrNull, ci });
const point = record({
  settled: mean,
  probability: mean,
  logOdds: mean,
  medianRank: numberOrNull,
});
const settling = record({
  n: count,
  median: numberOrNull,
  medianCi: ci,
  mean: numberOrNull,
  meanCi: ci,
  counts: list(count),
});

/** `lens.json`, see {@link import('../summaries.js').LensSummary}. */
export const lensSchema = titled(
  'lens.json',
  'The logit lens at the last prompt token: at which layer the first output token is settled.',
  record({
    model: text,
    seed: number,
    layers: count,
    perLayer: list(record({ layer: count, correct: point, copy: point })),
    settling: record({ correct: settling, copy: settling }),
    data: record({ copy: count, correct: count, lateCorrections: count }),
    warnings: list(text),
  }),
);
