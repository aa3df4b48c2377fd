/** Works on cases of one reader, in a process of its own: what ends it is the parent's to count. */
import { openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startWatchdog } from '../watchdog.js';
import { readers } from './readers.js';
import { Cases } from './run.js';
import { progressFile, type Order, type Report } from './protocol.js';

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const reader = readers.find(({ name }) => name === order.reader);
if (!reader) throw new Error(`fuzz: no reader "${order.reader}"`);
const folder = join(order.folder, 'files');
// Of the process before.
rmSync(folder, { recursive: true, force: true });
const cases = new Cases(reader, { seed: order.seed, folder });
const progress = openSync(join(order.folder, progressFile), 'w');
const watchdog = startWatchdog(60);
const end = performance.now() + order.seconds * 1000;
let report: Report = { next: order.first, kinds: {}, faults: [] };
for (let i = order.first; i < order.first + order.count && performance.now() < end; i++) {
  watchdog.beat(i);
  writeSync(progress, String(i).padEnd(12), 0);
  const verdict = await cases.run(i);
  report.next = i + 1;
  if (verdict.outcome === 'fault') report.faults.push({ i, reason: verdict.reason });
  const kind = verdict.outcome === 'refused' ? verdict.kind : verdict.outcome;
  report.kinds[kind] = (report.kinds[kind] ?? 0) + 1;
  // Now and then, so that a crash costs the counts of few.
  if (report.next % 500 === 0) await tell();
}
await watchdog.stop();
await tell();
process.disconnect();

async function tell(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.send?.(report, (error: Error | null) => (error ? reject(error) : resolve()));
  });
  report = { next: report.next, kinds: {}, faults: [] };
}
