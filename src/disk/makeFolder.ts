/** Folders that are made where they are missing. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it, where they are missing. Node's own recursive `mkdir` does not
 * end under `/proc`, and takes a read-only disk for a missing folder.
 * @throws the system's error, with the folder that could not be made.
 */
export async function makeFolder(path: string): Promise<void> {
  for (const folder of await missingFolders(resolve(path))) {
    try {
      await mkdir(folder);
    } catch (error) {
      await refuseUnlessMade(folder, error);
    }
  }
}

/** The folders that are not there, the outermost first. */
async function missingFolders(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = path; !(await isFolder(folder)); folder = dirname(folder)) {
    missing.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return missing;
}

/** @throws where something else has the name. */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  throw failure('EEXIST', path);
}

/** Another process may have made it meanwhile. */
async function refuseUnlessMade(folder: string, error: unknown): Promise<void> {
  if (codeOf(error) === 'EEXIST' && (await isFolder(folder))) return;
  // The folder above is there: it is the file system that has no place for another (`/proc`).
  throw codeOf(error) === 'ENOENT' ? failure('EINVAL', folder) : error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: mkdir '${path}'`), { code, path, syscall: 'mkdir' });
}
