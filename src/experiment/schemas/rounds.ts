import {
  ci,
  count,
  list,
  numberOrNull,
  rate,
  record,
  text,
  titled,
  type JsonSchema,
} from './parts.js';

const mean = record({ mean: numberOrNull, ci });
const counts: JsonSchema = { type: 'object', additionalProperties: count };
const point = {
  ...{ n: count, accuracy: rate, ci, gain: mean, score: mean },
  scoreShares: { anyOf: [list(rate), { type: 'null' }] },
  ...{ characters: mean, sentences: mean },
};
const points = list(record({ k: count, ...point }));
const settled: JsonSchema = { type: ['integer', 'null'], minimum: 0 };

/** `rounds.json`, see {@link import('../summaries.js').RoundsSummary}. */
export const roundsSchema = titled(
  'rounds.json',
  'Answers by number of correction rounds: how many are right, how right, and how long they are.',
  record({
    upstream: text,
    rounds: count,
    maxRounds: count,
    scoreRule: text,
    scoreBins: list(text),
    correctors: list(
      record({
        name: text,
        classic: record({ ...point, rounds: mean, stops: counts }),
        continued: record({ upstream: points, corrector: points }),
        settled: record({ upstream: settled, corrector: settled }),
      }),
    ),
  }),
);
