/** Work that ends in one file, kept beside it until the file is there. */
import { rm, stat } from 'node:fs/promises';
import { lockFolder } from '../disk/lock.js';
import { makeFolder } from '../disk/makeFolder.js';
import type { Store } from '../record/store.js';
import type { EngineOptions } from '../runtime/copies.js';
import type { Context } from './command.js';
import { ownStore } from './lab.js';

export interface UnitsBeside extends AsyncDisposable {
  store: Store | undefined;
  /** Removes them: the file is there. */
  done(): Promise<void>;
}

/**
 * A folder `<file>.units` for what is done; the same command finds it there. Nothing is kept where the
 * rows go to no file (a pipe).
 * @throws where another process is writing the file.
 */
export async function openUnitsBeside(
  path: string,
  { engine, purpose }: { engine: EngineOptions; purpose: string },
  context: Context,
): Promise<UnitsBeside> {
  const old = await stat(path).catch(() => null);
  if (old && !old.isFile()) {
    const nothing = (): Promise<void> => Promise.resolve();
    return { store: undefined, done: nothing, [Symbol.asyncDispose]: nothing };
  }
  const folder = `${path}.units`;
  await makeFolder(folder);
  const lock = await lockFolder({ folder, purpose });
  context.keptIn(folder);
  const store = ownStore({ ...engine, store: folder }, context);
  return {
    store,
    done: () => rm(folder, { recursive: true, force: true }),
    [Symbol.asyncDispose]: () => lock.release(),
  };
}
