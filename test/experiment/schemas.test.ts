import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import { scanSummary } from '../../src/experiment/scan/shape.js';
import { sweepSummary } from '../../src/experiment/sweep/shape.js';
import { toJson } from '../../src/record/json.js';
import { publishedSchemas } from '../../src/cli/schemas.js';
import { checked } from '../../src/shape/check.js';
import {
  causalExample,
  compareExample,
  correctorExample,
  evaluateExample,
  healthExample,
  lensExample,
  roundsExample,
  scanExample,
  sweepExample,
} from './examples.js';
import { reportExample } from '../reproduce/example.js';

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
const schemas = await publishedSchemas();

function validator(kind: string): ValidateFunction {
  return ajv.compile(schemas[kind] ?? {});
}

type Json = Record<string, unknown>;
const asJson = (value: unknown): Json => JSON.parse(toJson(value)) as Json;

/** The required keys, whose absence the schema must notice. */
const required: [string, Json, string[], string][] = [
  [
    'scan',
    asJson(scanExample),
    [
      'model',
      'device',
      'layers',
      'tokens',
      'standardize',
      'direction',
      'perLayer',
      'cases',
      'timing',
    ],
    'perLayer: layer heldOutAccuracy ci auc; cases: id label tokens readings',
  ],
  [
    'sweep',
    asJson(sweepExample),
    [
      ...['model', 'mode', 'method', 'metric', 'unit', 'unitValue', 'layers', 'seed', 'fitRange'],
      ...['baseline', 'points', 'fit', 'controls'],
    ],
    'points: coefficient n mean ci copyRate lengthRatio degenerate accuracy',
  ],
  [
    'causal',
    asJson(causalExample),
    [
      ...['model', 'method', 'positions', 'seed', 'layers', 'steering', 'ablation', 'patching'],
      ...['rule', 'parts', 'scan', 'bestLayer', 'evidence', 'data', 'warnings'],
    ],
    'patching: setting n equalLength columns effect ci switched taken; parts: layer role testRole confirmed validationGain gain gainCi; ' +
      'evidence: measure what n perLayer largest lead leadCi rankCorrelation rankCorrelationCi largestIsBest',
  ],
  [
    'lens',
    asJson(lensExample),
    ['model', 'seed', 'layers', 'perLayer', 'settling', 'data', 'warnings'],
    'perLayer: layer correct copy',
  ],
  [
    'evaluate',
    asJson(evaluateExample),
    ['systems'],
    'systems: name n accuracy ci copyRate fixRate breakRate msPerToken firstTokenMs',
  ],
  [
    'corrector',
    asJson(correctorExample),
    ['model', 'n', 'goodCopied', 'badFixed', 'neutralImproved'],
    '',
  ],
  [
    'health',
    asJson(healthExample),
    [
      ...['model', 'stimuli', 'method', 'perLayer', 'bestLayer', 'baselines', 'methods'],
      'warnings',
    ],
    'perLayer: layer heldOutAccuracy ci auc explainedVariance cosines; methods: method n perLayer',
  ],
  [
    'report',
    asJson(reportExample),
    ['models', 'extent', 'data', 'seed', 'level', 'findings', 'parts', 'notes'],
    'findings: id section about source claim measure unit threshold n estimate ci p adjustedP verdict note records; ' +
      'parts: name kind model role state milliseconds error',
  ],
  [
    'rounds',
    asJson(roundsExample),
    ['upstream', 'rounds', 'maxRounds', 'scoreRule', 'scoreBins', 'correctors'],
    'correctors: name classic continued settled',
  ],
  [
    'compare',
    asJson(compareExample),
    ['upstream', 'systems', 'bestOf', 'differences', 'latency', 'equalTimeRule'],
    'systems: name kind size bytes alpha n accuracy ci fixRate breakRate copyRate revisions stops timing; ' +
      'bestOf: samples n accuracy ci anyRight anyRightCi timing; ' +
      'differences: size stream over kind n estimate ci p; latency: size stream aligner perToken firstText',
  ],
];

describe.each(required)('%s.json', (kind, example, keys, inner) => {
  const validate = validator(kind);
  const accepts = (value: Json): boolean => validate(value);

  it('accepts the example', () => {
    expect(validate(example), ajv.errorsText(validate.errors)).toBe(true);
  });

  it.each(keys)('requires %s', (key) => {
    const rest = Object.fromEntries(Object.entries(example).filter(([name]) => name !== key));
    expect(accepts(rest)).toBe(false);
  });

  it('requires the keys inside its lists', () => {
    for (const part of inner.split('; ').filter((text) => text !== '')) {
      const [list = '', names = ''] = part.split(': ');
      const [first = {}] = example[list] as Json[];
      for (const name of names.split(' ')) {
        const rest = Object.fromEntries(Object.entries(first).filter(([key]) => key !== name));
        expect(accepts({ ...example, [list]: [rest] }), `${list} without ${name}`).toBe(false);
      }
    }
  });

  it('refuses keys that are not documented', () => {
    expect(accepts({ ...example, surprise: 1 })).toBe(false);
  });
});

describe('values', () => {
  it('are null where undefined, and intervals are pairs', () => {
    const sweep = validator('sweep');
    const point = { ...sweepExample.points[0], mean: null, ci: null, accuracy: null };
    expect(sweep({ ...sweepExample, points: [point] })).toBe(true);
    expect(sweep({ ...sweepExample, points: [{ ...point, ci: [1] }] })).toBe(false);
    expect(sweep({ ...sweepExample, points: [{ ...point, copyRate: 97 }] })).toBe(false);
    expect(sweep({ ...sweepExample, mode: 'other' })).toBe(false);
    const control = { ...sweepExample.controls.random[0], cosine: 1.2 };
    const controls = { random: [control], shuffled: [] };
    expect(sweep({ ...sweepExample, controls })).toBe(false);
  });
});

describe('what a schema cannot say', () => {
  it('is checked on reading: intervals rise', () => {
    const point = { ...sweepExample.points[0], ci: [0.4, 0.2] };
    const faulty = { ...sweepExample, fitRange: [1, -1], points: [point] };
    expect(() => checked(sweepSummary, asJson(faulty), 'sweep.json')).toThrow(
      'fitRange is [1,-1] (expected low ≤ high); points[0].ci is [0.4,0.2] (expected low ≤ high)',
    );
    const still = { ...sweepExample, fitRange: [0, 0] };
    expect(() => checked(sweepSummary, asJson(still), 'sweep.json')).not.toThrow();
  });

  it('is checked on reading: a scan has an accuracy per layer', () => {
    const faulty = { ...scanExample, perLayer: scanExample.perLayer.slice(1) };
    expect(() => checked(scanSummary, asJson(faulty), 'scan.json')).toThrow(
      'scan.json does not fit its shape: perLayer.length is 5 (expected 6, one per layer)',
    );
    expect(() => checked(scanSummary, asJson(scanExample), 'scan.json')).not.toThrow();
  });
});

describe('published files', () => {
  it.each(Object.keys(schemas))('%s.json is what its shape says', async (name) => {
    const text = `${JSON.stringify(schemas[name], null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(`../../artifacts/schemas/${name}.json`);
  });
});
