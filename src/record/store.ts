/** A store of results by key: each is written once, whole, and never changes. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openDraft } from '../disk/atomic.js';
import { fileError } from '../disk/fileErrors.js';
import { makeFolder } from '../disk/makeFolder.js';
import type { Claims } from './claims.js';
import { sha256 } from './hash.js';
import { canonicalJson, toJson } from './json.js';
import { shownName } from '../text/given.js';
import { decodeUtf8 } from '../text/utf8.js';

export interface Store {
  /** The value of a key; undefined where there is none. */
  get(key: string): Promise<unknown>;
  /** Whether the key has a value. */
  has(key: string): Promise<boolean>;
  /**
   * Those of many keys that have a value, where that is cheaper than asking for each.
   * @param how.any whether it may end where it has found one that has none. Default false.
   */
  known?(keys: readonly string[], how?: { any?: boolean }): Promise<string[]>;
  /** Keeps a value; where the key has one already, that one stays. */
  put(key: string, value: unknown): Promise<void>;
  /** Where the value of a key lies, for people. Default: the key. */
  placeOf?(key: string): string;
  /** Who computes what, where several machines share it. */
  claims?: Claims;
  /** Whether this machine helps with a run that another one records, and writes no summary. */
  helps?: boolean;
}

/** {@link Store.known}, where many are asked for side by side as fast as one. */
export async function askedTogether(
  keys: readonly string[],
  { has, atOnce, any = false }: Pick<Store, 'has'> & { atOnce: number; any?: boolean | undefined },
): Promise<string[]> {
  const known: string[] = [];
  for (let at = 0; at < keys.length; at += atOnce) {
    const some = keys.slice(at, at + atOnce);
    const there = await Promise.all(some.map((key) => has(key)));
    known.push(...some.filter((_, i) => there[i]));
    if (any && there.includes(false)) break;
  }
  return known;
}

/**
 * A store in a folder, a file per key; several processes may share it. Keys are hexadecimal.
 * @param about plain JSON of what results depend on beside their keys, e.g. versions and threads
 */
export function folderStore(folder: string, about: unknown = null): Store {
  const pathOf = (given: string): string => {
    if (!/^[0-9a-f]{8,}$/.test(given)) {
      throw new Error(`store: key "${shownName(given)}" (expected hexadecimal, at least 8 digits)`);
    }
    const key = about === null ? given : sha256(canonicalJson({ about, key: given }));
    return join(folder, key.slice(0, 2), `${key}.json`);
  };
  return {
    placeOf: pathOf,
    async get(key) {
      const path = pathOf(key);
      try {
        return JSON.parse(decodeUtf8(await readFile(path))) as unknown;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw fileError({ subject: 'store', action: 'read', path, error });
      }
    },
    async has(key) {
      return (await stat(pathOf(key)).catch(() => null)) !== null;
    },
    async known(keys) {
      // At most 256 folders are read, however many keys there are.
      const folders = new Map<string, string[]>();
      for (const key of keys) {
        const place = dirname(pathOf(key));
        const some = folders.get(place);
        if (some) some.push(key);
        else folders.set(place, [key]);
      }
      const found = await Promise.all(
        [...folders].map(async ([place, some]) => {
          const names = new Set(await readdir(place).catch(() => []));
          return some.filter((key) => names.has(basename(pathOf(key))));
        }),
      );
      return found.flat();
    },
    async put(key, value) {
      const path = pathOf(key);
      const text = `${toJson(value)}\n`;
      try {
        await makeFolder(dirname(path));
      } catch (error) {
        throw fileError({ subject: 'store', action: 'write', path, error });
      }
      const draft = await openDraft(path, 'store');
      await draft.write(text);
      await draft.keep({ replace: false, lasting: false });
    },
  };
}
