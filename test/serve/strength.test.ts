/** How strongly a request is corrected: where it says so, within which bounds, and what is told of it. */
import { describe, expect, it } from 'vitest';
import { fitCurve } from '../../src/experiment/calibrate/curve.js';
import type { Calibration } from '../../src/experiment/calibrate/shape.js';
import { makeKnob } from '../../src/experiment/shared/steeringKnob.js';
import { infoShape } from '../../src/serve/info.js';
import { playEvent, type PlayEvent } from '../../src/serve/play.js';
import { resolveStrength, strengthOfHeaders, strengthOfModel, type NamedKnob, type StrengthAsked, type StrengthRules } from '../../src/serve/strength.js'; // prettier-ignore
import { TargetLedger, type TargetHour } from '../../src/serve/targets.js';
import { fakeCorrector } from '../align/fakes.js';
import { errorOf, streamLines, testServer } from './harness.js';

const knob = makeKnob({
  directions: { layers: 3, width: 2, vectors: Float32Array.of(0, 0, 0, 1, 1, 0), method: 'planted' } as never, // prettier-ignore
  ...{ meanNorms: [1, 10, 100], layers: [2], scale: 1 },
});
const point = (coefficient: number, mean: number) => ({ coefficient, mean, sd: 0.1, n: 100, copyRate: 0.5 }); // prettier-ignore
const points = fitCurve([point(-1, 0.1), point(1, 0.5)]);
const calibration = { points, reach: [0.1, 0.5] } as Calibration;
const one: NamedKnob = { name: 'one', knob, calibration };
const rules: StrengthRules = {
  knobs: [one, { name: 'two', knob, calibration: null }],
  ...{ defaults: { coefficient: 0.1 }, maxCoefficient: 1, allowOff: false, corrector: 'c' },
};
const resolve = (...sources: StrengthAsked[]) => resolveStrength(sources, rules);

describe('a strength', () => {
  it('comes from the first source that says an amount, and from the server where none does', () => {
    expect(resolve({}, { coefficient: 0.5 }, { coefficient: -1 })).toMatchObject({ coefficient: 0.5 }); // prettier-ignore
    expect(resolve({ layers: [1] }, { off: false }).coefficient).toBe(0);
    expect(resolve()).toMatchObject({ coefficient: 0.1, target: null, layers: [2], direction: 'one' }); // prettier-ignore
  });

  it('is added at the layers that are asked for, in equal parts, each in its own norm', () => {
    const { steering } = resolve({ coefficient: 0.5, layers: [1, 2] });
    expect(steering.coefficient).toEqual(Float32Array.of(0, 2.5, 25));
    expect(resolve({ coefficient: -1 }).steering.coefficient).toEqual(Float32Array.of(0, 0, -100));
  });

  it('aims at an edit ratio by the calibration', () => {
    expect(resolve({ target: 0.2 })).toMatchObject({ target: 0.2, coefficient: expect.closeTo(-0.5, 9) as number }); // prettier-ignore
  });

  it.each<[StrengthAsked, string]>([
    [{ coefficient: 1.5 }, 'out of bounds (expected -1 … 1)'],
    [{ layers: [0] }, 'layer 0 cannot be steered (expected layers of 0 … 2 but 0)'],
    [{ layers: [3] }, 'layer 3 cannot be steered'],
    [{ direction: 'three' }, 'unknown direction three (expected one, two)'],
    [{ target: 0.7 }, 'no coefficient gave an edit ratio of 0.7 (expected 0.100 … 0.500'],
    [{ target: 0.2, direction: 'two' }, 'direction two is not calibrated'],
    [{ target: 0.2, layers: [1] }, 'the calibration is of layers 2'],
    [{ target: 0.2, coefficient: 0 }, 'exclude each other'],
    [{ off: true }, 'sends nothing unchecked'],
  ])('is refused with the way out: %o', (asked, message) => {
    expect(() => resolve(asked)).toThrow(message);
  });

  it.each([
    ['m@0.5', { model: 'm', asked: { coefficient: 0.5 } }],
    ['m@-1', { model: 'm', asked: { coefficient: -1 } }],
    ['org/m@main@target=0.2', { model: 'org/m@main', asked: { target: 0.2 } }],
    ['m@off', { model: 'm', asked: { off: true } }],
    ['org/m@main', { model: 'org/m@main', asked: {} }],
    ['m', { model: 'm', asked: {} }],
    ['m@.5', { model: 'm', asked: { coefficient: 0.5 } }],
  ])('behind a name: %s', (model, expected) => {
    expect(strengthOfModel(model)).toEqual(expected);
  });
});

describe('headers', () => {
  it('name layers as the command line does, and nothing unknown', () => {
    const layers = { 'x-aligner-layers': '1, 4-6' };
    expect(strengthOfHeaders(layers)).toEqual({ layers: [1, 4, 5, 6] });
    for (const range of ['6-4', '0-999999999']) {
      expect(() => strengthOfHeaders({ 'x-aligner-layers': range })).toThrow(
        `expected a range from a lower to a higher number, of 1000 at most, got "${range}"`,
      );
    }
    expect(() => strengthOfHeaders({ 'x-aligner-audit': 'none' })).toThrow('unknown header x-aligner-audit; leave it out'); // prettier-ignore
    expect(() => strengthOfHeaders({ 'x-aligner-coefficient': '0x1' })).toThrow('expected a number'); // prettier-ignore
    expect(() => strengthOfModel('m@target=-1')).toThrow('model: target is not usable');
  });
});

it.each<[string, Partial<StrengthRules>]>([
  ['coefficient 3 is out of bounds', { defaults: { coefficient: 3 } }],
  ['no coefficient gave an edit ratio of 0.9', { defaults: { target: 0.9 } }],
  ['no strength is allowed', { maxCoefficient: -1 }],
])('a server that would refuse its own default does not start: %s', async (message, other) => {
  await expect(testServer({ rules: { ...rules, ...other } })).rejects.toThrow(message);
});

/** Rewrites where it is pushed, and reads two tokens. */
function pushed() {
  const base = fakeCorrector(({ last, coefficient }) => ((coefficient?.[2] ?? 0) > 0 ? last.replace(/\w+ is/, 'It is') : last)); // prettier-ignore
  return {
    ...base,
    model: { decoder: { info: { layers: 3 } } },
    async correct(...given: Parameters<typeof base.correct>) {
      const all = await base.correct(...given);
      const values = Float32Array.of(1, 2, 3, 4, 5, 6);
      return all.map((one) => ({ ...one, readings: { tokens: ['It', ' is'], layers: 3, directions: 1, values } })); // prettier-ignore
    },
  };
}

/** The scripted corrector stands for a local one, but no rows are batched. */
async function steeredServer() {
  const { model, ...corrector } = pushed();
  void model;
  return await testServer({ corrector, rules: { ...rules, defaults: {} } });
}

describe('over HTTP', () => {
  it('is a body’s, a header’s or a name’s, and stands in the answer', async () => {
    await using server = await steeredServer();
    const asked = [
      server.chat({ aligner: { coefficient: 0.5 } }),
      server.chat({}, { headers: { 'X-Aligner-Coefficient': '0.5' } }),
      server.chat({ model: 'test-model@0.5' }),
      server.chat({ model: 'test-model@-1', aligner: { coefficient: 0.5 } }),
    ];
    for (const response of await Promise.all(asked)) {
      expect(response.headers.get('x-aligner-coefficient')).toBe('0.5');
      expect(response.headers.get('x-aligner-layers')).toBe('2');
      expect(await response.json()).toMatchObject({
        choices: [{ message: { content: 'It is 1. It is 3. It is 3.' } }],
        aligner: {
          coefficient: 0.5,
          choices: [{ rounds: [{ reading: [{ layer: 2, value: 0.03 }] }, {}, {}, {}] }],
        },
      });
    }
    const plain = await server.chat({ aligner: { coefficient: 0 } });
    expect(plain.headers.get('x-aligner-corrected')).toBe('0');
    const wrong = await server.chat({}, { headers: { 'X-Aligner-Coefficient': 'much' } });
    expect(await errorOf(wrong)).toMatchObject({ status: 400, param: 'x-aligner-coefficient' });
  });

  it('asked and achieved are told by the hour', async () => {
    await using server = await steeredServer();
    await server.chat({ aligner: { target: 0.4 } });
    const info = infoShape.parse(await (await fetch(`${server.url}/api/info`)).json());
    expect(info.targets).toMatchObject([
      { direction: 'one', answers: 1, asked: 0.4, within: null },
    ]);
    expect(info.directions.map(({ name, available, reach }) => [name, available, reach])).toEqual([['one', [1, 2], [0.1, 0.5]], ['two', [1, 2], null]]); // prettier-ignore
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('aligner_target_hour_asked{direction="one"} 0.4');
  });

  it('plays settings side by side, with readings by layer and token', async () => {
    await using server = await steeredServer();
    const settings = [{ coefficient: 0 }, { coefficient: 1, layers: [1, 2] }];
    const response = await server.post('/api/play', { question: 'How many?', settings });
    const { chunks } = await streamLines(response);
    const events = chunks.map((chunk): PlayEvent => playEvent.parse(chunk));
    const ends = events.flatMap((event) => (event.kind === 'end' ? [event] : []));
    expect(ends.map(({ setting, text }) => [setting, text]).sort()).toEqual([[0, 'One is 1. Two is 3. Three is 3.'], [1, 'It is 1. It is 3. It is 3.']]); // prettier-ignore
    const round = events.find((event) => event.kind === 'round');
    expect(round?.readings).toEqual({ tokens: ['→', 'It'], layers: 3, values: [[1, 4], [0.2, 0.5], [0.03, 0.06]] }); // prettier-ignore
    const going = await server.post('/api/play', { question: 'How many?', settings: [{}], prefix: 'One is 1. Two is 2.' }); // prettier-ignore
    const rest = (await streamLines(going)).chunks.at(-1);
    expect(rest).toMatchObject({ kind: 'end', text: ' Three is 3.' });
    expect(await errorOf(await server.post('/api/play', { question: 'x', settings: [] }))).toMatchObject({ status: 400, param: 'settings' }); // prettier-ignore
    await using quiet = await testServer({ audit: 'numbers' });
    expect(await errorOf(await quiet.post('/api/play', { question: 'x', settings: [{}] }))).toMatchObject({ status: 403 }); // prettier-ignore
  });
});

describe('a ledger of targets', () => {
  it('tells of a drift once the answers are enough, and begins anew every hour', () => {
    let now = 0;
    const drifts: TargetHour[] = [];
    const ledger = new TargetLedger({ now: () => now, onDrift: (hour) => drifts.push(hour) });
    const add = (achieved: number): void => ledger.add({ named: one, coefficient: -0.5, asked: 0.2, achieved }); // prettier-ignore
    for (let i = 0; i < 30; i++) add(0.2 + (i % 2 === 0 ? 0.02 : -0.02));
    expect(ledger.lastHour()).toMatchObject([{ answers: 30, within: true, asked: expect.closeTo(0.2, 9) as number }]); // prettier-ignore
    expect(drifts).toEqual([]);
    now = 3_600_000;
    for (let i = 0; i < 30; i++) add(0.4);
    expect(drifts).toMatchObject([{ direction: 'one', answers: 20, within: false }]);
    expect(ledger.hours().map(({ hour }) => hour)).toEqual([3_600_000, 0]);
    const [low = NaN, high = NaN] = ledger.lastHour()[0]?.interval ?? [];
    const reach = 1.959964 * 0.1 * Math.sqrt(1 / 30 + 1 / 100);
    expect([low, high]).toEqual([expect.closeTo(0.2 - reach, 6), expect.closeTo(0.2 + reach, 6)]);
  });
});
