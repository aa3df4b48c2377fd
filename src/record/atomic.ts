/** Files that are there whole or not at all. */
import { open, rename, rm } from 'node:fs/promises';
import { fileError } from './fileErrors.js';

/** Suffix of a file that is being written; one left over from a killed process means nothing. */
export const temporarySuffix = '.tmp';

/**
 * Writes a file beside its place, flushes it to disk and renames it over the old one.
 * @throws where the folder cannot be written; the old file is then as it was.
 */
export async function writeAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}${temporarySuffix}`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError({ subject: 'record', action: 'write', path, error });
  }
}
