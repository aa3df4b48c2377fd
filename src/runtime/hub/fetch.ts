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
import { HubApiError } from '@huggingface/hub';
import { isCommit, RepoCache } from './cache.js';
import { explainHubError, HubUnreachable } from './errors.js';
import { askHub, type Listed } from './listing.js';
import type { HubName } from './name.js';
import { planDownload } from './plan.js';
import { HubRequests } from './request.js';
import { readHubSettings, type HubOptions, type HubSettings } from './settings.js';
import { transfer } from './transfer.js';
import type { ModelFiles } from '../modelFiles.js';
import { show } from '../../text/show.js';

/**
 * Files of a hub model in the cache; those that are missing are downloaded first, or with
 * `HF_HUB_OFFLINE` are an error. Where the hub cannot be asked, or refuses, and the cache has the
 * model, that is used with a warning, as Python's huggingface_hub does.
 * @throws saying what to do: see {@link explainHubError}, `planDownload`
 */
export async function hubModel(name: HubName, options: HubOptions = {}): Promise<ModelFiles> {
  const settings = await readHubSettings(options.env ?? process.env);
  const cache = new RepoCache(settings.cache, name.repo);
  if (settings.offline) return await cachedModel(name, cache);
  const requests = new HubRequests(settings, options);
  const explain = (error: unknown): Error => {
    options.signal?.throwIfAborted();
    return explainHubError(error, { name, settings, code: requests.refusal });
  };
  let listed: Listed;
  try {
    listed = await askHub(name, { url: settings.url, fetch: requests.fetch });
  } catch (error) {
    const explained = explain(error);
    const cached = isRefusal(error) ? await cachedModel(name, cache).catch(() => null) : null;
    if (cached === null) throw explained;
    const { onWarning = (text) => process.emitWarning(show(text)) } = options;
    onWarning(`${explained.message}. Used instead: ${cached.source} in the cache`);
    return cached;
  }
  try {
    return await onlineModel(name, listed, { cache, settings, options, requests });
  } catch (error) {
    throw explain(error);
  }
}

/** Whether the hub did not say what it has, or something else spoke in its place. */
function isRefusal(error: unknown): boolean {
  return [HubUnreachable, HubApiError, SyntaxError].some((kind) => error instanceof kind);
}

interface Online {
  cache: RepoCache;
  settings: HubSettings;
  options: HubOptions;
  requests: HubRequests;
}

async function onlineModel(
  name: HubName,
  { commit, files: all }: Listed,
  online: Online,
): Promise<ModelFiles> {
  const { cache } = online;
  const place = `${name.repo}@${name.revision}`;
  const { files, decoder } = planDownload(all, name, { place });
  await download(name, { commit, files }, online);
  // Last, so that offline a branch never means a commit that came only in part.
  if (name.revision !== commit) await cache.writeRef(name.revision, commit);
  return modelFiles(name, { commit, cache, decoder: decoder.path });
}

async function download(
  { repo }: HubName,
  { commit, files }: Listed,
  { cache, settings, options, requests }: Online,
): Promise<void> {
  const missing: Listed['files'] = [];
  for (const file of files) if (!(await cache.has(commit, file))) missing.push(file);
  const total = missing.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const file of missing) {
    const onBytes = (count: number): void => {
      done += count;
      options.onProgress?.({ file: file.path, done, total });
    };
    onBytes(0);
    const call = { requests, repo, hubUrl: settings.url, revision: commit, xet: settings.xet };
    const { signal } = options;
    await cache.add(commit, file, (draft) => transfer({ ...call, file, draft, onBytes, signal }));
  }
  await cache.removeLeftovers();
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
