/** `GET /api/info`: what the page must know of the server. */
import { z } from 'zod';
import type { Upstream } from '../align/upstream.js';
import { expectedInterval } from '../experiment/calibrate/curve.js';
import { calibrationShape, type Calibration } from '../experiment/calibrate/shape.js';
import { count, numberOrNull, pair, positionRule } from '../shape/pieces.js';
import type { AppParts } from './requests.js';
import { exampleQuestions } from './examples.js';
import type { NamedKnob } from './strength.js';

const direction = z.strictObject({
  name: z.string().describe('for `aligner.direction`; the first one is the default'),
  layers: z.array(count).describe('steered where a request names none'),
  available: z.array(count).describe('layers that have a direction, and may be named'),
  unitValue: z.array(z.number()).describe('per steered layer, the norm that coefficient 1 adds'),
  scale: z.number().describe('the whole of that in mean residual norms'),
  positions: positionRule.describe('which are steered'),
  reach: pair.nullable().describe('edit ratios that can be asked for; null: not calibrated'),
  calibration: z
    .array(
      calibrationShape.shape.points.element
        .pick({ coefficient: true, fitted: true })
        .extend({ interval: pair.describe('of the mean, 95 %') }),
    )
    .nullable()
    .describe('the curve, to be drawn beside the slider'),
});

const hour = z.strictObject({
  direction: z.string(),
  hour: z.number().describe('its beginning, milliseconds since 1970'),
  answers: count,
  asked: z.number(),
  achieved: z.number(),
  interval: pair.nullable().describe('where the achieved mean was expected, 95 %'),
  within: z.boolean().nullable().describe('null: too few answers to tell'),
});

const sha256 = z.string().describe('of its identity, as manifests have it');

export const infoShape = z.strictObject({
  version: z.string(),
  model: z.string().describe('for `model` of a request'),
  keyRequired: z.boolean().describe('whether requests need Authorization: Bearer <key>'),
  upstream: z.strictObject({ name: z.string(), kind: z.string(), sha256 }),
  corrector: z.strictObject({
    name: z.string(),
    kind: z.string(),
    sha256,
    readable: z.boolean().describe('whether it can be steered and read'),
    layers: count.nullable().describe('how many it has; null where that is not known'),
  }),
  directions: z.array(direction),
  defaults: z.strictObject({
    coefficient: numberOrNull,
    target: numberOrNull,
    seed: z.literal(0),
  }),
  bounds: z.strictObject({
    coefficient: pair,
    settings: count.describe('that are played side by side at most'),
    rounds: count,
    body: count.describe('bytes of a request'),
  }),
  allowOff: z.boolean().describe('whether `off` may be asked for'),
  onFailure: z.enum(['pass', 'refuse']),
  examples: z.array(z.string()).describe('questions to begin with'),
  targets: z.array(hour).describe('asked and achieved, the latest hour first'),
});
export type Info = z.infer<typeof infoShape>;

/** Settings that are played side by side. */
export const mostSettings = 4;

export function serviceInfo({ service, limits, targets, keyRequired, version }: AppParts): Info {
  const { rules, upstream, corrector } = service;
  const { knobs, defaults, maxCoefficient, allowOff } = rules;
  const layers = 'model' in corrector ? knobs[0]?.knob.directions.layers : undefined;
  return {
    ...{ version, model: service.name, keyRequired },
    upstream: whoOf(upstream),
    corrector: {
      ...{ ...whoOf(corrector), readable: corrector.readable },
      layers: layers ?? null,
    },
    directions: knobs.map(describeDirection),
    defaults: {
      coefficient: defaults.target === undefined ? (defaults.coefficient ?? 0) : null,
      target: defaults.target ?? null,
      seed: 0,
    },
    bounds: {
      coefficient: [-maxCoefficient, maxCoefficient],
      ...{ settings: mostSettings, rounds: service.limits.maxRounds, body: limits.body },
    },
    ...{ allowOff, onFailure: service.onFailure },
    examples: [...exampleQuestions],
    targets: targets.hours(),
  };
}

function whoOf({ name, identity }: Pick<Upstream, 'name' | 'identity'>): Info['upstream'] {
  return { name, kind: identity.kind, sha256: identity.sha256 };
}

function describeDirection({ name, knob, calibration }: NamedKnob): Info['directions'][number] {
  const { layers, unitValue, scale, positions, directions } = knob;
  const { vectors, width } = directions;
  const present = Array.from({ length: directions.layers }, (_, layer) => layer).filter((layer) =>
    vectors.subarray(layer * width, (layer + 1) * width).some((value) => value !== 0),
  );
  return {
    ...{ name, layers: [...layers], unitValue: [...unitValue], scale, positions },
    available: present,
    reach: calibration?.reach ?? null,
    calibration: calibration && curveOf(calibration),
  };
}

function curveOf(calibration: Calibration): Info['directions'][number]['calibration'] {
  return calibration.points.map(({ coefficient, fitted }) => {
    // Of so many answers that their own scatter is nothing.
    const interval = expectedInterval(calibration, coefficient, Infinity);
    return { coefficient, fitted, interval: interval ?? [fitted, fitted] };
  });
}
