import {
  ci,
  count,
  list,
  methodAccuracy,
  number,
  numbers,
  rate,
  record,
  text,
  timing,
  titled,
} from './parts.js';

const heldOut = { heldOutAccuracy: rate, ci, auc: rate };
const label = { enum: ['correct', 'copy', 'positive', 'negative'] };
const activity = list(record({ label, n: count, mean: numbers, ci: list(ci) }));

/** `scan.json`, see {@link import('../summaries.js').ScanSummary}. */
export const scanSchema = titled(
  'scan.json',
  'A LAT scan: readings by layer and output token, and how well each layer tells the classes.',
  record(
    {
      model: text,
      device: text,
      layers: count,
      tokens: count,
      standardize: { enum: ['zscore', 'raw', 'cosine'] },
      direction: { type: 'object', properties: { method: text }, required: ['method'] },
      perLayer: list(record({ layer: count, ...heldOut })),
      cases: list(record({ id: text, label, tokens: list(text), readings: list(list(number)) })),
      timing,
    },
    {
      labels: record({ positive: text, negative: text }),
      baselines: record({ length: record(heldOut), embeddings: record(heldOut) }),
      health: {
        type: 'object',
        properties: { warnings: list(text), bestLayer: count, methods: list(methodAccuracy) },
        required: ['warnings'],
      },
      activity,
      teacherForced: activity,
    },
  ),
);
