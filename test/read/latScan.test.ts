import { describe, expect, it } from 'vitest';
import { mean } from '../../src/math/summary.js';
import { extractDirections } from '../../src/read/extract.js';
import { latScan, type ScanOptions } from '../../src/read/latScan.js';
import { readForced, readFree } from '../../src/read/readings.js';
import { balancedScale } from '../../src/read/standardize.js';
import { createPlanted, plantedStimuli, type PlantedOptions } from './planted.js';

const stimuli = plantedStimuli(40);

async function setUp(options: PlantedOptions = {}): Promise<ScanOptions> {
  const model = createPlanted(options);
  const { prompt } = model;
  const made = await extractDirections({ model, stimuli, prompt, seed: 1 });
  let now = 0;
  const { directions, health } = made;
  return { model, stimuli, prompt, directions, health, seed: 1, clock: () => (now += 5) };
}

describe('readings', () => {
  it('are alike, free or forced, for the same tokens', async () => {
    const { model, prompt, directions } = await setUp();
    const prompts = stimuli.slice(0, 6).map(prompt);
    for (const cosine of [false, true]) {
      const read = { decoder: model.decoder, directions, cosine, batchSize: 4 };
      const free = await readFree({ ...read, prompts, tokens: 3, stop: [0] });
      const inputs = free.map((run, i) => ({ prompt: prompts[i] ?? [], output: run.tokens }));
      const forced = await readForced({ ...read, inputs });
      free.forEach((run, i) => {
        expect(run.tokens).toHaveLength(3);
        expect(forced[i]?.tokens).toEqual(run.tokens);
        forced[i]?.readings.forEach((x, j) => expect(x).toBeCloseTo(run.readings[j] ?? NaN, 4));
        if (cosine) for (const x of run.readings) expect(Math.abs(x)).toBeLessThanOrEqual(1);
      });
    }
  });

  it('leave the stop token out', async () => {
    const { model, prompt, directions } = await setUp();
    const [run] = await readFree({
      decoder: model.decoder,
      directions,
      prompts: stimuli.slice(0, 1).map(prompt),
      tokens: 20,
      stop: [0],
    });
    expect(model.tokenizer.decode(run?.tokens ?? [])).toBe('the sum is 7');
    expect(run?.readings).toHaveLength(3 * 4);
  });
});

describe('balancedScale', () => {
  it('weighs both labels alike, however many tokens each has', () => {
    const run = (values: number[]) => ({
      tokens: values.map(() => 5),
      readings: Float64Array.from(values),
    });
    const scale = balancedScale(
      [
        { run: run([1, 1, 1, 1, 1, 1]), label: 'correct' },
        { run: run([-1]), label: 'copy' },
      ],
      1,
    );
    expect(scale).toEqual({ centre: [0], spread: [1] });
    expect(() => balancedScale([{ run: run([1]), label: 'copy' }], 1)).toThrow(
      /no output token of a correct run/,
    );
  });
});

describe('latScan', () => {
  it('shows a correct and a copy case apart, in z-scores of balanced runs', async () => {
    const scan = await latScan(await setUp());
    expect(scan).toMatchObject({ model: 'planted', layers: 3, tokens: 20, standardize: 'zscore' });
    expect(scan.cases.map((c) => c.label)).toEqual(['correct', 'copy']);
    const [correct, copy] = scan.cases;
    expect(correct?.tokens).toEqual([' the', ' sum', ' is', ' 7']);
    expect(correct?.readings).toHaveLength(3);
    for (let layer = 0; layer < 3; layer++) {
      expect(correct?.readings[layer]).toHaveLength(4);
      const apart = mean(correct?.readings[layer] ?? []) - mean(copy?.readings[layer] ?? []);
      expect(apart).toBeGreaterThan(1);
    }
    const activity = (label: string): number[] =>
      scan.activity.find((a) => a.label === label)?.mean ?? [];
    expect(activity('correct')).toHaveLength(3);
    activity('correct').forEach((x, layer) => {
      expect(x).toBeGreaterThan(0.5);
      // Both labels weigh the same, so their means lie about zero.
      expect(x + (activity('copy')[layer] ?? NaN)).toBeCloseTo(0, 5);
    });
    expect(scan.health.labels).toEqual({ checked: 80 / 2, contradicted: 0 });
    expect(scan.timing.total).toBe(10);
  });

  it('still tells the prompts apart when the output tokens are the same', async () => {
    const scan = await latScan(await setUp());
    const [correct, copy] = scan.teacherForced;
    expect([correct?.n, copy?.n]).toEqual([20, 20]);
    scan.health.teacherForcedDifference.forEach(({ layer, difference, ci }) => {
      const apart = (correct?.mean[layer] ?? NaN) - (copy?.mean[layer] ?? NaN);
      expect(difference).toBeCloseTo(apart, 8);
      expect(ci?.[0]).toBeGreaterThan(1);
    });
    expect(scan.health.teacherForcedDifference).toHaveLength(3);
  });

  it('finds no forced difference where the layer knows nothing', async () => {
    const scan = await latScan(await setUp({ fromLayer: 2 }));
    const [low, high] = scan.health.teacherForcedDifference[0]?.ci ?? [1, 1];
    expect(low).toBeLessThan(0.3);
    expect(high).toBeGreaterThan(-0.3);
    expect(scan.health.teacherForcedDifference[2]?.ci?.[0]).toBeGreaterThan(1);
  });

  it('is the same for the same seed, shows the cases asked for, and raw units', async () => {
    const options = await setUp();
    const a = await latScan({ ...options, cases: ['s6', 's5'], standardize: 'raw' });
    const b = await latScan({ ...(await setUp()), cases: ['s6', 's5'], standardize: 'raw' });
    expect(a).toEqual(b);
    expect(a.cases.map((c) => [c.id, c.label])).toEqual([
      ['s6', 'correct'],
      ['s5', 'copy'],
    ]);
    expect(a.direction.scale).toEqual({ centre: [0, 0, 0], spread: [1, 1, 1] });
    await expect(latScan({ ...options, cases: ['s0'] })).rejects.toThrow(/no held-out stimulus s0/);
  });

  it('counts stored labels that the model belies', async () => {
    const options = await setUp();
    const lied = stimuli.map((s) => (s.id === 's6' ? { ...s, last: 'the sum is 7' } : s));
    const { health } = await latScan({ ...options, stimuli: lied });
    expect(health.labels).toEqual({ checked: 40, contradicted: 1 });
  });
});
