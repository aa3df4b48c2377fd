/** One file from the hub to disk, whole or not at all. */
import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { downloadFile, HubApiError } from '@huggingface/hub';
import type { HubFile } from './cache.js';
import { HubUnreachable } from './errors.js';
import type { HubRepo } from './name.js';
import type { HubAnswer, HubRequests } from './request.js';
import { pauses } from './retry.js';
import { xetPieces } from './xet.js';

export interface Transfer {
  requests: HubRequests;
  repo: string;
  type: HubRepo['type'];
  /** Address of the hub, without a slash at its end. */
  hubUrl: string;
  /** Commit. */
  revision: string;
  file: HubFile;
  /** The file to write; what it holds is taken for the beginning. */
  draft: string;
  /** Whether the file may come in chunks. */
  xet: boolean;
  /** Told the number of bytes after each piece; fewer than none where it begins anew. */
  onBytes: (count: number) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Downloads a file and checks its size and hash. A broken connection is taken up where it broke, if
 * the hub can do that, else from the beginning.
 * @throws {HubUnreachable} where the connection breaks again and again
 * @throws where the hub refuses, the disk does, or what came is not the file that was listed
 */
export async function transfer(call: Transfer): Promise<void> {
  const { file, draft, repo, onBytes } = call;
  const output = await open(draft, 'a+');
  try {
    const found = (await output.stat()).size;
    const begun = new DraftFile(output, file, onBytes);
    if (found > 0) await begun.readOn();
    await receive(begun, call);
    // The pieces of several goes may be none of one file.
    if (begun.resumed && begun.digest() !== file.hash) {
      await begun.restart();
      await receive(begun, call);
    }
    if (begun.digest() !== file.hash) {
      throw new Error(
        `hub: ${file.path} of ${repo} came damaged (expected hash ${file.hash}, got ${begun.digest()}); run the same command again`,
      );
    }
  } finally {
    await output.close();
  }
}

/** A file that grows at its end, with the hash of what it holds. */
class DraftFile {
  /** Bytes that it holds. */
  size = 0;
  /** Whether they came in more than one go. */
  resumed = false;
  readonly #output: FileHandle;
  readonly #file: HubFile;
  readonly #onBytes: (count: number) => void;
  #hash: Hash;

  constructor(output: FileHandle, file: HubFile, onBytes: (count: number) => void) {
    this.#output = output;
    this.#file = file;
    this.#onBytes = onBytes;
    this.#hash = hasher(file);
  }

  /** Takes in what the file holds already; more than there should be is no beginning. */
  async readOn(): Promise<void> {
    const { size } = await this.#output.stat();
    if (size > this.#file.size) return await this.restart();
    this.resumed = true;
    for await (const piece of this.#output.createReadStream({ start: 0, autoClose: false })) {
      this.#count(piece as Buffer);
    }
  }

  async add(piece: Uint8Array): Promise<void> {
    await this.#output.appendFile(piece);
    this.#count(piece);
  }

  async restart(): Promise<void> {
    await this.#output.truncate(0);
    this.#onBytes(-this.size);
    this.size = 0;
    this.resumed = false;
    this.#hash = hasher(this.#file);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  #count(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.size += piece.length;
    this.#onBytes(piece.length);
  }
}

/** A large file is named by the SHA-256 of its content, others as git names blobs. */
function hasher({ hash, size }: HubFile): Hash {
  return hash.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

/** What the hub said of the content before: it must say the same when it goes on. */
interface Seen {
  etag: string | null;
}

/** So much further than ever, and the pauses start anew. */
const headway = 2 ** 16;

/** Fills the draft, in as many goes as it takes. */
async function receive(draft: DraftFile, call: Transfer): Promise<void> {
  const { file, requests, signal } = call;
  const seen: Seen = { etag: null };
  let furthest = draft.size;
  for (let failures = 0; draft.size < file.size;) {
    try {
      await receiveOnce(draft, call, seen);
      if (draft.size < file.size) throw new HubUnreachable('the connection ended too early');
    } catch (error) {
      signal?.throwIfAborted();
      if (draft.size >= furthest + headway) {
        failures = 0;
        furthest = draft.size;
      }
      const milliseconds = pauses[failures++];
      if (!(error instanceof HubUnreachable) || milliseconds === undefined) throw error;
      await requests.pause(milliseconds);
    }
  }
}

async function receiveOnce(draft: DraftFile, call: Transfer, seen: Seen): Promise<void> {
  const { file, repo } = call;
  const answer = await ask(draft.size, call);
  if (answer.headers.get('Content-Type')?.includes(xetInfo) && call.xet) {
    await answer.cancel();
    return await receiveXet(draft, call);
  }
  if (answer.status === 416) {
    await answer.cancel();
    await draft.restart();
    throw new HubUnreachable('it has no such part of the file');
  }
  const goesOn = answer.status === 206 && continues(answer, draft.size, { file, seen });
  seen.etag = answer.headers.get('ETag') ?? null;
  if (goesOn) draft.resumed = true;
  else if (draft.size > 0) await draft.restart();
  if (answer.status === 206 && !goesOn) {
    await answer.cancel();
    throw new HubUnreachable('it sent another part of the file than was asked for');
  }
  for await (const piece of answer.body) {
    if (draft.size + piece.length > file.size) throw tooLong(file, repo);
    await draft.add(piece);
  }
}

/** So that what is too long is told with the file's own size. */
const spareBytes = 2 ** 20;

const xetInfo = 'application/vnd.xet-fileinfo+json';

/** @throws where the hub refuses */
async function ask(from: number, call: Transfer): Promise<HubAnswer> {
  const { requests, hubUrl, repo, type, revision, file, xet } = call;
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const kind = type === 'model' ? '' : 'datasets/';
  const url = `${hubUrl}/${kind}${repo}/resolve/${encodeURIComponent(revision)}/${path}`;
  const headers = {
    // Ranges and sizes are those of the file, not of a packed form.
    'Accept-Encoding': 'identity',
    Accept: xet ? `${xetInfo}, */*` : '*/*',
    ...(from > 0 && { Range: `bytes=${from}-${file.size - 1}` }),
  };
  const answer = await requests.send({ url, headers, limit: file.size + spareBytes, whole: false });
  if ([200, 206, 416].includes(answer.status)) return answer;
  await answer.cancel();
  if (requests.refusal === 'EntryNotFound') {
    throw new Error(`hub: ${repo} lists ${file.path}, but has no such file; try again`);
  }
  throw new HubApiError(
    url,
    answer.status,
    undefined,
    answer.headers.get('X-Error-Message') ?? url,
  );
}

/** Whether an answer is just the rest of the same content. */
function continues(
  { headers }: HubAnswer,
  from: number,
  { file, seen }: { file: HubFile; seen: Seen },
): boolean {
  const range = headers.get('Content-Range')?.trim() ?? '';
  const etag = headers.get('ETag');
  const same = seen.etag === null || etag === seen.etag;
  return from > 0 && same && range === `bytes ${from}-${file.size - 1}/${file.size}`;
}

/** In chunks; the hub's client puts them together. */
async function receiveXet(draft: DraftFile, call: Transfer): Promise<void> {
  const { requests, repo, type, hubUrl, revision, file } = call;
  const { fetch } = requests;
  const blob = await downloadFile({
    repo: { type, name: repo },
    hubUrl,
    revision,
    fetch,
    path: file.path,
  });
  if (!blob) throw new Error(`hub: ${repo} lists ${file.path}, but has no such file; try again`);
  const rest = draft.size === 0 ? blob : blob.slice(draft.size, file.size);
  if (draft.size > 0) draft.resumed = true;
  for await (const piece of xetPieces(rest)) {
    if (draft.size + piece.length > file.size) throw tooLong(file, repo);
    await draft.add(piece);
  }
}

function tooLong(file: HubFile, repo: string): Error {
  return new Error(
    `hub: ${file.path} of ${repo} is longer than listed (expected ${file.size} bytes); run the same command again`,
  );
}
