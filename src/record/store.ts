/** A store of results by key: each is written once, whole, and never changes. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileError } from './fileErrors.js';
import { sha256 } from './hash.js';
import { canonicalJson, toJson } from './json.js';

export interface Store {
  /** The value of a key; undefined where there is none. */
  get(key: string): Promise<unknown>;
  /** Keeps a value; where the key has one already, that one stays. */
  put(key: string, value: unknown): Promise<void>;
}

/**
 * A store in a folder, a file per key; several processes may share it. Keys are hexadecimal.
 * @param about plain JSON of what results depend on beside their keys, e.g. versions and threads
 */
export function folderStore(folder: string, about: unknown = null): Store {
  const pathOf = (given: string): string => {
    if (!/^[0-9a-f]{8,}$/.test(given)) {
      throw new Error(`store: key "${given}" (expected hexadecimal, at least 8 digits)`);
    }
    const key = about === null ? given : sha256(canonicalJson({ about, key: given }));
    return join(folder, key.slice(0, 2), `${key}.json`);
  };
  return {
    async get(key) {
      const path = pathOf(key);
      try {
        return JSON.parse(await readFile(path, 'utf8')) as unknown;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw fileError({ subject: 'store', action: 'read', path, error });
      }
    },
    async put(key, value) {
      const path = pathOf(key);
      // Not by process: containers that share a folder all have number 1.
      const draft = `${path}.${randomUUID()}.tmp`;
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(draft, `${toJson(value)}\n`, { flush: true });
        // A link fails where the name is taken: who comes second changes nothing.
        await link(draft, path).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        });
      } catch (error) {
        throw fileError({ subject: 'store', action: 'write', path, error });
      } finally {
        await rm(draft, { force: true });
      }
    },
  };
}
