/** A folder for what nobody keeps. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLeftovers, temporarySuffix } from './leftovers.js';
import { makeFolder } from './makeFolder.js';
import { addOwnFile, forgetOwnFile } from './ownFiles.js';
import { ownerMark } from './owner.js';

export interface Scratch extends AsyncDisposable {
  path: string;
}

/**
 * Makes one, until it is closed, and removes those of processes that were killed.
 * @param name what it is for, as a word in the folder's name
 * @throws where the folder for temporary files cannot be written.
 */
export async function makeScratch(name: string): Promise<Scratch> {
  const folder = tmpdir();
  await removeLeftovers(folder);
  const path = join(folder, `aligner-lab-${name}-${ownerMark()}${temporarySuffix}`);
  await makeFolder(path);
  addOwnFile(path);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
      forgetOwnFile(path);
    },
  };
}
