/** Claims on units in a shared folder: leases and pulses, no service. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Leases, type Holder } from '../disk/leases.js';
import { ownerMark } from '../disk/owner.js';
import { PulseWatch, startPulse } from '../disk/pulse.js';
import type { Claim, Claims, OpenClaims, UnitList } from '../record/claims.js';
import type { Told } from './told.js';

export const leasesFolder = 'leases';
export const pulsesFolder = 'pulses';

export interface FolderClaimsOptions {
  /** Of the store. */
  folder: string;
  /** Attempts of one run count together. */
  run: string;
  /** What results depend on beside their keys, as a name of a folder. */
  scope: string;
  /** Whether this machine computes, or waits for others. Default true. */
  computes?: boolean;
  /** Whether it takes units from the first one on; else machines begin apart. Default true. */
  first?: boolean;
  /** Milliseconds of silence after which another process counts as dead. */
  patience?: number;
  /** Milliseconds between two signs of life. */
  every?: number;
  /** Who is told how far this is. */
  told?: Told;
}

/** This process's part in the folder, until it is closed. */
export async function folderClaims(
  options: FolderClaimsOptions,
): Promise<Claims & AsyncDisposable & { holder: Holder }> {
  const { folder, run, scope, patience, every } = options;
  const holder = { id: ownerMark(), host: hostname(), pid: process.pid };
  const from = options.first === false ? shareOf(holder.id) : 0;
  const pulses = join(folder, pulsesFolder);
  const pulse = await startPulse({ folder: pulses, id: holder.id, every });
  const watch = new PulseWatch({ folder: pulses, patience });
  const leases = new Leases({
    folder: join(folder, leasesFolder, scope),
    ...{ holder, run },
    isDead: (id) => watch.isDead(id),
  });
  return {
    holder,
    open: (list) => Promise.resolve(new FolderClaims(list, leases, { ...options, from })),
    [Symbol.asyncDispose]: () => pulse.stop(),
  };
}

class FolderClaims implements OpenClaims {
  readonly givenUp = new Map<string, string>();
  readonly #list: UnitList;
  readonly #leases: Leases;
  readonly #options: FolderClaimsOptions;
  #at: number;

  constructor(list: UnitList, leases: Leases, options: FolderClaimsOptions & { from: number }) {
    this.#list = list;
    this.#leases = leases;
    this.#options = options;
    this.#at = Math.floor(options.from * list.keys.length);
  }

  async next(wanted: (key: string) => boolean): Promise<Claim | null> {
    const { computes = true, told } = this.#options;
    await told?.check();
    const { keys } = this.#list;
    for (let step = 0; step < keys.length; step++) {
      const place = (this.#at + step) % keys.length;
      const key = keys[place] ?? '';
      if (!wanted(key) || this.givenUp.has(key)) continue;
      const claimed = await this.#leases.claim(key, { look: !computes });
      if (claimed.state === 'given up') this.givenUp.set(key, claimed.reason);
      if (claimed.state !== 'granted') continue;
      // One that failed here is tried again when there is nothing else.
      this.#at = place + 1;
      return claimed.lease;
    }
    return null;
  }

  tell(done: number): void {
    this.#options.told?.tell({ kind: this.#list.kind, done, total: this.#list.keys.length });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What is held is given back by whoever holds it.
  }
}

/** From a process's mark to a number from 0 to 1, another one for each. */
function shareOf(id: string): number {
  return parseInt(id.slice(-8), 16) / 2 ** 32;
}
