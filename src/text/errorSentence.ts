/**
 * Any error in words for people: `subject: what is wrong; remedy`. This is the one place that makes
 * them of what the system, the language and libraries throw; what the lab throws itself is such a
 * sentence already.
 */
import { fileReason, isSystemError, type SystemError } from './fileReasons.js';

/** Errors of the language: thrown by code that took something for what it is not. */
const faultNames = new Set([
  ...['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'EvalError', 'URIError'],
  ...['AssertionError', 'InternalError', 'AggregateError', 'DataCloneError'],
]);

/** Where V8 was asked for more than it can give. */
const outOfMemory =
  /allocation failed|allocate|Invalid (string|array|array buffer|typed array|count|Set|Map) ?(length|value|maximum size)|out of memory|bad_alloc/i;

/** A whole sentence, for the end of a command. */
export function errorSentence(error: unknown): string {
  const system = systemErrorIn(error);
  if (system) return systemSentence(system);
  const reason = reasonOf(error);
  return isFault(error) ? `unexpected: ${reason}` : reason;
}

/** What stands in a sentence that has its subject: `<subject>: <reason>`. */
export function reasonOf(error: unknown): string {
  const system = systemErrorIn(error);
  if (system) return fileReason(system);
  if (!(error instanceof Error)) return String(error);
  if (!isFault(error)) return error.message;
  if (error.name === 'SyntaxError' && error.message.includes('JSON')) {
    return `it is not JSON (${error.message}); mend it, or make it again`;
  }
  if (error.name === 'RangeError' && outOfMemory.test(error.message)) {
    return 'there is not enough memory for it; ask for less, or use a larger machine';
  }
  return `a fault of the program (${error.name}); run it again with --debug and report what that shows`;
}

/** Whether an error shows a mistake in code, so that its message is of no use to who uses it. */
export function isFault(error: unknown): boolean {
  return error instanceof Error && faultNames.has(error.name);
}

/** The system's own error; `fetch` hides it behind a TypeError. */
function systemErrorIn(error: unknown): SystemError | null {
  if (isSystemError(error)) return error;
  return isFault(error) && error instanceof Error && isSystemError(error.cause)
    ? error.cause
    : null;
}

function systemSentence(error: SystemError): string {
  const { syscall, path, code } = error;
  if (syscall === 'uv_cwd') {
    return 'folder: the one that this runs in is not there any more; change to another (cd)';
  }
  const does = syscall === undefined ? 'use' : (verbs[syscall] ?? syscall);
  const subject = /^(E(CONN|AI|HOST|NET|ADDR|NOTFOUND|TIMEDOUT))/.test(code) ? 'network' : 'file';
  return `${subject}: cannot ${does}${path === undefined ? '' : ` ${path}`}: ${fileReason(error)}`;
}

const verbs: Record<string, string> = {
  scandir: 'list',
  opendir: 'list',
  stat: 'find',
  lstat: 'find',
  fstat: 'find',
  realpath: 'find',
  mkdir: 'create',
  unlink: 'remove',
  rmdir: 'remove',
  getaddrinfo: 'find the host',
};
