/** Failed calls to the file system as errors. */
import { fileReason } from '../text/fileReasons.js';

/** An error in the lab's own words; the system's error is its cause. */
export function fileError(options: {
  subject: string;
  action: 'read' | 'write' | 'create';
  path: string;
  error: unknown;
}): Error {
  const { subject, action, path, error } = options;
  const reason = fileReason(error);
  return new Error(`${subject}: cannot ${action} ${path}: ${reason}`, { cause: error });
}
