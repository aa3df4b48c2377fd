/** `lat-scan --layers`: what is shown and sought; the numbers stay whole. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { ScanSummary } from '../../src/experiment/scan/shape.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeStimuliFile, writeTinyModel } from './harness.js';

// Whole commands, possibly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd, 'six', { layers: 6 });
const stimuli = writeStimuliFile(cwd, 40);
afterAll(folder.remove);

const argv = ['lat-scan', '--corrector', model, '--stimuli', stimuli, '--tokens', '4'];
const scan = async (...more: string[]): ReturnType<typeof call> =>
  await call([...argv, '--threads', '1', '--out', 'run', ...more], { cwd });
const summary = (): ScanSummary =>
  JSON.parse(readFileSync(join(cwd, 'run', 'scan.json'), 'utf8')) as ScanSummary;
/** Layers down the margin of the first heat map. */
const shownIn = (stdout: string): number[] =>
  (stdout.split('\n\n')[1] ?? '').split('\n').flatMap((line) => {
    const layer = /^ +(\d+) /.exec(line)?.[1];
    return layer === undefined ? [] : [Number(layer)];
  });
const accuracy = ({ perLayer }: ScanSummary, layers: readonly number[]): number =>
  Math.max(...layers.map((layer) => perLayer[layer]?.heldOutAccuracy ?? -1));

describe('lat-scan --layers', () => {
  it('shows some layers and seeks the best among them; other layers need no new pass', async () => {
    const all = await scan();
    expect(all.code, all.stderr).toBe(0);
    expect(shownIn(all.stdout)).toEqual([5, 4, 3, 2, 1, 0]);
    const whole = summary();
    expect(whole.shownLayers).toBeUndefined();

    for (const [given, layers] of [
      ['1-3', [1, 2, 3]],
      ['5,0', [0, 5]],
      ['4, 2-4', [2, 3, 4]],
    ] as const) {
      const { code, stdout, stderr } = await scan('--layers', given);
      expect(code, stderr).toBe(0);
      expect(shownIn(stdout)).toEqual([...layers].reverse());
      expect(stdout).toContain(` of ${layers.join(', ')}\n`);
      const some = summary();
      expect(some.shownLayers).toEqual(layers);
      const best = some.health?.bestLayer ?? -1;
      expect(layers).toContain(best);
      expect(accuracy(some, [best])).toBe(accuracy(whole, layers));
      // Times too: nothing was run again.
      const { health, shownLayers } = some;
      expect(some).toEqual({ ...whole, health, shownLayers });
      const page = readFileSync(join(cwd, 'run', 'scan.html'), 'utf8');
      expect(page).toContain(`these are shown: ${layers.join(', ')}.`);
      expect(page).toContain(`Readings over the text, layer ${best}`);
    }

    expect((await scan()).code).toBe(0);
    expect(summary()).toEqual(whole);
    writeFileSync(join(cwd, 'run', 'scan.json'), '{"layers": 6');
    expect((await scan()).code).toBe(0);
    expect({ ...summary(), timing: {} }).toEqual({ ...whole, timing: {} });
  });

  it.each([
    ['7', /--layers: .*six.* has no layer 7 \(expected 0 … 5, counted from the first block\)/],
    ['2-6', /has no layer 6/],
    [
      '5-2',
      /--layers: expected a range from a lower to a higher number, of 1000 at most, got "5-2"/,
    ],
    ['0-999999999', /expected a range/],
    ['2-', /--layers: expected a whole number from 0, got "2-"/],
    ['-1', /--layers: expected a whole number from 0, got "-1"/],
    ['', /--layers: empty \(expected comma-separated layers\)/],
  ])('refuses %j before anything is read', async (given, message) => {
    const { code, stderr } = await call([...argv, '--out', 'none', `--layers=${given}`], { cwd });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
