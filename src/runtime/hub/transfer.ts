/** One file from the hub to disk, whole or not at all. */
import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { ReadableStream } from 'node:stream/web';
import { downloadFile } from '@huggingface/hub';
import type { HubFile } from './cache.js';
import { HubUnreachable, networkReason } from './errors.js';

/** How to call the hub; the options that all its functions share. */
export interface HubAccess {
  repo: string;
  hubUrl: string;
  fetch: typeof fetch;
  accessToken?: string;
}

/**
 * A broken connection is taken up again where it broke, after these milliseconds; beyond the last
 * one it is given up. Any byte that comes starts them anew.
 */
const pauses = [200, 1000, 3000, 10000] as const;

export interface Transfer extends HubAccess {
  revision: string;
  file: HubFile;
  /** The file to write. */
  draft: string;
  xet: boolean;
  /** Told the number of bytes after each piece. */
  onBytes: (count: number) => void;
  /** Waits so many milliseconds. */
  pause: (milliseconds: number) => Promise<unknown>;
  signal?: AbortSignal | undefined;
}

/**
 * Downloads a file and checks its size and hash.
 * @throws {HubUnreachable} where the connection breaks again and again
 * @throws where the hub refuses, the disk does, or what came is not the file that was listed
 */
export async function transfer(call: Transfer): Promise<void> {
  const { file, draft, repo, hubUrl, fetch, accessToken, revision, xet } = call;
  const hash = hasher(file);
  const access = { repo, hubUrl, fetch, revision, xet, ...(accessToken && { accessToken }) };
  const blob = await downloadFile({ ...access, path: file.path });
  if (!blob) throw new Error(`hub: ${repo} lists ${file.path}, but has no such file; try again`);
  const output = await open(draft, 'w');
  try {
    await receive(blob, { ...call, output, hash });
  } finally {
    await output.close();
  }
  const got = hash.digest('hex');
  if (got !== file.hash) {
    throw new Error(
      `hub: ${file.path} of ${repo} came damaged (expected hash ${file.hash}, got ${got}); run the same command again`,
    );
  }
}

/** Writes all of a blob, in as many goes as it takes. */
async function receive(
  blob: Blob,
  { file, output, hash, onBytes, pause, signal }: Transfer & { output: FileHandle; hash: Hash },
): Promise<void> {
  let written = 0;
  let failures = 0;
  while (written < file.size) {
    try {
      const rest = written === 0 ? blob : blob.slice(written, file.size);
      for await (const piece of pieces(rest)) {
        await output.writeFile(piece);
        hash.update(piece);
        written += piece.length;
        failures = 0;
        onBytes(piece.length);
      }
      if (written < file.size) throw new HubUnreachable('the connection ended too early');
    } catch (error) {
      signal?.throwIfAborted();
      const milliseconds = pauses[failures++];
      if (!(error instanceof HubUnreachable) || milliseconds === undefined) throw error;
      await pause(milliseconds);
    }
  }
  if (written !== file.size) {
    throw new Error(
      `hub: ${file.path} came with another size (expected ${file.size} bytes, got ${written}); run the same command again`,
    );
  }
}

/** A large file is named by the SHA-256 of its content, others as git names blobs. */
function hasher({ hash, size }: HubFile): Hash {
  return hash.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

/** The pieces of a blob. Whatever its stream fails with, the connection failed. */
async function* pieces(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = (blob.stream() as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new HubUnreachable(networkReason(error), { cause: error });
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
