/** What a failed call to the system means, and what to do about it. */

const reasons: Record<string, string> = {
  ENOENT: 'no such file or folder; check the path',
  ENOTDIR: 'a part of the path is a file, not a folder; choose another place',
  EISDIR: 'it is a folder (expected a file); choose another place',
  EEXIST: 'a file of that name is in the way (expected a folder); choose another place',
  ENOTEMPTY: 'the folder is not empty; choose another place',
  EACCES: 'permission denied; change its permissions, or choose another place',
  EPERM: 'not permitted; change its permissions, or choose another place',
  EROFS: 'the file system is read-only; choose another place',
  ENOSPC: 'the disk is full; free some space, then run the same command again to resume',
  EDQUOT: 'the disk quota is used up; free some space, then run the same command again to resume',
  EFBIG: 'the file would be larger than is allowed here; choose another place',
  EMFILE: 'too many open files; close some, or raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine; close some and try again',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
  ELOOP: 'its links lead in a circle; name the file itself',
  EINVAL: 'the file system does not allow that; choose another place',
  EIO: 'the disk does not answer; check it',
  EBUSY: 'something else uses it; close that and try again',
  EBADF: 'it was closed; run the same command again',
  ENXIO: 'it is no regular file; choose another place',
  ENODEV: 'it is no regular file; choose another place',
  ESTALE: 'its network drive is gone; connect it again',
  EPIPE: 'nobody reads what is written',
  EAGAIN: 'the machine is too busy; try again',
  ENOMEM: 'there is not enough memory; close other programs',
  ECONNREFUSED: 'nothing answers there; check the address, and that the server runs',
  ECONNRESET: 'the connection was cut; try again',
  ENOTFOUND: 'no such host; check the address and the connection',
  EAI_AGAIN: 'the name of the host cannot be looked up; check the connection',
  ETIMEDOUT: 'no answer in time; check the connection and try again',
  EHOSTUNREACH: 'the host cannot be reached; check the connection',
  ENETUNREACH: 'the network cannot be reached; check the connection',
  EADDRINUSE: 'another program uses that port; choose another one',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB (expected less); split it',
  ERR_STRING_TOO_LONG: 'it is too long for a text (expected at most 512 MiB); split it',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is no UTF-8 text; save it as UTF-8',
  ERR_INVALID_ARG_VALUE: 'no file can have such a name; choose another one',
};

/** An error of a call to the system, as Node throws it. */
export interface SystemError extends Error {
  code: string;
  /** The call that failed, e.g. `open`. */
  syscall?: string;
  path?: string;
}

/** Whether an error comes from the system (`code` is `ENOENT` or the like). */
export function isSystemError(error: unknown): error is SystemError {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return typeof error.code === 'string' && (error.code in reasons || 'syscall' in error);
}

/** The reason in the lab's own words; the system's where it has none for it. */
export function fileReason(error: unknown): string {
  if (!isSystemError(error)) return error instanceof Error ? error.message : String(error);
  // `EXDEV: cross-device link not permitted, rename '/a' -> '/b'`
  const [, detail = error.message] = /^\w+: (.*?)(, \w+( '.*)?)?$/s.exec(error.message) ?? [];
  return reasons[error.code] ?? `${detail} (${error.code}); try again, or choose another place`;
}
