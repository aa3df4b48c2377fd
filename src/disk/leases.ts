/**
 * Who works on what, in a folder that several machines share. A piece of work has a folder, and each
 * attempt at it a file there with the next number, made by exclusive create. Whoever makes attempt n + 1
 * has taken over from attempt n: of several that find it dead, one succeeds. Nothing is renamed or
 * removed on the way, so that no two can hold the same attempt. An attempt that ends without a result
 * leaves a second file that says why; where the result is there, the folder goes.
 */
import { readdir, readFile, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createNew } from './createNew.js';
import { fileError } from './fileErrors.js';
import { makeFolder } from './makeFolder.js';

/** Attempts that may fail or die. */
const mostAttempts = 3;

export interface Holder {
  /** Of the process, see {@link startPulse}. */
  id: string;
  host: string;
  pid: number;
}

/** An attempt, as its file says. */
export interface Attempt extends Holder {
  /** Attempts of one run count together: the same command, given again, tries anew. */
  run: string;
  /** ISO 8601, by the holder's clock; for people. */
  since: string;
}

export interface Lease {
  key: string;
  /** The result is kept: nothing more is to be done. */
  done(): Promise<void>;
  /** There is no result, and nobody is to blame. */
  release(): Promise<void>;
  /** There is no result; the attempt counts. */
  fail(reason: string): Promise<void>;
}

export type Claimed =
  | { state: 'granted'; lease: Lease }
  | { state: 'busy' }
  /** After so many attempts of this run. */
  | { state: 'given up'; reason: string };

export interface LeasesOptions {
  folder: string;
  holder: Holder;
  run: string;
  /** Whether a process has ended. */
  isDead: (id: string) => Promise<boolean>;
}

/** What one process holds and asks for. */
export class Leases {
  readonly #options: LeasesOptions;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /**
   * Takes a piece of work that nobody holds.
   * @param options.look only says how it stands: what could be granted is `busy`
   * @throws where the folder cannot be read or written.
   */
  async claim(key: string, { look = false } = {}): Promise<Claimed> {
    const folder = join(this.#options.folder, key);
    try {
      const names = await namesIn(folder);
      const last = lastAttempt(names);
      if (last >= 0 && !(await this.#isOver({ folder, last, names }))) return { state: 'busy' };
      const failed = last < 0 ? [] : await this.#attempts(folder, last);
      if (failed.length >= mostAttempts) return { state: 'given up', reason: failed.join('; ') };
      return look ? { state: 'busy' } : await this.#attempt(key, last + 1);
    } catch (error) {
      throw fileError({ subject: 'leases', action: 'write', path: folder, error });
    }
  }

  async #isOver(at: { folder: string; last: number; names: readonly string[] }): Promise<boolean> {
    const { folder, last, names } = at;
    if (names.includes(endOf(last))) return true;
    const attempt = await readAttempt(join(folder, String(last)));
    // Who died before it had written its name is watched by the file.
    return await this.#options.isDead(attempt?.id ?? `${last} of ${folder}`);
  }

  /** Why each attempt of this run ended, the released ones left out. */
  async #attempts(folder: string, last: number): Promise<string[]> {
    const failed: string[] = [];
    for (let n = 0; n <= last; n++) {
      const attempt = await readAttempt(join(folder, String(n)));
      if (attempt?.run !== this.#options.run) continue;
      const end = await readFile(join(folder, endOf(n)), 'utf8').catch(() => null);
      if (end === '') continue;
      failed.push(end ?? `process ${attempt.pid} on ${attempt.host} ended while it worked on it`);
    }
    return failed;
  }

  async #attempt(key: string, n: number): Promise<Claimed> {
    const { holder, run } = this.#options;
    const folder = join(this.#options.folder, key);
    const attempt: Attempt = { ...holder, run, since: new Date().toISOString() };
    await makeFolder(folder);
    const made = await createNew(join(folder, String(n)), JSON.stringify(attempt));
    if (!made) return { state: 'busy' };
    const end = async (reason: string): Promise<void> =>
      void (await createNew(join(folder, endOf(n)), reason));
    return {
      state: 'granted',
      lease: {
        key,
        done: () => removeAll(folder),
        release: () => end(''),
        fail: (reason) => end(reason === '' ? 'no reason given' : reason),
      },
    };
  }
}

/** A piece of work without a result. */
export interface OpenWork {
  key: string;
  /** The last one. */
  attempt: Attempt;
  /** Whether it ended, without a result. */
  ended: boolean;
  /** Why attempts failed, in their order. */
  failures: string[];
}

/** What is being worked on, and what was tried in vain. */
export async function openWork(folder: string): Promise<OpenWork[]> {
  const keys = await namesIn(folder);
  const found = await Promise.all(keys.map((key) => workOf(folder, key)));
  return found.filter((work) => work !== null);
}

async function workOf(folder: string, key: string): Promise<OpenWork | null> {
  const own = join(folder, key);
  const names = await namesIn(own);
  const last = lastAttempt(names);
  const attempt = await readAttempt(join(own, String(last)));
  if (!attempt) return null;
  const ends = names.filter((name) => name.endsWith('.end'));
  const reasons = await Promise.all(ends.map((name) => readFile(join(own, name), 'utf8')));
  const failures = reasons.filter((reason) => reason !== '');
  return { key, attempt, ended: names.includes(endOf(last)), failures };
}

function endOf(n: number): string {
  return `${n}.end`;
}

/** −1 where there is none. */
function lastAttempt(names: readonly string[]): number {
  return Math.max(-1, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Null where it is gone, or not written yet. */
async function readAttempt(path: string): Promise<Attempt | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Attempt;
  } catch {
    return null;
  }
}

/** What another makes there meanwhile stays, and finds the result. */
async function removeAll(folder: string): Promise<void> {
  const names = await namesIn(folder);
  await Promise.all(names.map((name) => unlink(join(folder, name)).catch(() => undefined)));
  await rmdir(folder).catch(() => undefined);
}
