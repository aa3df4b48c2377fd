/**
 * `npm run fuzz:files -- --cases 40000 --seed 1 --reader tokenizer.json --out fuzz`: damaged files of
 * every reader, so many of each. Cases that show a fault are kept in `--out`; the exit code is 1
 * where there was one. `--seconds` bounds the time for each reader.
 */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeFileCase } from './cases.js';
import { progressFile, type Order, type Report } from './protocol.js';
import type { Reader } from './reader.js';
import { readers } from './readers.js';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '86400' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    reader: { type: 'string' },
    out: { type: 'string', default: 'fuzz' },
  },
});
/** Cases a process lives for. */
const batch = 20_000;

const folder = mkdtempSync(join(tmpdir(), 'aligner-lab-fuzz-'));
let faults = 0;
let total = 0;
for (const reader of readers) {
  if (values.reader === undefined || values.reader === reader.name) await fuzz(reader);
}
rmSync(folder, { recursive: true });
process.stdout.write(`${total} cases, ${faults} faults\n`);
process.exitCode = faults > 0 ? 1 : 0;

async function fuzz(reader: Reader): Promise<void> {
  const started = performance.now();
  const end = started + Number(values.seconds) * 1000;
  const first = Number(values.first);
  const last = first + Number(values.cases);
  const counts = { read: 0, refused: 0, fault: 0 };
  const kinds = new Set<string>();
  let next = first;
  while (next < last && performance.now() < end) {
    const seconds = (end - performance.now()) / 1000;
    const count = Math.min(batch, last - next);
    const report = await runBatch(
      { ...{ reader: reader.name, seed: values.seed, first: next }, ...{ count, seconds, folder } },
      reader,
    );
    for (const [kind, n] of Object.entries(report.kinds)) {
      if (kind === 'read' || kind === 'fault') counts[kind] += n;
      else counts.refused += n;
      kinds.add(kind);
    }
    for (const { i, reason } of report.faults) keep(reader, i, reason);
    next = report.next;
  }
  const took = (performance.now() - started) / 1000;
  total += next - first;
  faults += counts.fault;
  const { read, refused, fault } = counts;
  process.stdout.write(
    `${reader.name}: ${next - first} cases, ${read} read, ${refused} refused in ${kinds.size} ways, ${fault} faults; ${((next - first) / took).toFixed(0)} cases a second\n`,
  );
}

/** The report of a process; where it ended before, of the case it was at. */
async function runBatch(order: Order, reader: Reader): Promise<Report> {
  const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), [JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const all: Report = { next: order.first, kinds: {}, faults: [] };
  child.on('message', ({ next, kinds, faults }: Report) => {
    all.next = next;
    all.faults.push(...faults);
    for (const [kind, n] of Object.entries(kinds)) all.kinds[kind] = (all.kinds[kind] ?? 0) + n;
  });
  const ended = await new Promise<string>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? String(code)));
  });
  if (ended === '0') return all;
  const i = Number(readFileSync(join(order.folder, progressFile), 'utf8'));
  process.stdout.write(`${reader.name}: case ${i} ended the process (${ended})\n`);
  all.kinds.fault = (all.kinds.fault ?? 0) + 1;
  all.faults.push({ i, reason: `crash or hang: ${ended}` });
  return { ...all, next: i + 1 };
}

function keep(reader: Reader, i: number, reason: string): void {
  const { specimen, bytes } = makeFileCase(values.seed, i, reader.specimens);
  mkdirSync(values.out, { recursive: true });
  const path = join(values.out, `${values.seed}-${i}-${specimen.file}`);
  writeFileSync(path, bytes);
  writeFileSync(`${path}.txt`, `${reader.name}\n${reason}\n`);
}
