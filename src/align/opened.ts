/** What upstreams, correctors and Aligners have in common: a name, an identity, and an end. */
import { createHash } from 'node:crypto';
import type { Identity } from '../runtime/identity.js';

/** Something that was opened and is to be closed. */
export interface Opened extends AsyncDisposable {
  /** Short name for records and figures. */
  readonly name: string;
  readonly identity: Identity;
  /** What is to be known of its files, in sentences; absent where there is nothing. */
  readonly warnings?: readonly string[];
  /** Frees what it owns; calling it again does nothing more. */
  close(): Promise<void>;
}

/** The common part. @param own.close default: nothing is owned. */
export function opened(
  own: Pick<Opened, 'name' | 'identity' | 'warnings'> & { close?: () => Promise<void> },
): Opened {
  const { name, identity, warnings } = own;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= own.close?.() ?? Promise.resolve());
  const known = warnings && { warnings };
  return { name, identity, ...known, close, [Symbol.asyncDispose]: close };
}

/** SHA-256 of a function's source text. */
export function functionHash(made: (...given: never[]) => unknown): string {
  return createHash('sha256').update(made.toString()).digest('hex');
}

/** The identity of a function whose maker gives none: its name stands for it. */
export function functionIdentity(name: string): Identity {
  const sha256 = createHash('sha256').update(`function\n${name}`).digest('hex');
  return { kind: 'function', name, sha256 };
}
