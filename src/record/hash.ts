/** SHA-256 of files, read as streams, so that a model of any size needs little memory. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileError } from '../disk/fileErrors.js';

/** Hexadecimal SHA-256 of a file. @throws where it cannot be read. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw fileError({ subject: 'hash', action: 'read', path, error });
  }
  return hash.digest('hex');
}

/** Hexadecimal SHA-256 of a text (as UTF-8) or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
