/** What all parts of a reproduction share, and what identifies each of them. */
import { join } from 'node:path';
import type { z } from 'zod';
import type { CorrectorReading } from '../experiment/shared/reading/readCorrector.js';
import type { Part, PartSizes, ReproduceModels } from './plan.js';
import { partName, type Results } from './results.js';
import type { Judge } from '../judge/judge.js';
import { hashData, type DataSource } from '../data/files/place.js';
import { sha256 } from '../record/hash.js';
import { openRun, type Run } from '../record/run.js';
import type { RunConfiguration, RunInput } from '../record/manifest.js';
import { installedVersions } from '../record/versions.js';
import type { Device } from '../runtime/decoder.js';
import { fileIdentity } from '../runtime/hashModel.js';
import type { Identity } from '../runtime/identity.js';
import type { ModelFiles } from '../runtime/modelFiles.js';
import type { EngineOptions } from '../runtime/copies.js';
import type { ReproduceHost } from './host.js';
import type { ReproduceData } from './data.js';

/** A model that was found, and is not loaded yet. */
export interface KnownModel {
  files: ModelFiles;
  identity: Identity;
  /** Bytes of its file and weights. */
  bytes: number;
}

export interface Setting {
  host: ReproduceHost;
  /** The run folder. */
  folder: string;
  engine: EngineOptions;
  device: Device;
  seed: number;
  sizes: PartSizes;
  /** By their short names. */
  models: ReproduceModels;
  known: ReadonlyMap<string, KnownModel>;
  data: ReproduceData;
  /** SHA-256 of the data's files, by name. */
  hashes: ReadonlyMap<string, string>;
  /** Judges of answers, one for each criterion; empty where none is named. */
  judges: readonly Judge[];
  /** What parts have left so far; later ones build on it. */
  results: Results;
  /** Records that several parts read and the first of them makes, by the name of their folder. */
  made: Map<string, Promise<unknown[]>>;
  /** Labels, states and directions of models, by name: several parts begin with them. */
  readings: Map<string, Promise<CorrectorReading>>;
  /** Parts that run side by side. */
  partsAtOnce: number;
}

/**
 * What `make` gives, made once per key: parts that run side by side wait for the same. A failure is
 * forgotten, so that the next part tries anew.
 */
export async function madeOnce<V>(
  known: Map<string, Promise<V>>,
  key: string,
  make: () => Promise<V>,
): Promise<V> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  try {
    return await value;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

export async function hashFiles(
  files: Readonly<Record<string, DataSource>>,
): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (const [name, source] of Object.entries(files)) hashes.set(name, await hashData(source));
  return hashes;
}

export async function knownModel(files: ModelFiles, bytes: number): Promise<KnownModel> {
  return { files, bytes, identity: await fileIdentity(files) };
}

/** @throws where the plan names a model that was not found before. */
export function modelOf(setting: Pick<Setting, 'known'>, name: string): KnownModel {
  const known = setting.known.get(name);
  if (!known) throw new Error(`reproduce: no model ${name} was found`);
  return known;
}

/** A run of this reproduction: its folder's configuration, without loading anything. */
export function configurationOf(
  asked: {
    command: string;
    options: Record<string, unknown>;
    models: readonly string[];
    judges?: readonly Judge[];
  },
  setting: Pick<Setting, 'known' | 'data' | 'hashes' | 'seed' | 'device' | 'engine'>,
): RunConfiguration {
  const { threads, precision, date, controlTokens } = setting.engine;
  const models = asked.models.map((name): RunInput => {
    const { files, identity } = modelOf(setting, name);
    return { name: `model ${name}`, path: files.source, sha256: identity.sha256 };
  });
  const files = Object.entries(setting.data.files).map(([name, source]): RunInput => ({
    name,
    path: typeof source === 'string' ? source : source.source,
    sha256: setting.hashes.get(name) ?? '',
  }));
  const judges = (asked.judges ?? []).map(({ model, identity }, i): RunInput => {
    return { name: `judge ${i}`, path: model.source ?? model.name, sha256: sha256(identity) };
  });
  return {
    command: asked.command,
    options: {
      ...asked.options,
      ...(threads !== undefined && { threads }),
      ...(precision !== undefined && { precision }),
      ...(date !== undefined && { date }),
      ...(controlTokens !== undefined && { controlTokens }),
    },
    seeds: { seed: setting.seed },
    versions: installedVersions(),
    device: setting.device,
    inputs: [...models, ...files, ...judges],
  };
}

/** Which models a part runs; their files identify it. */
function modelsOf({ kind, model }: Part, { upstream, sizes, tuned }: ReproduceModels): string[] {
  const correctors = sizes.map(({ corrector }) => corrector);
  if (kind === 'rounds') return [upstream, ...correctors];
  if (kind === 'compare') {
    const others = sizes.flatMap(({ aligner, expert, antiExpert }) => [
      aligner,
      expert,
      antiExpert,
    ]);
    const named = [upstream, ...correctors, ...others, ...Object.values(tuned)];
    return [...new Set(named.filter((name) => name !== undefined))];
  }
  return [upstream, ...(model === null ? [] : [model])];
}

/** What identifies a part. Readings begin with the scan's labels, so its size counts for them too. */
export function partConfiguration(part: Part, setting: Setting): RunConfiguration {
  const { kind, model, role } = part;
  const { sizes } = setting;
  const reads = model === null ? {} : { model, role, candidates: sizes.scan.candidates };
  const compared =
    kind === 'compare' ? { sizes: setting.models.sizes, tuned: setting.models.tuned } : {};
  const options = { ...sizes[kind], ...reads, ...compared };
  const models = modelsOf(part, setting.models);
  const judges = kind === 'rounds' ? setting.judges : [];
  return configurationOf({ command: `reproduce ${kind}`, options, models, judges }, setting);
}

export function partFolder(part: Part, { folder }: Pick<Setting, 'folder'>): string {
  return join(folder, partName(part.kind, part.model));
}

/**
 * Opens a run folder, does the work, writes each record as it comes and the summary at its end.
 * @returns the summary with all records, those of an earlier run first.
 */
export async function recordRun<R, S>(
  place: {
    folder: string;
    configuration: RunConfiguration;
    setting: Pick<Setting, 'host'>;
    /** What a record of an earlier run must be; default: anything. */
    record?: z.ZodType<R>;
  },
  work: (run: Run<R>) => AsyncGenerator<R, S>,
  write: (run: Run<R>, summary: S) => Promise<unknown>,
): Promise<{ summary: S; records: R[] }> {
  const { folder, configuration, record, setting } = place;
  await using run = await openRun<R>({ ...configuration, folder, record, now: setting.host.now });
  const records = [...run.records];
  const steps = work(run);
  for (;;) {
    const step = await steps.next();
    if (step.done) {
      await write(run, step.value);
      return { summary: step.value, records };
    }
    await run.append(step.value);
    records.push(step.value);
  }
}
