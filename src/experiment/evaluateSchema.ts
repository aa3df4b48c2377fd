/** JSON Schemas (2020-12) of `evaluate.json` and `corrector.json`: the keys others may rely on. */

const rate = { type: ['number', 'null'], minimum: 0, maximum: 1 } as const;
const milliseconds = { type: ['number', 'null'], minimum: 0 } as const;
const count = { type: 'integer', minimum: 0 } as const;
const interval = {
  type: ['array', 'null'],
  items: { type: 'number' },
  minItems: 2,
  maxItems: 2,
} as const;

/** An object with exactly these keys. */
function exactly<T extends Record<string, unknown>>(properties: T): object {
  const required = Object.keys(properties);
  return { type: 'object', properties, required, additionalProperties: false };
}

const outcomes = {
  n: count,
  accuracy: rate,
  ci: interval,
  fixRate: rate,
  fixRateCi: interval,
  breakRate: rate,
  breakRateCi: interval,
};

const system = exactly({
  name: { type: 'string' },
  ...outcomes,
  copyRate: rate,
  msPerToken: milliseconds,
  firstTokenMs: milliseconds,
  revisions: { type: 'number', minimum: 0 },
  stops: { type: 'object', additionalProperties: count },
  gains: {
    type: 'array',
    items: exactly({
      over: { type: 'string' },
      n: count,
      gain: { type: ['number', 'null'], minimum: -1, maximum: 1 },
      ci: interval,
    }),
  },
  groups: exactly({ seenFamilies: exactly(outcomes), unseenFamily: exactly(outcomes) }),
});

export const evaluateSchema: object = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'evaluate.json',
  ...exactly({ systems: { type: 'array', items: system } }),
};

const counted = exactly({ rate, n: count, ci: interval });

const correctorRates = {
  n: count,
  goodCopied: counted,
  badFixed: counted,
  neutralImproved: counted,
  surplusStopped: counted,
  missingWritten: counted,
  badCopied: counted,
  goodBroken: counted,
};

export const correctorSchema: object = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'corrector.json',
  ...exactly({
    model: { type: 'string' },
    ...correctorRates,
    faults: { type: 'object', additionalProperties: counted },
    groups: exactly({
      seenFamilies: exactly(correctorRates),
      unseenFamily: exactly(correctorRates),
    }),
  }),
};
