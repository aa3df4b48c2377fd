/** A preference that was opened. */
import type { Opened } from '../align/opened.js';
import type { Identity } from '../runtime/identity.js';
import type { Preference, PreferencePair } from './preference.js';

export interface Judge extends Preference, AsyncDisposable {
  /** What it is made of, for a manifest. */
  readonly model: Identity;
  /** What is to be known of it, in sentences; absent where there is nothing. */
  readonly warnings?: readonly string[];
  /** Of people: where a verdict is still to come. Such pairs are kept for them, and not judged now. */
  waiting?(pairs: readonly PreferencePair[]): boolean[];
  /** Frees what it owns; calling it again does nothing more. */
  close(): Promise<void>;
}

/** A preference with what it was made of. */
export function judgeOf(preference: Preference, own: Opened): Judge {
  const { identity, warnings } = own;
  return {
    ...preference,
    ...(warnings && { warnings }),
    model: identity,
    close: () => own.close(),
    [Symbol.asyncDispose]: () => own.close(),
  };
}
