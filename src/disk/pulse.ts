/**
 * Whether a process elsewhere still runs, told by a file that it keeps writing to. No clocks of two
 * machines are compared: whoever looks counts how long it has seen nothing new.
 */
import { readFile, rm } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fileError } from './fileErrors.js';
import { removeLeftovers } from './leftovers.js';
import { makeFolder } from './makeFolder.js';
import { addOwnFile, forgetOwnFile } from './ownFiles.js';
import { ownerOf, ownerState } from './owner.js';

/** How often a process writes. */
export const beatMilliseconds = 1000;
/** After so much silence, as it is counted here, a process counts as dead. */
export const silentMilliseconds = 15 * beatMilliseconds;

/** In a thread of its own, since a model's run may hold the main one for minutes. */
const beating = `
const { workerData: { path, every } } = require('node:worker_threads');
const { writeFileSync } = require('node:fs');
let count = 1;
setInterval(() => {
  // A disk that is away for a while must not end it.
  try { writeFileSync(path, ++count + '\\n'); } catch {}
}, every);
`;

export interface Pulse {
  /** The process gives nothing more to wait for. */
  stop(): Promise<void>;
}

/**
 * Begins to write, e.g. every second, into a file of the folder, and removes those of processes that were
 * killed on this machine.
 * @param id of this process; a mark of {@link ownerMark} lets others on this machine ask the system
 * @throws where the folder cannot be written.
 */
export async function startPulse(given: {
  folder: string;
  id: string;
  every?: number;
}): Promise<Pulse> {
  const { folder, id, every = beatMilliseconds } = given;
  const path = join(folder, id);
  try {
    await makeFolder(folder);
    await removeLeftovers(folder, { suffix: '', foreign: false });
    addOwnFile(path);
    writeFileSync(path, '1\n');
  } catch (error) {
    throw fileError({ subject: 'pulse', action: 'write', path, error });
  }
  const thread = new Worker(beating, { eval: true, execArgv: [], workerData: { path, every } });
  thread.unref();
  return {
    async stop() {
      await thread.terminate();
      await rm(path, { force: true }).catch(() => undefined);
      forgetOwnFile(path);
    },
  };
}

interface Seen {
  beat: string | null;
  at: number;
  silent: number;
}

export interface PulseWatchOptions {
  folder: string;
  /** Default {@link silentMilliseconds}. */
  patience?: number;
  /** Milliseconds that never run back. Default `performance.now`. */
  now?: () => number;
}

/** Says which processes have fallen silent. */
export class PulseWatch {
  readonly #folder: string;
  readonly #patience: number;
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor({ folder, patience = silentMilliseconds, now }: PulseWatchOptions) {
    this.#folder = folder;
    this.#patience = patience;
    this.#now = now ?? ((): number => performance.now());
  }

  /** Looks now; who is asked about seldom is believed alive longer. */
  async isDead(id: string): Promise<boolean> {
    const owner = ownerOf(id);
    if (owner && ownerState(owner) === 'dead') return true;
    const beat = await readFile(join(this.#folder, id), 'utf8').catch(() => null);
    const now = this.#now();
    const seen = this.#seen.get(id);
    if (!seen || seen.beat !== beat) {
      this.#seen.set(id, { beat, at: now, silent: 0 });
      return false;
    }
    // A disk or a network that hangs, or a machine that sleeps, makes one long step between two
    // looks, and says nothing about the other process.
    seen.silent += Math.min(now - seen.at, this.#patience / 5);
    seen.at = now;
    return seen.silent >= this.#patience;
  }
}
