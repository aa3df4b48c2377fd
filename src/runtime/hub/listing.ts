/** What the hub has under a name: the commit, and its files. */
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import { isCommit, type HubFile } from './cache.js';
import type { HubRepo } from './name.js';
import { isFault } from '../../text/errorSentence.js';

export interface Listed {
  commit: string;
  files: HubFile[];
}

/** A listing comes in pages of 1,000 files; more of them are no model's, nor a data set's. */
const mostPages = 200;

/**
 * Asks for the commit of a revision, and for its files.
 * @param hub.fetch adds the token
 * @throws what `hub.fetch` throws, and where an answer is none that can be used
 */
export async function askHub(
  name: HubRepo,
  hub: { url: string; fetch: typeof fetch },
): Promise<Listed> {
  const { repo, revision } = name;
  try {
    return await list(name, hub);
  } catch (error) {
    // The hub's client takes the shape of answers for granted. What is no JSON is told apart.
    if (!isFault(error) || error instanceof SyntaxError) throw error;
    throw new Error(
      `hub: ${hub.url} gives an answer of another shape for ${repo}@${revision}; check HF_ENDPOINT`,
      { cause: error },
    );
  }
}

async function list(
  { type, repo, revision }: HubRepo,
  hub: { url: string; fetch: typeof fetch },
): Promise<Listed> {
  const access = { hubUrl: hub.url, fetch: endingFetch(hub) };
  const asked = { ...access, name: repo, revision, additionalFields: ['sha' as const] };
  const { sha } = await (type === 'model' ? modelInfo(asked) : datasetInfo(asked));
  // It becomes a folder's name.
  if (typeof sha !== 'string' || !isCommit(sha)) {
    throw unusable(hub.url, `no commit for ${repo}@${revision}`, sha);
  }
  const files: HubFile[] = [];
  for await (const entry of listFiles({
    ...access,
    repo: { type, name: repo },
    revision: sha,
    recursive: true,
  })) {
    const file = fileOf(entry, hub.url);
    if (file !== null) files.push(file);
  }
  return { commit: sha, files };
}

/** A page names the next one, which may be itself. */
function endingFetch(hub: { url: string; fetch: typeof fetch }): typeof fetch {
  let pages = 0;
  return async (input, init) => {
    if (++pages > mostPages) throw unusable(hub.url, 'a listing that comes to no end', pages);
    return await hub.fetch(input, init);
  };
}

/** What is taken from an entry of a listing: nothing is believed. */
interface Entry {
  type?: unknown;
  path?: unknown;
  size?: unknown;
  oid?: unknown;
  lfs?: { oid?: unknown; size?: unknown } | null | undefined;
}

/** null where it is no file. */
function fileOf(given: unknown, url: string): HubFile | null {
  const { type, path, lfs, ...plain }: Entry =
    typeof given === 'object' && given !== null ? given : {};
  if (type !== 'file') return null;
  if (typeof path !== 'string') throw unusable(url, 'no path for a file', path);
  const hash = lfs?.oid ?? plain.oid;
  const size = lfs?.size ?? plain.size;
  // It becomes a file's name.
  if (typeof hash !== 'string' || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) {
    throw unusable(url, `no hash for ${path}`, hash);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw unusable(url, `no size for ${path}`, size);
  }
  return { path, size, hash };
}

function unusable(url: string, what: string, got: unknown): Error {
  const shown = (JSON.stringify(got) as string | undefined) ?? 'nothing';
  return new Error(`hub: ${url} gives ${what} (got ${shown.slice(0, 60)}); check HF_ENDPOINT`);
}
