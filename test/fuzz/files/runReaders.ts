/** Readers of what commands leave: run folders, summaries, directions, stores, locks. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readPages } from '../../../src/cli/commands/plot.js';
import { lockFolder, lockSuffix } from '../../../src/disk/lock.js';
import { resume, unitKey } from '../../../src/experiment/shared/resume.js';
import { lensRecord, lensSummary } from '../../../src/experiment/lens/shape.js';
import { createRandom } from '../../../src/math/random.js';
import { formatDirections, readDirections } from '../../../src/read/files/directionFile.js';
import type { StoredDirections } from '../../../src/read/files/storedDirections.js';
import { formatSteering, locateDirection } from '../../../src/read/files/steeringFile.js';
import { openRun, readFinishedRun } from '../../../src/record/run.js';
import { folderStore } from '../../../src/record/store.js';
import * as examples from '../../experiment/examples.js';
import { reportExample } from '../../reproduce/example.js';
import { bytesOf, json, lines, type Reader, type Specimen } from './reader.js';

const width = 8;
const stored: StoredDirections = {
  directions: {
    ...{ method: 'pca', layers: 2, width, explainedVariance: [0.25, 0.5] },
    vectors: Float32Array.from([0, 1].flatMap((seed) => [...createRandom(seed).unitVector(width)])),
  },
  origin: { model: 'small', modelSha256: 'cd'.repeat(32), stimuliSha256: 'ef', seed: '1' },
  ...{ meanNorms: [1, 2], heldOutAccuracy: [0.5, 1] },
};
const directions = (['safetensors', 'gguf', 'npy'] as const).map((format): Specimen => {
  const bytes = formatDirections(stored, format);
  return { file: `a.${format}`, bytes, format: format === 'safetensors' ? format : 'bytes' };
});
const direction = formatDirections(stored, 'safetensors');
const steering = formatSteering({
  model: { name: 'small', sha256: 'cd'.repeat(32) },
  direction: {
    file: 'directions.safetensors',
    sha256: createHash('sha256').update(direction).digest('hex'),
  },
  foundFrom: {
    ...{ stimuliSha256: 'ef'.repeat(32), labels: 'behaviour', method: 'pca', seed: 1 },
  },
  ...{ layers: [0, 1], scale: 1, unit: 'one mean norm', unitValue: [1, 2] },
  ...{ positions: 'all', chosen: 'given' },
});

const configuration = {
  ...{ command: 'sweep', options: { mode: 'fixed', layers: [1, 2] }, seeds: { seed: 0 } },
  ...{ versions: { node: '20.0.0' }, device: 'cpu' },
  inputs: [{ name: 'model', path: '/m', sha256: 'ab' }],
};
const record = z.strictObject({ id: z.string(), values: z.array(z.number()), text: z.string().nullable() }); // prettier-ignore
const records = [1, 2, 3].map((n) => ({ id: `r${n}`, values: [n, 0.5], text: n > 1 ? 'x' : null }));
const manifest = JSON.stringify({ ...configuration, started: '' });

const lensLayers = [0, 1].map((rank) => {
  return { settled: rank === 0, probability: 0.5, rank, logOdds: rank ? null : 1.5 };
});
const lensReadings = (['correct', 'copy'] as const).map((label, i) => {
  return { kind: 'lens', problem: `test-0-${i}`, label, layers: lensLayers };
});

const summaries: Readonly<Record<string, unknown>> = {
  scan: examples.scanExample,
  sweep: examples.sweepExample,
  causal: examples.causalExample,
  lens: examples.lensExample,
  evaluate: examples.evaluateExample,
  corrector: examples.correctorExample,
  health: examples.healthExample,
  compare: examples.compareExample,
  rounds: examples.roundsExample,
  report: reportExample,
};

/** A run folder of its own per specimen: one summary is damaged, no other is there. */
const plotReaders = Object.entries(summaries).map(([kind, value]): Reader => {
  return { name: `${kind}.json`, specimens: [json(`${kind}.json`, value)], read: readPages };
});

/** Summaries of parts, in folders beside the report that names them. */
const partReader: Reader = {
  name: 'parts of a report',
  names: ['report.json'],
  specimens: reportExample.parts.slice(0, 4).flatMap(({ name, kind }) => {
    const value = summaries[kind];
    return value === undefined ? [] : [json(join(name, `${kind}.json`), value)];
  }),
  around: {
    'report.json': JSON.stringify(reportExample),
    ...Object.fromEntries(reportExample.parts.map(({ name }) => [join(name, 'manifest.json'), ''])),
  },
  read: readPages,
};

async function openFolder(folder: string): Promise<void> {
  await using run = await openRun({ ...configuration, folder, record });
  if (run.records.some(({ id }) => typeof id !== 'string')) throw new TypeError('no record');
}

/** A store's file is named by what went into the unit. */
const unit = { records: ['r1', 'r2'], inputs: { text: 'y1' }, run: () => Promise.resolve(records) };
const unitFile = ((key) => join('store', key.slice(0, 2), `${key}.json`))(unitKey(unit, null));

async function useStore(folder: string): Promise<void> {
  const store = folderStore(join(folder, 'store'));
  const done = new Map<string, z.infer<typeof record>>();
  const all = resume({ units: [unit], keyOf: ({ id }) => id, done, store, shape: record });
  for await (const { values } of all) {
    if (!values.every(Number.isFinite)) throw new TypeError('values are none');
  }
}

/** The folder is held by this process; another claim reads what the lock's file says. */
async function useLock(folder: string, file: string): Promise<void> {
  const damaged = readFileSync(join(folder, file));
  const lock = await lockFolder({ folder, purpose: 'fuzz' });
  const [held] = (await readdir(folder)).filter((name) => name.endsWith(lockSuffix));
  writeFileSync(join(folder, held ?? ''), damaged);
  try {
    const second = await lockFolder({ folder, purpose: 'fuzz', patience: 0 });
    await second.release();
    throw new TypeError('taken twice');
  } catch (error) {
    if (!(error instanceof Error && /is in use by process \d+/.test(error.message))) throw error;
  } finally {
    await lock.release();
  }
}

export const runReaders: readonly Reader[] = [
  {
    name: 'manifest.json',
    specimens: [json('manifest.json', { ...configuration, started: '2025-01-01T00:00:00Z' })],
    // It is sound, but of another run.
    names: ['holds another run'],
    read: openFolder,
  },
  {
    name: 'records.jsonl',
    specimens: [lines('records.jsonl', records)],
    around: { 'manifest.json': manifest },
    read: openFolder,
  },
  {
    name: 'finished run',
    specimens: [json('lens.json', examples.lensExample), lines('records.jsonl', lensReadings)],
    around: { 'manifest.json': manifest, 'lens.json': JSON.stringify(examples.lensExample) },
    read: (folder) =>
      readFinishedRun({ ...configuration, folder, kind: 'lens', summary: lensSummary, record: lensRecord }), // prettier-ignore
  },
  ...plotReaders,
  partReader,
  {
    name: 'directions',
    specimens: directions,
    read: (folder, file) => readDirections(join(folder, file), { layers: 2 }),
  },
  {
    name: 'steering.json',
    // They contradict each other.
    names: ['steering.json'],
    specimens: [
      { file: 'steering.json', bytes: bytesOf(steering), format: 'json' },
      { file: 'directions.safetensors', bytes: direction, format: 'safetensors' },
    ],
    around: { 'steering.json': steering, 'directions.safetensors': direction },
    read: locateDirection,
  },
  {
    name: 'store',
    specimens: [json(unitFile, records)],
    // A unit is named by its key, which is its file's name.
    names: [unitFile, unitKey(unit, null), 'a unit gave no record'],
    around: { 'store/about': '', [join(unitFile, '..', 'about')]: '' },
    read: useStore,
  },
  {
    name: 'lock',
    specimens: [json('content', { host: 'a', pid: 1, purpose: 'sweep', since: '2025' })],
    read: useLock,
  },
];
