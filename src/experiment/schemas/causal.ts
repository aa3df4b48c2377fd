import {
  ci,
  count,
  list,
  number,
  numberOrNull,
  numbers,
  rate,
  record,
  text,
  titled,
} from './parts.js';

const role = { enum: ['prepares', 'decides', 'carriesOut'] };
const share = record({ rate, n: count, ci });
const cells = list(list(numberOrNull));
const shares = list(list(rate));
const intervals = list(list(ci));
const cases = record({ copy: count, correct: count, lateCorrections: count });

const steering = record({
  metric: { enum: ['editRatio'] },
  baseline: number,
  unit: text,
  unitValue: numbers,
  layers: list(count),
  coefficients: numbers,
  effect: cells,
  ci: intervals,
  degenerate: shares,
  n: count,
});

const controls = record({
  n: count,
  coefficients: numbers,
  perLayer: list(
    record({
      layer: count,
      tested: numberOrNull,
      ci,
      random: numbers,
      median: numberOrNull,
      max: numberOrNull,
      exceeded: count,
    }),
  ),
});

const ablation = record({
  n: count,
  perLayer: list(
    record({ layer: count, change: numberOrNull, ci, stillCopied: share, stillCorrected: share }),
  ),
});

const patchMap = record({
  setting: { enum: ['correctIntoCopy', 'copyIntoCorrect', 'copyIntoCopy', 'random'] },
  n: count,
  equalLength: rate,
  columns: list(text),
  effect: cells,
  ci: intervals,
  switched: shares,
  taken: shares,
});

const part = record({
  layer: count,
  role,
  testRole: role,
  confirmed: { type: 'boolean' },
  validationGain: number,
  gain: number,
  gainCi: ci,
});

const evidence = record({
  measure: { enum: ['steering', 'ablation', 'patching'] },
  what: text,
  n: count,
  perLayer: list(record({ layer: count, mean: numberOrNull, ci })),
  largest: count,
  lead: numberOrNull,
  leadCi: ci,
  rankCorrelation: numberOrNull,
  rankCorrelationCi: ci,
  largestIsBest: { type: 'boolean' },
});

/** `causal.json`, see {@link import('../summaries.js').CausalSummary}. */
export const causalSchema = titled(
  'causal.json',
  'Steering, ablation and patching one layer at a time: which layers decide, and does the scan agree.',
  record(
    {
      model: text,
      method: text,
      positions: { enum: ['all', 'prompt', 'generated'] },
      seed: number,
      layers: list(count),
      steering,
      ablation,
      patching: list(patchMap),
      rule: text,
      parts: list(part),
      scan: list(record({ layer: count, heldOutAccuracy: rate })),
      bestLayer: count,
      evidence: list(evidence),
      data: record({
        problems: record({ validation: count, test: count }),
        cases: record({ validation: cases, test: cases }),
        pairing: text,
      }),
      warnings: list(text),
    },
    { controls },
  ),
);
