/** Results files: merged with what earlier runs found, written whole or not at all. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { basename, join } from 'node:path';
import type { Machine } from './machine.js';

/** Where results go. */
export interface Place {
  device: string;
  out: string;
  /** A second folder that gets every results file, too; null: none. */
  copy: string | null;
  log: (line: string) => void;
}

/**
 * What an earlier run of a stage wrote on the same GPU; null where there is none. Results of another
 * GPU are set aside as `<stage>-<device>.other.json`: two machines never share a table.
 */
export function readResult<T extends object>(
  place: Place,
  stage: string,
  machine: Pick<Machine, 'gpu'>,
): T | null {
  const file = resultFile(place, stage);
  if (!existsSync(file)) return null;
  const found = JSON.parse(readFileSync(file, 'utf8')) as T & { machine?: Pick<Machine, 'gpu'> };
  if (found.machine?.gpu === machine.gpu) return found;
  renameSync(file, file.replace(/json$/, 'other.json'));
  place.log(`${stage}: results of another GPU set aside (${found.machine?.gpu ?? 'none'})`);
  return null;
}

/** Writes `<stage>-<device>.json`; a run that is killed leaves the old one or the new one. */
export function writeResult(place: Place, stage: string, result: object): void {
  const file = resultFile(place, stage);
  mkdirSync(place.out, { recursive: true });
  writeFileSync(`${file}.new`, withoutFolders(`${JSON.stringify(result, null, 2)}\n`));
  renameSync(`${file}.new`, file);
  if (place.copy === null) return;
  mkdirSync(place.copy, { recursive: true });
  copyFileSync(file, join(place.copy, basename(file)));
}

/** Of paths, the last part: where things lay on one machine says nothing to the next reader. */
export function withoutFolders(text: string): string {
  return text.replace(
    /(?<![\w.…])\/(?:build|home|mnt|opt|root|tmp|usr|var)\/(?:[\w.+-]+\/)*/g,
    '…/',
  );
}

/** The list with an entry in the place of the one of its name, or at the end. */
export function withEntry<T extends { name: string }>(list: readonly T[], entry: T): T[] {
  const at = list.findIndex(({ name }) => name === entry.name);
  return at < 0 ? [...list, entry] : list.with(at, entry);
}

function resultFile({ out, device }: Place, stage: string): string {
  return join(out, `${stage}-${device}.json`);
}
