/** Calibration: the curve both ways, and a planted one that is found again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { coefficientFor, expectedAt, expectedInterval, fitCurve, meanInterval, risingPart } from '../../src/experiment/calibrate/curve.js'; // prettier-ignore
import { readCalibration, saveCalibration } from '../../src/experiment/calibrate/file.js';
import { calibrate } from '../../src/experiment/calibrate/run.js';
import { calibrationShape } from '../../src/experiment/calibrate/shape.js';
import { makeKnob } from '../../src/experiment/shared/steeringKnob.js';
import type { CorrectionInput } from '../../src/align/corrector.js';
import type { Store } from '../../src/record/store.js';
import { fakeCorrector, fakeUpstream, inTurn } from '../align/fakes.js';

const folder = mkdtempSync(join(tmpdir(), 'calibrate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (coefficient: number, mean: number, sd = 0.2, n = 100) => ({ coefficient, mean, sd, n, copyRate: 0.5 }); // prettier-ignore
const curve = { points: fitCurve([at(-1, 0.1), at(0, 0.3), at(0.5, 0.2), at(1, 0.65)]) };

describe('the rising part', () => {
  it('ends where the curve turns back on either side', () => {
    const part = risingPart([at(-2, 1.3), at(-1, 0.2), at(-0.5, 0.1), at(0, 0.13), at(0.5, 0.67), at(1, 0.6)]); // prettier-ignore
    expect(part.map(({ coefficient }) => coefficient)).toEqual([-0.5, 0, 0.5]);
    expect(risingPart([at(0, 0.1), at(1, 0.3)])).toHaveLength(2);
    expect(risingPart([at(-1, 0.1), at(-0.5, 0.1), at(1, 0.3)])).toHaveLength(2);
  });
});

describe('a calibration curve', () => {
  it('does not fall', () => {
    expect(curve.points.map(({ fitted }) => fitted)).toEqual([0.1, 0.25, 0.25, 0.65]);
  });

  it('is read backwards, and where it is flat by the least push', () => {
    expect(coefficientFor(curve, 0.1)).toBe(-1);
    expect(coefficientFor(curve, 0.175)).toBeCloseTo(-0.5, 12);
    expect(coefficientFor(curve, 0.25)).toBeCloseTo(0, 12);
    expect(coefficientFor(curve, 0.45)).toBeCloseTo(0.75, 12);
    expect([coefficientFor(curve, 0.05), coefficientFor(curve, 0.7)]).toEqual([null, null]);
  });

  it('says where the mean of further answers is expected', () => {
    expect(expectedAt(curve, 0.75)).toMatchObject({ mean: 0.45, sd: 0.2, n: 100 });
    expect(expectedAt(curve, 1.5)).toBeNull();
    const [low = NaN, high = NaN] = expectedInterval(curve, 0.75, 25) ?? [];
    const reach = 1.959964 * 0.2 * Math.sqrt(1 / 100 + 1 / 25);
    expect([low, high]).toEqual([expect.closeTo(0.45 - reach, 9), expect.closeTo(0.45 + reach, 9)]);
    expect(expectedInterval(curve, -1, 1)?.[0]).toBe(0);
    expect(meanInterval(at(0, 0.3))[0]).toBeCloseTo(0.3 - 0.0392, 4);
  });
});

const knob = makeKnob({
  directions: { layers: 2, width: 2, vectors: Float32Array.of(1, 0, 0, 1), method: 'planted' } as never, // prettier-ignore
  ...{ meanNorms: [1, 1], layers: [1], scale: 1 },
});

/** Rewrites the share of words that the coefficient says, from 0 at −1 to all at 1. */
const rewrite = ({ last, coefficient }: CorrectionInput): string => {
  const share = (1 + (coefficient?.[1] ?? 0)) / 2;
  return last.replace(/[a-z]/g, (letter, i: number) => (i / last.length < share ? 'X' : letter));
};
const rewriting = fakeCorrector(rewrite);
const upstream = fakeUpstream(inTurn(['abcdefghijklmnopqrst.', 'abcdefghijklmnopqrst.']));
const set = (name: string, count: number) => ({
  ...{ name, identity: name },
  questions: Array.from({ length: count }, (_, i) => ({ id: `${name}-${i}`, question: `${name} ${i}?` })), // prettier-ignore
});

describe('calibrate', () => {
  it('finds a planted curve, and hits what it aims at on other prompts', async () => {
    const found = await calibrate({
      ...{ corrector: rewriting, upstream, knob, prompts: set('own', 40), heldOut: set('other', 40) }, // prettier-ignore
      ...{ grid: [-1, 0, 1], targets: [0.1, 0.5, 2] },
    });
    expect(calibrationShape.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
    const turned = { ...found, points: found.points.toReversed() };
    expect(calibrationShape.safeParse(turned).error?.message).toContain('coefficients that rise');
    // 20 letters of 21: nothing at -1, all letters at 1; the middles were put in.
    expect(found.reach).toEqual([0, expect.closeTo(20 / 21, 12)]);
    expect(found.points.length).toBeGreaterThan(10);
    const rows = found.heldOut?.rows ?? [];
    expect(rows.map(({ asked }) => asked)).toEqual([0.1, 0.5, 2]);
    // As near as a letter of 21.
    for (const { asked, achieved } of rows.slice(0, 2)) {
      expect(Math.abs((achieved ?? NaN) - asked)).toBeLessThan(1 / 21);
    }
    expect(rows[2]).toMatchObject({ coefficient: null, achieved: null, within: null });
    expect(found.warnings).toEqual([]);
  });

  it('goes on where it was interrupted, and gives what an uninterrupted one does', async () => {
    const options = { corrector: rewriting, upstream, knob, prompts: set('own', 40), heldOut: set('other', 20), grid: [-1, 0, 1], targets: [0.3] }; // prettier-ignore
    const kept = new Map<string, unknown>();
    const store: Store = {
      get: (key) => Promise.resolve(kept.get(key)),
      has: (key) => Promise.resolve(kept.has(key)),
      put: (key, value) => Promise.resolve(void kept.set(key, value)),
    };
    const whole = await calibrate(options);
    const ending = new AbortController();
    let units = 0;
    const interrupted = calibrate({
      ...{ ...options, store, signal: ending.signal },
      onProgress: () => (++units === 5 ? ending.abort(new Error('enough')) : undefined),
    });
    await expect(interrupted).rejects.toThrow('enough');
    expect(kept.size).toBe(5);
    const asked: number[] = [];
    const counting = fakeCorrector((input) => (asked.push(1), rewrite(input)));
    const resumed = { ...options, corrector: { ...counting, identity: rewriting.identity }, store };
    expect(await calibrate(resumed)).toEqual(whole);
    const first = asked.length;
    expect(await calibrate(resumed)).toEqual(whole);
    expect([first > 0, asked.length]).toEqual([true, first]);
    // Another direction's units are others.
    await calibrate({ ...resumed, knob: makeKnob({ ...knob, scale: 2 }) });
    expect(asked.length).toBeGreaterThan(first);
  });

  it('says that few prompts tell little', async () => {
    const few = { corrector: rewriting, upstream, knob, prompts: set('own', 3), heldOut: null };
    const { warnings, heldOut } = await calibrate({ ...few, grid: [-1, 1], targets: [] });
    expect([warnings[0], heldOut]).toEqual(['only 3 prompts: the intervals are wide', null]);
  });

  it('is kept beside its direction, and believed of the same corrector, layers and scale only', async () => {
    const calibration = await calibrate({
      ...{ corrector: rewriting, upstream, knob, prompts: set('own', 3), heldOut: null },
      ...{ grid: [-1, 1], targets: [] },
    });
    const path = join(folder, 'calibration.json');
    const model = rewriting.identity.sha256;
    expect(await readCalibration(path, { knob, model })).toBeNull();
    await saveCalibration(path, calibration);
    expect(await readCalibration(path, { knob, model })).toEqual(calibration);
    const others = [
      [{ knob, model: 'f'.repeat(64) }, 'another corrector'],
      [{ knob: makeKnob({ ...knob, layers: [0] }), model }, 'another choice of layers'],
      [{ knob: makeKnob({ ...knob, scale: 2 }), model }, 'another scale'],
    ] as const;
    for (const [other, message] of others) {
      await expect(readCalibration(path, other)).rejects.toThrow(message);
    }
    writeFileSync(path, '{"format": 1}');
    await expect(readCalibration(path, { knob, model })).rejects.toThrow('does not fit its shape');
  });
});
