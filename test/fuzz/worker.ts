/** Works on cases, in a process of its own: what crashes or hangs it is the parent's to count. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSession } from '../../src/runtime/session.js';
import { makeCase } from './cases.js';
import { externalFiles, specimens } from './corpus.js';
import { judge } from './judge.js';
import type { Verdict } from './judge.js';
import type { Order, Outcome, Report } from './protocol.js';

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const corpus = specimens();
const file = join(order.folder, 'model.onnx');
mkdirSync(join(order.folder, 'folder'), { recursive: true });
for (const [name, bytes] of externalFiles()) writeFileSync(join(order.folder, name), bytes);
for (let i = order.first; i < order.first + order.count; i++) await work(i);
process.disconnect();

async function work(i: number): Promise<void> {
  const started = performance.now();
  await tell({ kind: 'begin', i, stage: 'lab' });
  const { name, bytes } = makeCase(order.seed, i, corpus);
  writeFileSync(file, bytes);
  const verdict = await judge(file);
  const milliseconds = performance.now() - started;
  let outcome: Outcome;
  if (verdict.outcome === 'refused') outcome = { kind: 'refused', why: verdict.kind };
  else if (verdict.outcome === 'fault') outcome = { kind: 'fault', reason: verdict.reason };
  else {
    await tell({ kind: 'begin', i, stage: 'runtime' });
    outcome = await open(verdict);
  }
  await tell({ kind: 'end', i, name, outcome, milliseconds });
}

type Edited = Extract<Verdict, { outcome: 'decoder' }>;

async function open({ graph, models, folder }: Edited): Promise<Outcome> {
  const failures = [];
  for (const model of models) failures.push(await failureOf(model, folder));
  const message = failures.find((failure) => failure !== null);
  if (message === undefined || message === null) return { kind: 'opened' };
  const unedited = await failureOf(graph, folder);
  return unedited === null ? { kind: 'spoiled', message } : { kind: 'not opened' };
}

/** What ONNX Runtime says against a graph; null where it opens it. */
async function failureOf(model: Uint8Array, folder: string): Promise<string | null> {
  try {
    const session = await openSession(model, { device: 'cpu', threads: 1, folder });
    await session.release();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function tell(report: Report): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(report, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
