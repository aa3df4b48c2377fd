/**
 * `npm run kills -- --kills 100 --seed 1 --only lens,extract`: every command that writes is killed at
 * random moments and run again until it ends, started twice at once, and run on a full disk; its
 * results must be those of an uninterrupted run. With `--signal` every command gets Ctrl-C, once and
 * twice, and SIGTERM at `--moments` random moments each, and a reader that goes after a line. The exit
 * code is 1 where something is not as it should be.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/math/random.js';
import { formatTable } from '../../src/text/table.js';
import { cases, type KillCase } from './cases.js';
import { writeInputs } from './inputs.js';
import { signalled } from './signals.js';
import {
  diskFull,
  killed,
  reference,
  twoAtOnce,
  type Bench,
  type Reference,
  type Trial,
} from './trials.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    signal: { type: 'boolean', default: false },
    moments: { type: 'string', default: '3' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'aligner-lab-kills-'));
const bench: Bench = { inputs: join(folder, 'inputs'), work: join(folder, 'work') };
mkdirSync(bench.inputs);
writeInputs(bench.inputs);

const wanted = values.only?.split(',');
const chosen = cases
  .filter(({ name }) => !wanted || wanted.some((part) => name.startsWith(part)))
  .filter(({ prints = false }) => values.signal || !prints);
const shares = chosen.reduce((sum, { share = 1 }) => sum + share, 0);
const rows: string[][] = [];
let [faults, total] = [0, 0];
for (const given of chosen) {
  const random = createRandom(Number(values.seed)).fork(given.name);
  const expected = await reference(given, bench);
  const trials = values.signal
    ? await signalled(given, expected, { bench, moments: Number(values.moments), random })
    : await killTrials(given, expected);
  const seconds = (expected.milliseconds / 1000).toFixed(1);
  const sum = Object.values(trials).reduce((all, { kills }) => all + kills, 0);
  total += sum;
  const words = Object.values(trials).map((trial) =>
    trial.faults.length === 0 ? 'same' : 'FAULT',
  );
  rows.push([given.name, seconds, String(sum), ...words]);
  process.stdout.write(`${rows.at(-1)?.join('  ')}\n`);
  for (const [what, trial] of Object.entries(trials)) {
    faults += trial.faults.length;
    for (const fault of trial.faults) process.stdout.write(`  ${what}: ${fault}\n`);
  }
}
rmSync(folder, { recursive: true });
const head = values.signal
  ? ['command', 'seconds', 'signals', 'Ctrl-C', 'twice', 'SIGTERM', 'head -1']
  : ['command', 'seconds', 'killed', 'resumed', 'two at once', 'disk full'];
const what = values.signal ? 'signals' : 'kills';
process.stdout.write(`\n${formatTable(head, rows)}\n\n${total} ${what}, ${faults} faults\n`);
process.exitCode = faults > 0 ? 1 : 0;

async function killTrials(given: KillCase, expected: Reference): Promise<Record<string, Trial>> {
  const random = createRandom(Number(values.seed)).fork(given.name);
  const count = Math.ceil((Number(values.kills) * (given.share ?? 1)) / shares);
  return {
    kills: await killed(given, expected, { bench, kills: count, random }),
    twice: await twoAtOnce(given, expected, bench),
    full: await diskFull(given, expected, bench),
  };
}
