/** Failed calls to the file system as errors. */
import { reasonOf } from '../text/errorSentence.js';

/** An error in the lab's own words; the system's error is its cause. */
export function fileError(options: {
  subject: string;
  action: 'read' | 'write' | 'create';
  path: string;
  error: unknown;
}): Error {
  const { subject, action, path, error } = options;
  return new Error(`${subject}: cannot ${action} ${path}: ${reasonOf(error)}`, { cause: error });
}
