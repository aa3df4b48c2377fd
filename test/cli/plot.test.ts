/** Formats and sizes of figures, and figures from a run folder alone. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toJson } from '../../src/record/json.js';
import {
  correctorExample,
  evaluateExample,
  scanExample,
  sweepExample,
} from '../experiment/examples.js';
import { temporaryFolder } from '../runtime/models.js';
import { call } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
afterAll(folder.remove);

function writeRun(name: string, summaries: Record<string, unknown>): void {
  mkdirSync(join(cwd, name));
  for (const [kind, summary] of Object.entries(summaries)) {
    writeFileSync(join(cwd, name, `${kind}.json`), toJson(summary));
  }
}

describe('plot', () => {
  it('draws every summary of a run again, and changes no number', async () => {
    writeRun('run', { evaluate: evaluateExample, corrector: correctorExample });
    const { code, stdout } = await call(['plot', 'run', '--format', 'html,json'], { cwd });
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split(/\n?figure {2}/)
        .slice(1),
    ).toEqual([
      'run/evaluate.html',
      'run/evaluate-systems.json',
      'run/corrector.html',
      'run/corrector-rates.json',
    ]);
    const kept = JSON.parse(readFileSync(join(cwd, 'run', 'evaluate.json'), 'utf8')) as unknown;
    expect(kept).toEqual(JSON.parse(toJson(evaluateExample)));
  });

  it('draws the steering curves of all sweeps in a folder of runs', async () => {
    mkdirSync(join(cwd, 'many'));
    writeRun('many/sweep-a', { sweep: sweepExample });
    writeRun('many/sweep-b', { sweep: { ...sweepExample, model: 'other' } });
    writeRun('many/scan', { scan: scanExample });
    const { code, stdout, stderr } = await call(['plot', 'many', '--format', 'html,json'], { cwd });
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('figure  many/sweeps.html\nfigure  many/sweeps-steering-curves.json\n');
    const drawn = JSON.parse(
      readFileSync(join(cwd, 'many', 'sweeps-steering-curves.json'), 'utf8'),
    ) as {
      data: { name: string; x: number[]; y: number[] }[];
      layout: { meta: { caption: string } };
    };
    expect(drawn.data.map(({ name }) => name)).toEqual(['sweep-a', 'sweep-b']);
    const defined = sweepExample.points.filter(({ mean }) => mean !== null);
    expect(drawn.data[1]?.x).toEqual(defined.map(({ coefficient }) => coefficient));
    expect(drawn.data[1]?.y).toEqual(defined.map(({ mean }) => mean));
    expect(drawn.layout.meta.caption).toContain('sweep-b (other, mode ');
  });

  it('writes elsewhere with --out, one page by default', async () => {
    writeRun('scanned', { scan: scanExample });
    const argv = ['plot', 'scanned', '--out', 'figures', '--json'];
    const { stdout } = await call(argv, { cwd });
    expect(JSON.parse(stdout)).toEqual({ files: ['figures/scan.html'] });
    expect(readdirSync(join(cwd, 'scanned'))).toEqual(['scan.json']);
  });

  it.each([['"0.9"'], ['93'], ['-0.1']])('refuses a held-out accuracy of %s', async (value) => {
    const [first, ...rest] = scanExample.perLayer;
    const perLayer = [{ ...first, heldOutAccuracy: JSON.parse(value) as unknown }, ...rest];
    writeRun(`odd${value.length}${value[0]}`, { scan: { ...scanExample, perLayer } });
    const { code, stderr } = await call(['plot', `odd${value.length}${value[0]}`], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain(`scan.json cannot be drawn (it does not fit its shape: perLayer[0].heldOutAccuracy is ${value} (`); // prettier-ignore
  });

  it('says what it expected where there is nothing to draw', async () => {
    writeRun('empty', {});
    const empty = await call(['plot', 'empty'], { cwd });
    expect(empty.code).toBe(1);
    expect(empty.stderr).toMatch(/plot: no summary in .*empty \(expected one of scan.json, /);
    writeRun('broken', { scan: { model: 'only' } });
    const summary = await call(['plot', 'broken/scan.json'], { cwd });
    expect(summary.code).toBe(2);
    expect(summary.stderr).toMatch(
      /broken\/scan\.json is a file \(expected a run folder\); give the folder that it is in, .*broken\n$/,
    );
    const none = await call(['plot', 'nowhere'], { cwd });
    expect(none.stderr).toMatch(/plot: cannot read .*nowhere: no such file or folder/);
    const broken = await call(['plot', 'broken'], { cwd });
    expect(broken.stderr).toMatch(
      /plot: .*scan.json cannot be drawn \(.*\); run its command again/,
    );
  });
});

describe('--format', () => {
  it.each([['lat-scan'], ['sweep'], ['causal'], ['evaluate'], ['extract']])(
    'of %s looks for the browser before any work',
    async (name) => {
      const argv = [name, '--format', 'html,png', '--out', 'never'];
      const { code, stderr } = await call(argv, { cwd, env: { CHROME_PATH: '/nowhere' } });
      expect(code).toBe(1);
      expect(stderr).toContain('browser: CHROME_PATH is no program');
      expect(existsSync(join(cwd, 'never'))).toBe(false);
    },
  );

  it.each([
    [
      ['--format', 'gif'],
      /--format: unknown value "gif" \(expected one of html, png, svg, pdf, json\)/,
    ],
    [['--format', ''], /--format: empty/],
    [['--size', 'single'], /--size: is for png, svg and pdf \(got --format html\)/],
    [['--ground', 'dark'], /--ground: is for png, svg and pdf/],
    [['--format', 'png', '--size', '5'], /--size: expected single, double, or WxH in inches/],
    [['--format', 'png', '--size', '0.5x3'], /from 1 to 40/],
    [['--format', 'png', '--ground', 'grey'], /--ground: unknown value "grey"/],
  ])('%j is refused', async (argv, message) => {
    const { code, stderr } = await call(['plot', 'run', ...argv], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
