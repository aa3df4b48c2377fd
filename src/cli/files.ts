/** Files that a command was asked to write. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from '../record/fileErrors.js';

/** Writes a file, making its folder. @throws saying why it cannot be written. */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  } catch (error) {
    throw fileError({ subject: 'file', action: 'write', path, error });
  }
}
