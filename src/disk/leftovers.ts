/** What killed processes left behind. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerOf, ownerState } from './owner.js';

/** Suffix of a file or folder that is being written; one left over from a killed process means nothing. */
export const temporarySuffix = '.tmp';

/** Of another machine it is not known who runs; a draft that old is nobody's. */
const oldMilliseconds = 24 * 3600 * 1000;

export interface LeftoverOptions {
  /** In a folder of the lab's own: also those without an owner's mark. Default false. */
  all?: boolean;
  /** Which names are looked at. Default {@link temporarySuffix}. */
  suffix?: string;
  /** Also those of other machines that a clock here takes for old. Default true. */
  foreign?: boolean;
}

/** Removes drafts whose process has ended. What cannot be removed stays: it is in nobody's way. */
export async function removeLeftovers(
  folder: string,
  { all = false, suffix = temporarySuffix, foreign = true }: LeftoverOptions = {},
): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.endsWith(suffix)) continue;
    const path = join(folder, name);
    if (!(await isLeftOver(path, { all, suffix, foreign }))) continue;
    await rm(path, { force: true, recursive: true }).catch(() => undefined);
  }
}

async function isLeftOver(
  path: string,
  { all, suffix, foreign }: Required<LeftoverOptions>,
): Promise<boolean> {
  const owner = ownerOf(path.slice(0, path.length - suffix.length));
  if (owner === null) return all;
  const state = ownerState(owner);
  if (state !== 'elsewhere') return state === 'dead';
  if (!foreign) return false;
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > oldMilliseconds;
}
