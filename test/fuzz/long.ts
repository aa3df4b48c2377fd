/**
 * `npm run fuzz -- --minutes 30 --seed 1 --out fuzz`: damaged models until the time is up. Cases
 * that show a fault of ours, crash the process or hang it are kept in `--out`; the exit code is 1
 * where there was a fault of ours. Refusals of ONNX Runtime's and its crashes are only counted.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeCase } from './cases.js';
import { specimens } from './corpus.js';
import { Figures } from './figures.js';
import type { Order, Report } from './protocol.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'fuzz' },
  },
});
/** Far longer than any case takes; what takes longer hangs. */
const patience = 60_000;
/** Cases a process lives for. */
const batch = 2000;

const corpus = specimens();
const folder = mkdtempSync(join(tmpdir(), 'aligner-lab-fuzz-'));
const figures = new Figures();
const end = performance.now() + Number(values.minutes) * 60_000;
let next = 0;
while (performance.now() < end) {
  next = await runBatch({ seed: values.seed, first: next, count: batch, folder });
  process.stdout.write(`${figures.line()}\n`);
}
rmSync(folder, { recursive: true });
process.stdout.write(`\n${figures.table()}\n`);
process.exitCode = figures.faults > 0 ? 1 : 0;

/** Runs cases until one ends the process, or all are done; returns the number of the next case. */
async function runBatch(order: Order): Promise<number> {
  const worker = fork(
    fileURLToPath(new URL('worker.js', import.meta.url)),
    [JSON.stringify(order)],
    {
      // ONNX Runtime's complaints about each graph are no use here.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // A crash for want of memory should come soon, and to this process alone.
      execArgv: ['--max-old-space-size=1024'],
    },
  );
  let at = { i: order.first, stage: 'lab' as 'lab' | 'runtime', hung: false };
  const hang = (): void => {
    at.hung = true;
    worker.kill('SIGKILL');
  };
  let timer = setTimeout(hang, patience);
  let done = order.first;
  worker.on('message', (report: Report) => {
    clearTimeout(timer);
    timer = setTimeout(hang, patience);
    if (report.kind === 'begin') {
      at = { i: report.i, stage: report.stage, hung: false };
      return;
    }
    done = report.i + 1;
    figures.add(report);
    const { outcome } = report;
    if (outcome.kind === 'fault') keep(report.i, outcome.reason);
    if (outcome.kind === 'spoiled') keep(report.i, outcome.message);
    if (performance.now() > end) worker.kill();
  });
  const code = await new Promise<string>((resolve) => {
    worker.on('exit', (status, signal) => resolve(signal ?? String(status)));
  });
  clearTimeout(timer);
  if (done === order.first + order.count || performance.now() > end) return done;
  const how = at.hung ? `hangs (${patience / 1000} s)` : `crashes (${code})`;
  figures.addEnd(at.stage, at.hung);
  keep(at.i, `${at.stage} ${how}`);
  return at.i + 1;
}

function keep(i: number, reason: string): void {
  const { name, bytes } = makeCase(values.seed, i, corpus);
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, `${values.seed}-${i}`);
  writeFileSync(`${file}.onnx`, bytes);
  writeFileSync(`${file}.txt`, `${name}\n${reason}\n`);
  process.stdout.write(`${name}: ${reason.split('\n').slice(0, 3).join(' | ')}\n`);
}
