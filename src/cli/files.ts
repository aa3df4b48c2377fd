/** Files that a command was asked to write. */
import { dirname } from 'node:path';
import { openDraft, type Draft } from '../disk/atomic.js';
import { fileError } from '../disk/fileErrors.js';
import { makeFolder } from '../disk/makeFolder.js';

/** Writes a file, making its folder. @throws saying why it cannot be written; the old one stays. */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  const draft = await openFile(path, 'file');
  await draft.write(bytes);
  await draft.keep();
}

/** Begins a file, making its folder. @throws saying why it cannot be written. */
export async function openFile(path: string, subject: string): Promise<Draft> {
  try {
    await makeFolder(dirname(path));
  } catch (error) {
    throw fileError({ subject, action: 'write', path, error });
  }
  return await openDraft(path, subject);
}
