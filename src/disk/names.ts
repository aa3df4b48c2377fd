/** The one check for names that become files and folders, and for where a path leads. */
import { lstat, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { showLine } from '../text/show.js';

/** Devices of Windows, with any ending. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;
/** File systems allow 255 bytes; endings and marks need some of them. */
const mostBytes = 160;

/** Why a name cannot be one part of a path, on this system or another; null where it can. */
export function namingFault(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return 'it names no file';
  if (/[/\\]/.test(name)) return 'it has a slash';
  if (/[<>:"|?*]|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) return 'it has a mark that names cannot have'; // prettier-ignore
  if (/[. ]$|^ /.test(name)) return 'it begins or ends with a blank, or ends with a full stop';
  if (reserved.test(name)) return 'it is the name of a device';
  if (Buffer.byteLength(name) > mostBytes) return 'it is too long';
  return null;
}

/**
 * The name, which may become a part of a path.
 * @param subject begins the error, e.g. `report: part`
 * @throws where it may not
 */
export function checkName(name: string, subject: string): string {
  const fault = namingFault(name);
  if (fault === null) return name;
  throw new Error(
    `${subject}: "${showLine(name.slice(0, 80))}" is no name of a file (${fault}); give it another`,
  );
}

/** Names with slashes between them, of a file below a folder. */
export function isInnerPath(path: string): boolean {
  return path.split('/').every((name) => namingFault(name) === null);
}

/**
 * The path of a file below a folder that somebody else may have made: no link on the way leads out
 * of the folder, and it is a file.
 * @param folder may itself be a link
 * @returns null where there is nothing
 * @throws where it leads out, or is something else (a pipe, a device, a folder)
 */
export async function fileWithin(
  folder: string,
  names: readonly string[],
  subject: string,
): Promise<string | null> {
  const path = join(folder, ...names.map((name) => checkName(name, subject)));
  const root = await resolved(folder);
  if (root === null || (await lstat(path).catch(absent)) === null) return null;
  const found = await resolved(path);
  if (found?.startsWith(root.endsWith(sep) ? root : root + sep) !== true) {
    throw new Error(`${subject}: ${path} is a link that leads out of the folder; remove it`);
  }
  if (!(await stat(found)).isFile()) throw new Error(`${subject}: ${path} is no file; remove it`);
  return path;
}

/** null where there is nothing, or a link leads to nothing. */
async function resolved(path: string): Promise<string | null> {
  return await realpath(path).catch(absent);
}

function absent(error: unknown): null {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}
