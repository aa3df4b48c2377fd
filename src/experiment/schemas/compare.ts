import {
  ci,
  count,
  list,
  number,
  numberOrNull,
  rate,
  record,
  text,
  titled,
  type JsonSchema,
} from './parts.js';

const textOrNull: JsonSchema = { type: ['string', 'null'] };
const counts: JsonSchema = { type: 'object', additionalProperties: count };
const estimate = record({ value: numberOrNull, ci });
const timing = record({
  ...{ n: count, perProblem: estimate, perToken: estimate, firstText: estimate },
});
const outcomes = {
  ...{ n: count, accuracy: rate, ci },
  ...{ fixRate: rate, fixRateCi: ci, breakRate: rate, breakRateCi: ci },
};
const kinds = ['upstream', 'stream', 'aligner', 'proxy', 'sft', 'dpo'];
const effect = { n: count, estimate: numberOrNull, ci, p: rate };

/** `compare.json`, see {@link import('../summaries.js').CompareSummary}. */
export const compareSchema = titled(
  'compare.json',
  'Systems over the same problems: accuracy, times, and the loop against each of the others.',
  record({
    upstream: text,
    systems: list(
      record({
        ...{ name: text, kind: { enum: kinds }, size: textOrNull },
        ...{ bytes: numberOrNull, alpha: numberOrNull },
        ...outcomes,
        ...{ copyRate: rate, copyRateCi: ci, revisions: number, stops: counts },
        ...{ seenFamilies: record(outcomes), unseenFamily: record(outcomes), timing },
      }),
    ),
    bestOf: list(
      record({
        ...{ samples: count, n: count, accuracy: rate, ci },
        ...{ anyRight: rate, anyRightCi: ci, timing },
      }),
    ),
    differences: list(
      record({
        ...{ size: text, stream: text, over: text, kind: { enum: [...kinds, 'best-of'] } },
        ...effect,
      }),
    ),
    latency: list(
      record({
        ...{ size: text, stream: text, aligner: text },
        ...{ perToken: record(effect), firstText: record(effect) },
      }),
    ),
    equalTimeRule: text,
  }),
);
