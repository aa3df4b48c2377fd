/** Small notes that machines leave for each other beside the results. */
import type { Dirent } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAtomic } from '../disk/atomic.js';
import { fileError } from '../disk/fileErrors.js';
import { makeFolder } from '../disk/makeFolder.js';

/** Plain JSON under names of two parts, e.g. `sweep-1a2b3c4d/state`. */
export interface Notes {
  /** Undefined where there is none. */
  read(name: string): Promise<unknown>;
  write(name: string, note: unknown): Promise<void>;
  /** First parts; or the second parts under a first one. */
  list(first?: string): Promise<string[]>;
  remove(first: string): Promise<void>;
}

const suffix = '.json';

/** Notes as files. @throws (all) where the folder cannot be read or written. */
export function folderNotes(folder: string): Notes {
  const pathOf = (name: string): string => join(folder, `${name}${suffix}`);
  return {
    async read(name) {
      const path = pathOf(name);
      try {
        return JSON.parse(await readFile(path, 'utf8')) as unknown;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw fileError({ subject: 'job', action: 'read', path, error });
      }
    },
    async write(name, note) {
      const path = pathOf(name);
      await makeFolder(dirname(path));
      await writeAtomic(path, `${JSON.stringify(note, null, 2)}\n`, 'job');
    },
    async list(first) {
      const found = await entriesIn(first === undefined ? folder : join(folder, first));
      // What a system or a person has put there besides is no note.
      if (first === undefined) return found.filter((one) => one.isDirectory()).map(({ name }) => name).sort(); // prettier-ignore
      const notes = found.filter((one) => one.isFile() && one.name.endsWith(suffix));
      return notes.map(({ name }) => name.slice(0, -suffix.length)).sort();
    },
    async remove(first) {
      await rm(join(folder, first), { recursive: true, force: true });
    },
  };
}

async function entriesIn(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError({ subject: 'job', action: 'read', path, error });
  }
}
