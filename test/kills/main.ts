/**
 * `npm run kills -- --kills 100 --seed 1 --only lens,extract`: every command that writes is killed at
 * random moments and run again until it ends, started twice at once, and run on a full disk; its
 * results must be those of an uninterrupted run. The exit code is 1 where they are not.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/math/random.js';
import { formatTable } from '../../src/text/table.js';
import { cases, writeInputs } from './cases.js';
import { diskFull, killed, reference, twoAtOnce, type Bench, type Trial } from './trials.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'aligner-lab-kills-'));
const bench: Bench = { inputs: join(folder, 'inputs'), work: join(folder, 'work') };
mkdirSync(bench.inputs);
writeInputs(bench.inputs);

const wanted = values.only?.split(',');
const chosen = cases.filter(({ name }) => !wanted || wanted.some((part) => name.startsWith(part)));
const shares = chosen.reduce((sum, { share = 1 }) => sum + share, 0);
const rows: string[][] = [];
let faults = 0;
for (const given of chosen) {
  const random = createRandom(Number(values.seed)).fork(given.name);
  const expected = await reference(given, bench);
  const count = Math.ceil((Number(values.kills) * (given.share ?? 1)) / shares);
  const kills = await killed(given, expected, { bench, kills: count, random });
  const twice = await twoAtOnce(given, expected, bench);
  const full = await diskFull(given, expected, bench);
  const word = (trial: Trial): string => (trial.faults.length === 0 ? 'same' : 'FAULT');
  const seconds = (expected.milliseconds / 1000).toFixed(1);
  rows.push([given.name, seconds, String(kills.kills), word(kills), word(twice), word(full)]);
  process.stdout.write(`${rows.at(-1)?.join('  ')}\n`);
  for (const [what, trial] of Object.entries({ kills, twice, full })) {
    faults += trial.faults.length;
    for (const fault of trial.faults) process.stdout.write(`  ${what}: ${fault}\n`);
  }
}
rmSync(folder, { recursive: true });
const total = rows.reduce((sum, row) => sum + Number(row[2]), 0);
const head = ['command', 'seconds', 'killed', 'resumed', 'two at once', 'disk full'];
process.stdout.write(`\n${formatTable(head, rows)}\n\n${total} kills, ${faults} faults\n`);
process.exitCode = faults > 0 ? 1 : 0;
