import { ci, count, list, methodAccuracy, number, rate, record, text, titled } from './parts.js';

const heldOut = { heldOutAccuracy: rate, ci, auc: rate };
const baseline = { type: 'object', properties: heldOut, required: Object.keys(heldOut) };
const kinds = { type: 'object', additionalProperties: record({ n: count, accuracy: rate }) };
const cosine = { type: 'number', minimum: -1.000001, maximum: 1.000001 };

/** `health.json`, see {@link import('../summaries.js').HealthSummary}. */
export const healthSchema = titled(
  'health.json',
  'How far a direction is to be trusted, layer by layer, beside the other methods.',
  record(
    {
      model: text,
      stimuli: count,
      method: text,
      perLayer: list(
        record({
          layer: count,
          ...heldOut,
          threshold: number,
          aucCi: ci,
          withinKind: kinds,
          explainedVariance: number,
          cosines: { type: 'object', additionalProperties: cosine },
        }),
      ),
      bestLayer: count,
      baselines: record({ length: baseline, embeddings: baseline }),
      methods: list(methodAccuracy),
      warnings: list(text),
    },
    { labels: record({ positive: text, negative: text }) },
  ),
);
