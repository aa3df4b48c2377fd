/**
 * Models and data sets of the Hugging Face hub: what is needed of one is downloaded into the hub's cache and used
 * from there.
 *
 * `@huggingface/hub` speaks to the hub (names, tokens, redirects, Xet). Its own
 * `downloadFileToCacheDir` is not used: it prints to stdout, where `--json` promises nothing else;
 * two runs of it share one draft and so spoil each other's file; and it takes a file that came short
 * for whole.
 */
import { join } from 'node:path';
import { HubApiError } from '@huggingface/hub';
import type { DataPlace } from '../../data/files/place.js';
import { planData } from '../../data/files/plan.js';
import { isCommit, RepoCache } from './cache.js';
import type { HubDataName } from './dataName.js';
import { explainHubError, HubUnreachable } from './errors.js';
import { askHub, type Listed } from './listing.js';
import type { HubName, HubRepo } from './name.js';
import { planDownload, type HubPlace } from './plan.js';
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
  const { repo, variant } = name;
  const { folder, commit, plan } = await hubFiles({
    ...{ name: { ...name, type: 'model' as const }, options },
    choose: (files, where) => planDownload(files, name, where),
  });
  const own = repo.slice(repo.indexOf('/') + 1);
  return {
    name: variant === null ? own : `${own}-${variant}`,
    folder,
    file: join(folder, ...plan.decoder.path.split('/')),
    // Can be given as the model's name again.
    source: `${repo}@${commit}${variant === null ? '' : `:${variant}`}`,
  };
}

/**
 * Files of a data set of the hub in the cache, as {@link hubModel} gets them: those of one config and
 * split.
 * @throws as {@link hubModel}, `planData`
 */
export async function hubData(name: HubDataName, options: HubOptions = {}): Promise<DataPlace> {
  const { repo, wanted, revision } = name;
  const at = revision === 'main' ? repo : `${repo}@${revision}`;
  const ask = (from: string, key: string): string => (key === '' ? from : `${from}:${key}`);
  const { folder, commit, plan } = await hubFiles({
    ...{ name: { ...name, type: 'dataset' as const }, options },
    choose: (all, { place }) => {
      const paths = all.map(({ path }) => path);
      const how = { wanted, where: `${place} of the hub`, example: (key: string) => ask(at, key) };
      const { key, paths: chosen } = planData(paths, how);
      return { key, files: all.filter(({ path }) => chosen.includes(path)), paths: chosen };
    },
  });
  return {
    name: ask(at, plan.key),
    // Can be given as the data's name again.
    source: ask(`${repo}@${commit}`, plan.key),
    files: plan.paths.map((path) => join(folder, ...path.split('/'))),
  };
}

/** How the files of a repository are chosen; `files` are those that are needed. */
type Choose<P> = <F extends { readonly path: string }>(
  files: readonly F[],
  where: HubPlace,
) => P & { files: F[] };

interface Asked<P> {
  name: HubRepo;
  options: HubOptions;
  choose: Choose<P>;
}

/** Files in the cache. */
interface Found<P> {
  /** Of the snapshot. */
  folder: string;
  commit: string;
  plan: P;
}

async function hubFiles<P>(asked: Asked<P>): Promise<Found<P>> {
  const { name, options } = asked;
  const settings = await readHubSettings(options.env ?? process.env);
  const cache = new RepoCache(settings.cache, name);
  if (settings.offline) return await cachedFiles(asked, cache);
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
    const cached = isRefusal(error) ? await cachedFiles(asked, cache).catch(() => null) : null;
    if (cached === null) throw explained;
    const { onWarning = (text) => process.emitWarning(show(text)) } = options;
    onWarning(`${explained.message}. Used instead: ${name.repo}@${cached.commit} in the cache`);
    return cached;
  }
  try {
    return await onlineFiles(asked, listed, { cache, settings, options, requests });
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

async function onlineFiles<P>(
  { name, choose }: Asked<P>,
  { commit, files: all }: Listed,
  online: Online,
): Promise<Found<P>> {
  const { cache } = online;
  const plan = choose(all, { place: `${name.repo}@${name.revision}` });
  await download(name, { commit, files: plan.files }, online);
  // Last, so that offline a branch never means a commit that came only in part.
  if (name.revision !== commit) await cache.writeRef(name.revision, commit);
  return { folder: cache.snapshot(commit), commit, plan };
}

async function download(
  { type, repo }: HubRepo,
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
    const call = { requests, type, repo, hubUrl: settings.url, revision: commit, xet: settings.xet }; // prettier-ignore
    const { signal } = options;
    await cache.add(commit, file, (draft) => transfer({ ...call, file, draft, onBytes, signal }));
  }
  await cache.removeLeftovers();
}

/** The commit in the cache that a revision means there, or null. */
async function cachedCommit({ revision }: HubRepo, cache: RepoCache): Promise<string | null> {
  const commit = isCommit(revision) ? revision : await cache.readRef(revision);
  return commit !== null && (await cache.list(commit)).length > 0 ? commit : null;
}

async function cachedFiles<P>({ name, choose }: Asked<P>, cache: RepoCache): Promise<Found<P>> {
  const { type, repo, revision } = name;
  const commit = await cachedCommit(name, cache);
  if (commit === null) {
    const what = type === 'model' ? 'the model' : 'the data';
    throw new Error(
      `hub: ${repo}@${revision} is not in the cache (${cache.folder}), and HF_HUB_OFFLINE is set; unset it to download ${what}`,
    );
  }
  const folder = cache.snapshot(commit);
  const place = `${repo}@${revision} in the cache (${folder})`;
  return { folder, commit, plan: choose(await cache.list(commit), { place, offline: true }) };
}
