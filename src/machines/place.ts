/** Where machines meet: results, claims on units, and notes to each other. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openWork, type Holder, type OpenWork } from '../disk/leases.js';
import { PulseWatch } from '../disk/pulse.js';
import { folderStore, type Store } from '../record/store.js';
import { sha256 } from '../record/hash.js';
import { canonicalJson } from '../record/json.js';
import { folderClaims, leasesFolder, pulsesFolder } from './folderClaims.js';
import { folderNotes, type Notes } from './notes.js';
import type { Told } from './told.js';

/** How one process takes part. */
export interface Joining {
  /** Attempts at a unit of one run count together. */
  run: string;
  /** Plain JSON of what results depend on beside their keys, e.g. versions and threads. */
  about: unknown;
  /** Whether it computes, or waits for others. Default true. */
  computes?: boolean;
  /** Whether it takes units from the first one on; else machines begin apart. Default true. */
  first?: boolean;
  told: Told;
}

/** A store that grants claims, until it is closed. */
export interface Joined extends AsyncDisposable {
  store: Store;
  holder: Holder;
}

export interface Place extends AsyncDisposable {
  notes: Notes;
  join(how: Joining): Promise<Joined>;
  /** What is being worked on, and what was tried in vain. */
  work(): Promise<OpenWork[]>;
  /** Whether a process that worked on it has ended, as far as is known by now. */
  isDead(participant: string): Promise<boolean>;
}

/** A name for what results depend on beside their keys. */
export function scopeOf(about: unknown): string {
  return sha256(canonicalJson(about)).slice(0, 12);
}

/** A folder on a disk that all machines share. */
export function folderPlace(folder: string, { patience }: { patience?: number } = {}): Place {
  const watch = new PulseWatch({ folder: join(folder, pulsesFolder), patience });
  return {
    notes: folderNotes(join(folder, 'jobs')),
    async join({ about, ...how }) {
      const claims = await folderClaims({ folder, scope: scopeOf(about), patience, ...how });
      return {
        store: { ...folderStore(folder, about), claims },
        holder: claims.holder,
        [Symbol.asyncDispose]: () => claims[Symbol.asyncDispose](),
      };
    },
    async work() {
      const scopes = await readdir(join(folder, leasesFolder)).catch(() => []);
      const each = scopes.map((scope) => openWork(join(folder, leasesFolder, scope)));
      return (await Promise.all(each)).flat();
    },
    isDead: (participant) => watch.isDead(participant),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
