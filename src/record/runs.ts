/** Run folders within a folder. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../disk/fileErrors.js';

/** A reproduction holds runs, and stands beside other runs. */
const deepest = 4;

/**
 * The folder itself, and all within it, that have a file of that name; links are not followed.
 * @param file e.g. `records.jsonl`
 * @param subject begins the error
 * @throws where a folder cannot be read.
 */
export async function foldersWith(
  file: string,
  { folder, subject, depth = 0 }: { folder: string; subject: string; depth?: number },
): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError({ subject, action: 'read', path: folder, error });
  });
  const found = entries.some((entry) => entry.isFile() && entry.name === file) ? [folder] : [];
  const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  for (const name of depth < deepest ? inner.sort() : []) {
    const within = { folder: join(folder, name), subject, depth: depth + 1 };
    found.push(...(await foldersWith(file, within)));
  }
  return found;
}
