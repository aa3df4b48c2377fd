/**
 * The hub's cache on disk, shared with Python's huggingface_hub: per repository `blobs/` (content,
 * named by its hash), `snapshots/<commit>/` (links to blobs, named as in the repository) and
 * `refs/` (commits of branches and tags).
 */
import type { Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { getRepoFolderName } from '@huggingface/hub';
import type { HubRepo } from './name.js';
import { writeAtomic } from '../../disk/atomic.js';
import { makeFolder } from '../../disk/makeFolder.js';
import { ownerMark, ownerOf, ownerState } from '../../disk/owner.js';

/** A file as the hub lists it. */
export interface HubFile {
  /** Within the repository, with slashes. */
  path: string;
  /** Bytes. */
  size: number;
  /** Hash of the content, hexadecimal: SHA-256 of a large file, else the hash of a git blob. */
  hash: string;
}

const commitPattern = /^[0-9a-f]{40}$/;

/** Whether a revision is a commit in full. */
export function isCommit(revision: string): boolean {
  return commitPattern.test(revision);
}

/** One repository's part of the cache. */
export class RepoCache {
  readonly folder: string;

  constructor(cache: string, { type, repo }: Pick<HubRepo, 'type' | 'repo'>) {
    this.folder = join(cache, getRepoFolderName({ type, name: repo }));
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** The commit that a branch or tag had when it was last downloaded, or null. */
  async readRef(revision: string): Promise<string | null> {
    const content = await fs.readFile(this.#ref(revision), 'utf8').catch(() => '');
    return isCommit(content.trim()) ? content.trim() : null;
  }

  async writeRef(revision: string, commit: string): Promise<void> {
    await makeFolder(dirname(this.#ref(revision)));
    await writeAtomic(this.#ref(revision), commit, 'hub');
  }

  /** Files of a snapshot whose content is there. */
  async list(commit: string): Promise<{ path: string }[]> {
    const root = this.snapshot(commit);
    const entries = await fs.readdir(root, { recursive: true }).catch(() => []);
    const files: { path: string }[] = [];
    for (const entry of entries) {
      const found = await statOf(join(root, entry));
      if (found?.isFile()) files.push({ path: entry.split(sep).join('/') });
    }
    return files;
  }

  /** Whether a file is there and whole; its content may have come with another commit. */
  async has(commit: string, file: HubFile): Promise<boolean> {
    if ((await statOf(this.#pointer(commit, file)))?.size === file.size) return true;
    if ((await statOf(this.#blob(file)))?.size !== file.size) return false;
    await this.#link(commit, file);
    return true;
  }

  /**
   * Adds a file. `write` fills a draft that no one else uses, and that may hold the beginning which a
   * killed run left; it becomes the blob only when `write` has returned, and is removed when it
   * throws.
   */
  async add(commit: string, file: HubFile, write: (draft: string) => Promise<void>): Promise<void> {
    const blob = this.#blob(file);
    const draft = `${blob}.${ownerMark()}${draftSuffix}`;
    await makeFolder(dirname(blob));
    await this.#takeOver(file, draft);
    try {
      await write(draft);
      await fs.rename(draft, blob);
    } catch (error) {
      await fs.rm(draft, { force: true }).catch(() => undefined);
      throw error;
    }
    await this.#link(commit, file);
  }

  /** Removes what killed runs left of other files; Python's drafts, which bear no mark, are its own. */
  async removeLeftovers(): Promise<void> {
    for (const draft of await this.#leftovers()) {
      await fs.rm(draft, { force: true }).catch(() => undefined);
    }
  }

  /** Makes the draft of a killed run one's own: of several that try, one succeeds. */
  async #takeOver(file: HubFile, draft: string): Promise<void> {
    for (const left of await this.#leftovers()) {
      if (!left.startsWith(`${this.#blob(file)}.`)) continue;
      const taken = await fs.rename(left, draft).then(
        () => true,
        () => false,
      );
      if (taken) return;
    }
  }

  /** Drafts whose process has ended. */
  async #leftovers(): Promise<string[]> {
    const folder = join(this.folder, 'blobs');
    const names = await fs.readdir(folder).catch(() => []);
    const left: string[] = [];
    for (const name of names.filter((found) => found.endsWith(draftSuffix))) {
      const path = join(folder, name);
      if (await isLeftOver(path)) left.push(path);
    }
    return left;
  }

  async #link(commit: string, file: HubFile): Promise<void> {
    const pointer = this.#pointer(commit, file);
    await makeFolder(dirname(pointer));
    await fs.rm(pointer, { force: true });
    const blob = this.#blob(file);
    try {
      // Relative, so that the cache can be moved.
      await fs.symlink(relative(dirname(pointer), blob), pointer);
    } catch (error) {
      // Another process was faster.
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
      // Windows without developer mode, some network drives.
      await fs.copyFile(blob, pointer);
    }
  }

  #blob({ hash }: HubFile): string {
    return join(this.folder, 'blobs', hash);
  }

  #pointer(commit: string, { path }: HubFile): string {
    return join(this.snapshot(commit), ...path.split('/'));
  }

  #ref(revision: string): string {
    return join(this.folder, 'refs', ...revision.split('/'));
  }
}

async function statOf(path: string): Promise<Stats | null> {
  return await fs.stat(path).catch(() => null);
}

const draftSuffix = '.incomplete';
/** Without a mark that can be asked, a draft that nobody wrote to for so long is nobody's. */
const oldMilliseconds = 24 * 3600 * 1000;

async function isLeftOver(path: string): Promise<boolean> {
  const stem = path.slice(0, -draftSuffix.length);
  const owner = ownerOf(stem);
  const state = owner === null ? 'elsewhere' : ownerState(owner);
  if (state !== 'elsewhere') return state === 'dead';
  // Python's draft is named by the hash alone; it goes on with it itself.
  const ours = owner !== null || /\.[0-9a-f]{8}$/.test(stem);
  const found = await statOf(path);
  return ours && found !== null && Date.now() - found.mtimeMs > oldMilliseconds;
}
