/**
 * Files that are there whole or not at all: the one way in which the lab writes a file. It is written
 * beside its place, flushed to disk and renamed over the old one, so that neither a kill nor a full
 * disk costs what was there.
 */
import { createHash } from 'node:crypto';
import { chmod, link, lstat, open, readlink, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileError } from './fileErrors.js';
import { removeLeftovers, temporarySuffix } from './leftovers.js';
import { addOwnFile, forgetOwnFile } from './ownFiles.js';
import { ownerMark } from './owner.js';

/** A file on its way to its place. */
export interface Draft {
  /** Adds to its end. @throws where that fails; the draft is then gone. */
  write(content: string | Uint8Array): Promise<void>;
  /**
   * Puts it in its place.
   * @param how.replace false: a file that is there stays, whoever was first. Default true.
   * @param how.lasting false: after a loss of power its name may be gone, and with it the file, which
   *   can be made again; what is there is whole. It saves half of the time. Default true.
   * @throws where that fails; the old file is then as it was.
   */
  keep(how?: { replace?: boolean; lasting?: boolean }): Promise<void>;
  /** Removes it; after {@link Draft.keep} it does nothing. */
  drop(): Promise<void>;
}

/**
 * Begins a file beside its place, where drafts that killed processes left are removed. What is no
 * file (`/dev/stdout`, a pipe) is written to as it is; behind a link, the file it leads to is meant.
 * @param subject begins the errors, e.g. `dataset`
 * @throws where the folder cannot be written.
 */
export async function openDraft(path: string, subject = 'file'): Promise<Draft> {
  return await FileDraft.open(path, subject);
}

/** @throws as {@link openDraft}; the old file is then as it was. */
export async function writeAtomic(
  path: string,
  content: string | Uint8Array,
  subject = 'record',
): Promise<void> {
  const draft = await openDraft(path, subject);
  await draft.write(content);
  await draft.keep();
}

class FileDraft implements Draft {
  readonly #path: string;
  readonly #subject: string;
  readonly #file: FileHandle;
  /** Null where the place is written to directly. */
  readonly #temporary: string | null;
  readonly #place: string;
  #open = true;

  private constructor(
    asked: { path: string; subject: string },
    opened: { file: FileHandle; place: string; temporary: string | null },
  ) {
    this.#path = asked.path;
    this.#subject = asked.subject;
    this.#file = opened.file;
    this.#place = opened.place;
    this.#temporary = opened.temporary;
  }

  static async open(path: string, subject: string): Promise<FileDraft> {
    try {
      const old = await stat(path).catch(absent);
      // A rename over a folder fails at the end; whoever waits for rows should hear of it now.
      if (old?.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
      const place = await followLinks(path);
      if (place === null || (old && !old.isFile())) {
        const file = await open(path, 'a');
        return new FileDraft({ path, subject }, { file, place: path, temporary: null });
      }
      await removeLeftovers(dirname(place));
      const temporary = join(
        dirname(place),
        `${shortName(place)}.${ownerMark()}${temporarySuffix}`,
      );
      addOwnFile(temporary);
      const file = await open(temporary, 'wx');
      if (old) await chmod(temporary, old.mode).catch(() => undefined);
      return new FileDraft({ path, subject }, { file, place, temporary });
    } catch (error) {
      throw fileError({ subject, action: 'write', path, error });
    }
  }

  async write(content: string | Uint8Array): Promise<void> {
    await this.#try(() => this.#file.appendFile(content));
  }

  async keep({ replace = true, lasting = true } = {}): Promise<void> {
    await this.#try(async () => {
      // A pipe or a terminal has nothing to flush.
      if (this.#temporary !== null) await this.#file.sync();
      await this.#close();
      if (this.#temporary === null) return;
      if (replace) await rename(this.#temporary, this.#place);
      else await linkNew(this.#temporary, this.#place);
      forgetOwnFile(this.#temporary);
      if (lasting) await syncFolder(dirname(this.#place));
    });
  }

  async drop(): Promise<void> {
    if (!this.#open) return;
    await this.#remove();
  }

  async #remove(): Promise<void> {
    await this.#close().catch(() => undefined);
    if (this.#temporary === null) return;
    await rm(this.#temporary, { force: true }).catch(() => undefined);
    forgetOwnFile(this.#temporary);
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#file.close();
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.#remove();
      throw fileError({ subject: this.#subject, action: 'write', path: this.#path, error });
    }
  }
}

/**
 * Where a path leads, whether or not there is anything yet; null where that is an open file of some
 * process (`/dev/stdout` is one), which must not be replaced.
 */
async function followLinks(path: string): Promise<string | null> {
  for (let place = path; ;) {
    if (/^\/(proc|dev\/fd)\//.test(place)) return null;
    const found = await lstat(place).catch(absent);
    if (!found?.isSymbolicLink()) return place;
    place = resolve(dirname(place), await readlink(place));
  }
}

/** A link fails where the name is taken: who comes second changes nothing. */
async function linkNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // File systems without links: what both write is the same, so the last one may win.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return await rename(from, to);
  }
  await rm(from, { force: true });
}

function absent(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}

/** Names may have 255 bytes, and the mark needs its share of them. */
function shortName(path: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name) <= 160) return name;
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}

/** So that the new name outlives a loss of power; where a folder cannot be flushed, it may not. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
}
