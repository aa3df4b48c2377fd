/** Small files of which only one may be made. */
import { open } from 'node:fs/promises';

/**
 * Makes a file that is not there yet.
 * @returns false where there is one, or where its folder has gone meanwhile
 * @throws where it cannot be written.
 */
export async function createNew(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw error;
  }
}
