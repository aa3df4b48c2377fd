/** What a failed call to the file system means, and what to do about it. */

const reasons: Record<string, string> = {
  ENOENT: 'no such file or folder; check the path',
  ENOTDIR: 'a part of the path is a file, not a folder; choose another place',
  EISDIR: 'it is a folder (expected a file); choose another place',
  EEXIST: 'a file of that name is in the way (expected a folder); choose another place',
  EACCES: 'permission denied; choose a folder you may write to',
  EPERM: 'not permitted; choose a folder you may write to',
  EROFS: 'the file system is read-only; choose another place',
  ENOSPC: 'the disk is full; free some space, then run the same command again to resume',
  EDQUOT: 'the disk quota is used up; free some space, then run the same command again to resume',
  EMFILE: 'too many open files; close some and try again',
};

/** The reason in the lab's own words; the system's where it has none for it. */
export function fileReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const detail = error instanceof Error ? error.message : String(error);
  return reasons[code] ?? detail;
}
