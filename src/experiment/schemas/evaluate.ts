import {
  ci,
  count,
  list,
  numberOrNull,
  openObject,
  rate,
  record,
  text,
  timing,
  titled,
} from './parts.js';

const part = record(
  { n: count, accuracy: rate, ci },
  { fixRate: rate, fixRateCi: ci, breakRate: rate, breakRateCi: ci },
);
const gain = record({ over: text, n: count, gain: numberOrNull, ci });

/** `evaluate.json`, see {@link import('../summaries.js').EvaluateSummary}. */
export const evaluateSchema = titled(
  'evaluate.json',
  'How many problems each system answers right, what it fixes and breaks, and how fast it is.',
  record(
    {
      systems: list(
        record(
          {
            name: text,
            n: count,
            accuracy: rate,
            ci,
            copyRate: rate,
            fixRate: rate,
            breakRate: rate,
            msPerToken: numberOrNull,
            firstTokenMs: numberOrNull,
          },
          {
            copyRateCi: ci,
            fixRateCi: ci,
            breakRateCi: ci,
            unseenFamily: part,
            seenFamilies: part,
            revisions: numberOrNull,
            stops: { type: 'object', additionalProperties: count },
            gains: list(gain),
          },
        ),
      ),
    },
    { data: openObject, timing },
  ),
);
