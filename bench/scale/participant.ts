/**
 * One process of the proof: a part in a list of units of the embedded corrector, four sentences each.
 * What it computes it logs, so that work done twice can be counted.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createCorrector } from '../../src/align/corrector.js';
import { generateRows } from '../../src/data/dataset.js';
import type { AnnotatedQuadruple } from '../../src/data/types.js';
import { batchesOf } from '../../src/experiment/shared/batches.js';
import { systemMilliseconds } from './counts.js';
import { resume, type Unit } from '../../src/experiment/shared/resume.js';
import { untilThere } from '../../src/machines/away.js';
import { folderPlace, type Place } from '../../src/machines/place.js';
import { HelpEnds } from '../../src/record/claims.js';
import { folderStore, type Store } from '../../src/record/store.js';
import { loadLanguageModel } from '../../src/runtime/load.js';

/** As the main program hands it over. */
export interface Part {
  /** null: alone, without a store. */
  engine: 'folder' | 'bullmq' | null;
  units: number;
  /** Units that compute nothing show what the engine costs. */
  empty: boolean;
  folder: string;
  redis: string;
  /** Whether results lie in the folder too where claims come from Redis. */
  shared: boolean;
  computes: boolean;
  first: boolean;
  /** Milliseconds of silence, or of a lock. */
  patience: number;
  /** Milliseconds that every access to the store takes more. */
  slow: number;
  log: string;
  /** Where records go; empty: nowhere. */
  out: string;
}

const models = '../../../artifacts/models';
const embedded = fileURLToPath(new URL(`${models}/corrector-arithmetic-s`, import.meta.url));

/** Of a unit: about 60 ms. */
const sentences = 4;

interface Row {
  key: string;
  corrections: string[];
}

const part = JSON.parse(process.argv[2] ?? '') as Part;
const log = (entry: object): void => {
  const now = systemMilliseconds();
  appendFileSync(part.log, `${JSON.stringify({ ...entry, pid: process.pid, now })}\n`);
};

async function openPart(): Promise<Place | null> {
  const { engine, folder, redis, patience, shared } = part;
  if (engine === null) return null;
  if (engine === 'folder') return folderPlace(folder, { patience });
  const { redisPlace } = await import('../../src/machines/redis/place.js');
  const options = {
    url: redis,
    ...(shared && { results: (about: unknown) => folderStore(folder, about) }),
    ...{ lockMilliseconds: patience, stalledMilliseconds: Math.min(5000, patience / 2) },
  };
  // As `aligner-lab worker` does: Redis may be away when it begins.
  const { signal } = new AbortController();
  const waits = { milliseconds: 60_000, onWait: () => undefined, signal };
  return await untilThere(() => redisPlace(options), waits);
}

/** A store on a disk that takes its time. */
function slowed(store: Store): Store {
  const late = async <T>(answer: Promise<T>): Promise<T> => {
    if (part.slow > 0) await wait(part.slow);
    return await answer;
  };
  return {
    ...store,
    get: (key) => late(store.get(key)),
    has: (key) => late(store.has(key)),
    put: (key, value) => late(store.put(key, value)),
  };
}

async function main(): Promise<void> {
  await using place = await openPart();
  const told = { check: () => Promise.resolve(), tell: () => undefined };
  const { computes, first } = part;
  await using joined = await place?.join({ run: 'proof', about: null, computes, first, told });
  const model = part.empty ? null : await loadLanguageModel({ model: embedded, threads: 1 });
  const corrector = model && createCorrector({ model });
  const count = sentences * part.units;
  const rows = [...generateRows('written', { split: 'test', count, seed: 1 })];
  const batches = batchesOf(rows as AnnotatedQuadruple[], sentences).slice(0, part.units);
  const units = batches.map((batch, i): Unit<Row> => ({
    records: [String(i)],
    inputs: { i, batch },
    async run() {
      log({ begun: i });
      const made = (await corrector?.correct(batch)) ?? batch.map(({ last }) => ({ text: last }));
      log({ ended: i });
      return [{ key: String(i), corrections: made.map(({ text }) => text) }];
    },
  }));
  // Workers help, and read no results.
  const store = joined && { ...slowed(joined.store), helps: !first };
  const made: string[] = [];
  const work = { units, keyOf: ({ key }: Row) => key, done: new Map<string, Row>() };
  const start = performance.now();
  log({ ready: true, task: process.env.SLURM_JOB_ID });
  const how = { ...work, ...(store && { store }), identity: { kind: 'proof' }, last: true };
  try {
    for await (const row of resume(how)) made.push(JSON.stringify(row));
  } catch (error) {
    if (!(error instanceof HelpEnds)) throw error;
  }
  log({ done: true, milliseconds: performance.now() - start });
  if (part.out !== '') writeFileSync(part.out, `${made.join('\n')}\n`);
  await model?.[Symbol.asyncDispose]();
}

await main();
