/**
 * Files that mean something only while this process runs: locks, drafts. A process that is ended in a
 * hurry removes them on its way; what a kill leaves is removed by the next run.
 */
import { rmSync } from 'node:fs';

const own = new Set<string>();

/** Tells of a file that is about to be made. */
export function addOwnFile(path: string): void {
  own.add(path);
}

/** It is gone, or has its place. */
export function forgetOwnFile(path: string): void {
  own.delete(path);
}

/** Removes all of them at once; what cannot be removed stays. Nothing can be written after. */
export function removeOwnFiles(): void {
  for (const path of own) {
    try {
      rmSync(path, { force: true, recursive: true });
    } catch {
      // The next run removes it.
    }
  }
  own.clear();
}
