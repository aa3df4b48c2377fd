/**
 * A folder that one process at a time may write to. The lock is a file of its owner's: its name says
 * who that is, so that a killed owner's is told from a live one's, and removing it can hit no other.
 *
 * Taking it: make one's own file, empty, by exclusive create (a claim); then look who else is there.
 * Of two that claim at once, each has made its file before it looks, so that at least one sees the
 * other: the greater name withdraws and asks again, the smaller waits for that. Who is alone writes
 * into its file (then it holds the folder). A file stays from the claim to the release.
 */
import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileError } from './fileErrors.js';
import { addOwnFile, forgetOwnFile } from './ownFiles.js';
import { ownerMark, ownerOf, ownerState } from './owner.js';

/** Suffix of a lock's file. */
export const lockSuffix = '.lock';

export interface Lock {
  /** Others may take the folder now. */
  release(): Promise<void>;
}

export interface LockOptions {
  folder: string;
  /** What is done in the folder, for others' eyes, e.g. `sweep`. */
  purpose: string;
  /** Milliseconds until a claim that does not end counts as holding. Default 10,000. */
  patience?: number;
}

/** A live owner on another machine touches its file so often; processes there cannot be seen. */
const beatMilliseconds = 15_000;
const silentMilliseconds = 8 * beatMilliseconds;
const pollMilliseconds = 10;

/** A lock's file that is not one's own. */
interface Other {
  name: string;
  held: boolean;
}

/**
 * Takes a folder that exists. A killed owner's lock is removed.
 * @throws where a live process holds it, naming the process; where the folder cannot be written.
 */
export async function lockFolder(options: LockOptions): Promise<Lock> {
  const { folder, patience = 10_000 } = options;
  const path = join(folder, `run-${ownerMark()}${lockSuffix}`);
  const end = Date.now() + patience;
  for (;;) {
    await create(path);
    const won = await settle(path, end).catch(async (error: unknown) => {
      await remove(path);
      throw error;
    });
    if (won) break;
    await remove(path);
    await wait(2 * pollMilliseconds);
  }
  const text = description(options);
  try {
    await fill(path, text);
  } catch (error) {
    await remove(path);
    throw fileError({ subject: 'run folder', action: 'write', path: folder, error });
  }
  return holding(path, text);
}

/** Whether this claim is alone now; false where it must be withdrawn and made again. */
async function settle(path: string, end: number): Promise<boolean> {
  const own = basename(path);
  for (;;) {
    const others = await othersThan(path);
    if (others.length === 0) return true;
    const holder = others.find(({ held }) => held);
    if (holder) throw await inUse(path, holder.name);
    const [other] = others;
    if (other && Date.now() > end) throw await inUse(path, other.name);
    if (others.some(({ name }) => name < own)) return false;
    await wait(pollMilliseconds);
  }
}

/** Locks and claims of processes that run, as far as can be known. */
async function othersThan(path: string): Promise<Other[]> {
  const folder = join(path, '..');
  const others: Other[] = [];
  for (const name of await readdir(folder)) {
    if (!name.endsWith(lockSuffix) || name === basename(path)) continue;
    const owner = ownerOf(name.slice(0, -lockSuffix.length));
    if (owner === null) continue;
    const state = ownerState(owner);
    const file = join(folder, name);
    if (state === 'dead' || (state === 'elsewhere' && (await isSilent(file, path)))) {
      await rm(file, { force: true });
      continue;
    }
    const found = await stat(file).catch(() => null);
    if (found) others.push({ name, held: found.size > 0 });
  }
  return others;
}

/** Both times are the file system's, whatever the clocks of two machines say; one's own is new. */
async function isSilent(file: string, own: string): Promise<boolean> {
  const [theirs, ours] = await Promise.all([file, own].map((path) => stat(path).catch(() => null)));
  return theirs && ours ? ours.mtimeMs - theirs.mtimeMs > silentMilliseconds : false;
}

async function inUse(path: string, name: string): Promise<Error> {
  const folder = join(path, '..');
  const text = await readFile(join(folder, name), 'utf8').catch(() => '');
  const owner = ownerOf(name.slice(0, -lockSuffix.length));
  const { host, purpose, since } = parse(text);
  const here = owner !== null && ownerState(owner) === 'alive';
  const who = `process ${owner?.pid ?? '?'}${here ? '' : ` on ${host ?? 'another machine'}`}`;
  const what = [purpose, since && `since ${since}`].filter((part) => part !== undefined).join(', ');
  const remedy = here
    ? 'wait until it ends, or end it and run the same command again'
    : `wait until it ends; where it was killed, the folder is free ${silentMilliseconds / 60_000} minutes after, or remove ${name} there`;
  return new Error(
    `run folder: ${folder} is in use by ${who}${what === '' ? '' : ` (${what})`}; ${remedy}, or choose another folder`,
  );
}

function description({ purpose }: LockOptions): string {
  const about = { host: hostname(), pid: process.pid, purpose, since: new Date().toISOString() };
  return `${JSON.stringify(about)}\n`;
}

function parse(text: string): { host?: string; purpose?: string; since?: string } {
  try {
    const read: unknown = JSON.parse(text);
    const found = typeof read === 'object' && read !== null ? Object.entries(read) : [];
    return Object.fromEntries(found.filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}

async function create(path: string): Promise<void> {
  addOwnFile(path);
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    throw fileError({ subject: 'run folder', action: 'write', path: join(path, '..'), error });
  }
}

function holding(path: string, text: string): Lock {
  const beat = setInterval(() => void fill(path, text).catch(() => undefined), beatMilliseconds);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      await remove(path);
    },
  };
}

/** One's own, never another's. */
async function remove(path: string): Promise<void> {
  await rm(path, { force: true });
  forgetOwnFile(path);
}

/** Writes over what is there, never making it empty on the way. */
async function fill(path: string, text: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(text, 0);
  } finally {
    await file.close();
  }
}
