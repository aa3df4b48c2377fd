/**
 * Run folders: what was asked (`manifest.json`), what came out (`records.jsonl`), and what it adds
 * up to (`<kind>.json`). Opening the same run again returns its records, so that an
 * interrupted command goes on where it stopped. One process at a time has it open.
 */
import { existsSync } from 'node:fs';
import type { z } from 'zod';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checked } from '../shape/check.js';
import { writeAtomic } from '../disk/atomic.js';
import { fileError } from '../disk/fileErrors.js';
import { removeLeftovers, temporarySuffix } from '../disk/leftovers.js';
import { lockFolder, lockSuffix, type Lock } from '../disk/lock.js';
import { makeFolder } from '../disk/makeFolder.js';
import { openJournal, readJournal } from './journal.js';
import type { Journal } from './journal.js';
import { canonicalJson, firstDifference, toJson } from './json.js';
import { manifestShape, type Manifest, type RunConfiguration } from './manifest.js';
import { shownValue, shownName } from '../text/given.js';
import { decodeUtf8 } from '../text/utf8.js';

export interface Run<R> extends AsyncDisposable {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Whether the folder held this run already. */
  readonly resumed: boolean;
  /** The records that were there when it was opened, in order. */
  readonly records: readonly R[];
  /** Adds records to `records.jsonl`; resolves once they are on disk. */
  append(...records: R[]): Promise<void>;
  /** Writes `<kind>.json`, whole or not at all; returns its path. */
  writeSummary(kind: string, summary: unknown): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens the run folder, creating it (and its parents) where it does not exist.
 * @param options.now the clock of `started`; default: the system's.
 * @param options.record what a record must be; default: anything.
 * @throws where another process that runs has it open, where the folder holds another run (saying
 *   what differs) or something else, where a record is unreadable, and where it cannot be written.
 */
export async function openRun<R>(
  options: RunConfiguration & { folder: string; now?: () => Date; record?: z.ZodType<R> },
): Promise<Run<R>> {
  const { folder, record, now = () => new Date(), ...configuration } = options;
  await createFolder(folder);
  const lock = await lockFolder({ folder, purpose: `aligner-lab ${configuration.command}` });
  try {
    const found = await readManifest(folder);
    if (found !== null) checkSame(folder, found, configuration);
    await removeLeftovers(folder, { all: found !== null });
    const manifest = found ?? { ...configuration, started: now().toISOString() };
    if (found === null) {
      await writeAtomic(join(folder, 'manifest.json'), `${toJson(manifest, 2)}\n`);
    }
    const journal = await openJournal<R>(join(folder, 'records.jsonl'), record);
    return new FolderRun(folder, { manifest, resumed: found !== null, lock }, journal);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * The summary (`<kind>.json`) and the records of a run that came to its end, as far as its folder
 * says: nothing is computed, created or changed. Null where the folder holds no run, or none with
 * that summary.
 * @throws where the folder holds another run, and where a file of it is unreadable.
 */
export async function readFinishedRun<S, R>(
  options: RunConfiguration & {
    folder: string;
    kind: string;
    /** What the summary must be. */
    summary: z.ZodType<S>;
    /** What a record must be. */
    record: z.ZodType<R>;
  },
): Promise<{ summary: S; records: R[] } | null> {
  const { folder, kind, summary, record, ...configuration } = options;
  if (!existsSync(join(folder, 'manifest.json'))) return null;
  const found = await readManifest(folder);
  if (found === null) return null;
  checkSame(folder, found, configuration);
  const path = join(folder, `${kind}.json`);
  if (!existsSync(path)) return null;
  const records = await readJournal<R>(join(folder, 'records.jsonl'), record);
  return { summary: checked(summary, await readJson(path), `run folder: ${path}`), records };
}

/** JSON has numbers that are too large to be held, and would be infinite. */
function finite(key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new Error(`"${key}" is too large a number; mend it, or run its command again`);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(decodeUtf8(await readFile(path)), finite);
  } catch (error) {
    throw fileError({ subject: 'run folder', action: 'read', path, error });
  }
}

async function createFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (error) {
    throw fileError({ subject: 'run folder', action: 'create', path: folder, error });
  }
}

/** The manifest of a folder that has one; null for an empty one. @throws where it holds something else. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw fileError({ subject: 'run folder', action: 'read', path: folder, error });
  }
  if (!names.includes('manifest.json')) {
    const passing = [temporarySuffix, lockSuffix];
    const others = names.filter((name) => !passing.some((suffix) => name.endsWith(suffix)));
    if (others.length === 0) return null;
    throw new Error(
      `run folder: ${folder} is not empty and holds no run (found ${others.slice(0, 3).join(', ')}); ` +
        'choose an empty or new folder',
    );
  }
  const path = join(folder, 'manifest.json');
  return checked(manifestShape, await readJson(path), `run folder: ${path}`);
}

/** Paths of inputs may differ (the folder was moved); their content may not. */
function checkSame(folder: string, found: Manifest, asked: RunConfiguration): void {
  const identity = (run: RunConfiguration): unknown =>
    JSON.parse(
      canonicalJson({
        command: run.command,
        options: run.options,
        seeds: run.seeds,
        inputs: Object.fromEntries(run.inputs.map(({ name, sha256 }) => [name, sha256])),
        device: run.device,
        versions: run.versions,
      }),
    );
  const difference = firstDifference(identity(found), identity(asked));
  if (difference === null) return;
  throw new Error(
    `run folder: ${folder} holds another run: ${shownName(difference.path)} differs ` +
      `(there ${shownValue(difference.a)}, here ${shownValue(difference.b)}); ` +
      'choose another folder, or the same options to resume it',
  );
}

class FolderRun<R> implements Run<R> {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly resumed: boolean;
  readonly #journal: Journal<R>;
  readonly #lock: Lock;

  constructor(
    folder: string,
    begun: { manifest: Manifest; resumed: boolean; lock: Lock },
    journal: Journal<R>,
  ) {
    this.folder = folder;
    this.manifest = begun.manifest;
    this.resumed = begun.resumed;
    this.#lock = begun.lock;
    this.#journal = journal;
  }

  get records(): readonly R[] {
    return this.#journal.records;
  }

  append(...records: R[]): Promise<void> {
    return this.#journal.append(...records);
  }

  async writeSummary(kind: string, summary: unknown): Promise<string> {
    const path = join(this.folder, `${kind}.json`);
    await writeAtomic(path, `${toJson(summary, 2)}\n`);
    return path;
  }

  async close(): Promise<void> {
    try {
      await this.#journal.close();
    } finally {
      await this.#lock.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
