/**
 * Models of the Hugging Face hub: what a model needs is downloaded into the hub's cache and used
 * from there.
 *
 * `@huggingface/hub` speaks to the hub (names, tokens, redirects, Xet). Its own
 * `downloadFileToCacheDir` is not used: it prints to stdout, where `--json` promises nothing else;
 * two runs of it share one draft and so spoil each other's file; and it takes a file that came short
 * for whole.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { listFiles, modelInfo } from '@huggingface/hub';
import { isCommit, RepoCache, type HubFile } from './cache.js';
import { explainHubError, HubUnreachable, networkReason } from './errors.js';
import type { HubName } from './name.js';
import { planDownload } from './plan.js';
import { readHubSettings, type HubOptions, type HubSettings } from './settings.js';
import { transfer, type HubAccess } from './transfer.js';
import type { ModelFiles } from '../modelFiles.js';

/**
 * Files of a hub model in the cache; those that are missing are downloaded first, or with
 * `HF_HUB_OFFLINE` are an error.
 * @throws saying what to do: see {@link explainHubError}, `planDownload`
 */
export async function hubModel(name: HubName, options: HubOptions = {}): Promise<ModelFiles> {
  const settings = await readHubSettings(options.env ?? process.env);
  const cache = new RepoCache(settings.cache, name.repo);
  if (settings.offline) return await cachedModel(name, cache);
  const refused: Refused = { code: null };
  try {
    return await onlineModel(name, { cache, settings, options, refused });
  } catch (error) {
    options.signal?.throwIfAborted();
    const cached = await cachedCommit(name, cache);
    throw explainHubError(error, { name, settings, code: refused.code, cached });
  }
}

/** The hub's code of its last refusal, which its client does not pass on. */
interface Refused {
  code: string | null;
}

interface Online {
  cache: RepoCache;
  settings: HubSettings;
  options: HubOptions;
  refused: Refused;
}

async function onlineModel(name: HubName, online: Online): Promise<ModelFiles> {
  const { cache } = online;
  const access = accessTo(name, online);
  const commit = await commitOf(name, access);
  const { files, decoder } = planDownload(await list(access, commit), name, {
    place: `${name.repo}@${name.revision}`,
  });
  await download(files, { ...online, access, commit });
  // Last, so that offline a branch never means a commit that came only in part.
  if (name.revision !== commit) await cache.writeRef(name.revision, commit);
  return modelFiles(name, { commit, cache, decoder: decoder.path });
}

function accessTo({ repo }: HubName, { settings, options, refused }: Online): HubAccess {
  const request = options.fetch ?? fetch;
  const watched: typeof fetch = async (input, init) => {
    const signals = [options.signal, init?.signal].filter(
      (signal) => signal instanceof AbortSignal,
    );
    const response = await request(input, { ...init, signal: AbortSignal.any(signals) }).catch(
      (error: unknown) => {
        throw new HubUnreachable(networkReason(error), { cause: error });
      },
    );
    if (!response.ok) refused.code = response.headers.get('X-Error-Code');
    return response;
  };
  const { url: hubUrl, token } = settings;
  return { repo, hubUrl, fetch: watched, ...(token && { accessToken: token }) };
}

async function commitOf({ repo, revision }: HubName, access: HubAccess): Promise<string> {
  const { sha } = await modelInfo({ ...access, name: repo, revision, additionalFields: ['sha'] });
  // It becomes a folder's name.
  if (isCommit(sha)) return sha;
  throw new Error(
    `hub: ${access.hubUrl} names no commit for ${repo}@${revision} (got "${sha}"); check HF_ENDPOINT`,
  );
}

async function list(access: HubAccess, commit: string): Promise<HubFile[]> {
  const files: HubFile[] = [];
  for await (const entry of listFiles({ ...access, revision: commit, recursive: true })) {
    const { type, path, lfs, oid } = entry;
    if (type !== 'file') continue;
    const hash = lfs?.oid ?? oid ?? '';
    // It becomes a file's name.
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) {
      throw new Error(
        `hub: ${access.hubUrl} gives no hash for ${path} (got "${hash}"); check HF_ENDPOINT`,
      );
    }
    files.push({ path, size: lfs?.size ?? entry.size, hash });
  }
  return files;
}

async function download(
  files: readonly HubFile[],
  { cache, settings, options, access, commit }: Online & { access: HubAccess; commit: string },
): Promise<void> {
  const missing: HubFile[] = [];
  for (const file of files) if (!(await cache.has(commit, file))) missing.push(file);
  const total = missing.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const file of missing) {
    const onBytes = (count: number): void => {
      done += count;
      options.onProgress?.({ file: file.path, done, total });
    };
    onBytes(0);
    await cache.add(commit, file, (draft) =>
      transfer({
        ...access,
        ...{ revision: commit, file, draft, onBytes, xet: settings.xet, signal: options.signal },
        pause: options.pause ?? ((milliseconds) => pause(milliseconds)),
      }),
    );
  }
}

/** The commit in the cache that a revision means there, or null. */
async function cachedCommit({ revision }: HubName, cache: RepoCache): Promise<string | null> {
  const commit = isCommit(revision) ? revision : await cache.readRef(revision);
  return commit !== null && (await cache.list(commit)).length > 0 ? commit : null;
}

async function cachedModel(name: HubName, cache: RepoCache): Promise<ModelFiles> {
  const { repo, revision } = name;
  const commit = await cachedCommit(name, cache);
  if (commit === null) {
    throw new Error(
      `hub: ${repo}@${revision} is not in the cache (${cache.folder}), and HF_HUB_OFFLINE is set; unset it to download the model`,
    );
  }
  const { decoder } = planDownload(await cache.list(commit), name, {
    place: `${repo}@${revision} in the cache (${cache.snapshot(commit)})`,
    offline: true,
  });
  return modelFiles(name, { commit, cache, decoder: decoder.path });
}

function modelFiles(
  { repo, variant }: HubName,
  { commit, cache, decoder }: { commit: string; cache: RepoCache; decoder: string },
): ModelFiles {
  const folder = cache.snapshot(commit);
  const own = repo.slice(repo.indexOf('/') + 1);
  return {
    name: variant === null ? own : `${own}-${variant}`,
    folder,
    file: join(folder, ...decoder.split('/')),
    // Can be given as the model's name again.
    source: `${repo}@${commit}${variant === null ? '' : `:${variant}`}`,
  };
}
