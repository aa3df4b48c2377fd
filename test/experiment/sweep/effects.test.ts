import { beforeAll, describe, expect, it } from 'vitest';
import { runSweep } from '../../../src/experiment/sweep/run.js';
import type { SweepOptions } from '../../../src/experiment/sweep/options.js';
import {
  linearityEffect,
  overControlsEffect,
  slopeEffect,
  type SweepRun,
} from '../../../src/experiment/sweep/effects.js';
import type { SweepRecord } from '../../../src/experiment/sweep/shape.js';
import { createRandom } from '../../../src/math/random.js';
import { plantedCorrector, sweepOptions } from './fakes.js';

async function run(changes: Partial<SweepOptions> = {}): Promise<SweepRun> {
  const records: SweepRecord[] = [];
  const grid = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5];
  const sweep = runSweep(
    sweepOptions({ grid, steeredLayers: [1, 2], scale: 1, fitRange: [-1, 0.5], ...changes }),
  );
  for (;;) {
    const next = await sweep.next();
    if (next.done) return { records, summary: next.value };
    records.push(next.value);
  }
}

const random = () => createRandom('effects');

describe('effects of a sweep with a planted slope', () => {
  let planted: SweepRun;
  beforeAll(async () => {
    planted = await run();
  });

  it('the slope is that of the fit, and above 0', () => {
    const { n, estimate, ci, p } = slopeEffect(planted, random());
    expect(n).toBe(12);
    expect(estimate).toBeCloseTo(planted.summary.fit.slope, 12);
    expect(ci?.[0]).toBeGreaterThan(0);
    expect(p).toBeLessThan(0.001);
  });

  it('the line is straight over the papers’ grid', () => {
    const { estimate, p } = linearityEffect(planted, { random: random(), nullValue: 0.9 });
    expect(estimate).toBeGreaterThan(0.98);
    expect(p).toBeLessThan(0.001);
  });

  it('the tested direction exceeds every random one by what the comparison says', () => {
    const { comparison } = planted.summary;
    const { n, estimate, ci } = overControlsEffect(planted, random());
    expect(n).toBe(6);
    expect(estimate).toBeCloseTo((comparison?.tested.slope ?? NaN) - (comparison?.max ?? NaN), 12);
    expect(ci?.[0]).toBeGreaterThan(0);
  });

  it('does not depend on the order of the records', () => {
    const turned = { ...planted, records: [...planted.records].reverse() };
    expect(slopeEffect(turned, random())).toEqual(slopeEffect(planted, random()));
    expect(overControlsEffect(turned, random())).toEqual(overControlsEffect(planted, random()));
  });
});

it('a slope the other way is below 0, and exceeds nothing', async () => {
  const turned = await run({ corrector: plantedCorrector({ sign: -1 }) });
  expect(slopeEffect(turned, random()).ci?.[1]).toBeLessThan(0);
  expect(overControlsEffect(turned, random()).estimate).toBeLessThan(0);
});

it('what was not measured has no effect', async () => {
  const bare = await run({
    ...{ grid: [-1, 0, 1], fitRange: [-1, 1] },
    controls: { random: 0, shuffled: 0 },
  });
  const none = { n: 0, estimate: null, ci: null, p: null };
  expect(linearityEffect(bare, { random: random(), nullValue: 0.9 })).toEqual(none);
  expect(overControlsEffect(bare, random())).toEqual(none);
});
