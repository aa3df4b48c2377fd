/**
 * `npm run bench:growth`: processor time and peak memory over layers, tokens, width, stimuli and batch,
 * on Llamas of random weights, each point in a process of its own. Writes `bench/growth/results.json`
 * and, where there is a browser, `docs/speed/growth.svg`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAtomic } from '../../src/disk/atomic.js';
import { makeFolder } from '../../src/disk/makeFolder.js';
import { findBrowser } from '../../src/plot/page/browser.js';
import { openPainter } from '../../src/plot/page/painter.js';
import { installedVersions } from '../../src/record/versions.js';
import { layOut, Table } from '../../src/text/table.js';
import { benchOptions } from '../options.js';
import { growthSection } from './figure.js';
import { growthOf, seriesOf, type Exponent, type Growth, type Series } from './fit.js';
import type { Measured } from './measure.js';
import { randomLlama } from './model.js';
import { growths, type Point } from './points.js';

const given = benchOptions(
  {
    command: 'bench:growth',
    about:
      'Processor time and peak memory over layers, tokens, width, stimuli and batch, on Llamas of random\nweights, each point in a process of its own.',
  },
  {
    rounds: { type: 'string', default: '3', about: 'times that each point is measured' },
    only: { type: 'string', about: 'one work, e.g. writing' },
    out: { type: 'string', default: 'bench/growth', about: 'folder of results.json' },
    figures: { type: 'string', default: 'docs/speed', about: 'folder of the figure' },
    draw: { type: 'boolean', default: false, about: 'draws results that are there' },
  },
);
const results = join(given.out, 'results.json');
const measured = given.draw ? readResults() : await measureAll();
process.stdout.write(`${layOut(tableOf(measured))}\n`);
await draw(measured);

function readResults(): Growth[] {
  const { growths: kept } = JSON.parse(readFileSync(results, 'utf8')) as { growths: Series[] };
  return kept.map(growthOf);
}

/** A round goes through all of them, so that a busy while is spread over sizes; each is kept. */
async function measureAll(): Promise<Growth[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'aligner-lab-growth-'));
  const wanted = growths.filter(({ work }) => given.only === undefined || given.only === work);
  const rounds: Measured[][][] = [];
  let all: Growth[] = [];
  try {
    while (rounds.length < Number(given.rounds)) {
      const round = wanted.map(({ work, axis, points }) => {
        process.stderr.write(`round ${rounds.length + 1}: ${work} over ${axis}\n`);
        return points.map((point) => measure(scratch, point));
      });
      rounds.push(round);
      all = wanted.map((growing, i) => growthOf(seriesOf(growing, rounds.map((of) => of[i] ?? [])))); // prettier-ignore
      const text = JSON.stringify({ ...about(rounds.length), growths: all }, null, 2);
      await writeAtomic(results, `${text}\n`);
    }
    return all;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function measure(scratch: string, point: Point): Measured {
  const model = join(scratch, `${point.layers}x${point.width}.onnx`);
  if (!existsSync(model)) writeFileSync(model, randomLlama(point));
  const program = join(import.meta.dirname, 'measure.js');
  const output = execFileSync(process.execPath, [program, model, JSON.stringify(point)]);
  return JSON.parse(output.toString()) as Measured;
}

function about(rounds: number): object {
  const [processor] = cpus();
  return {
    measured: new Date().toISOString().slice(0, 10),
    machine: { processor: processor?.model ?? 'unknown', threads: 1, node: process.version },
    versions: installedVersions(),
    rounds,
  };
}

function tableOf(all: readonly Growth[]): Table {
  const text = ({ slope, ci, atEnd }: Exponent): string[] => [
    slope.toFixed(2),
    ci === null ? '–' : ci.map((end) => end.toFixed(2)).join('–'),
    atEnd.toFixed(2),
  ];
  const rows = all.map(({ work, axis, sizes, time, memory }) => [
    ...[work, axis, `${sizes[0]}–${sizes.at(-1)}`],
    ...[...text(time), ...text(memory)],
  ]);
  const columns = ['exponent', '95 %', 'at the end'];
  return new Table(['work', 'over', 'sizes', ...columns.map((name) => `time, ${name}`), ...columns.map((name) => `memory, ${name}`)], rows); // prettier-ignore
}

async function draw(all: readonly Growth[]): Promise<void> {
  let browser: string;
  try {
    browser = findBrowser({ env: process.env });
  } catch {
    process.stderr.write('no browser: no figure\n');
    return;
  }
  await using painter = await openPainter({ browser });
  await makeFolder(given.figures);
  const picture = await painter.paint(growthSection(all), { format: 'svg' });
  await writeAtomic(join(given.figures, 'growth.svg'), picture);
}
