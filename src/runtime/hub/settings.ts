/** How to reach the hub: options of callers, and what the environment says to that. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How far a download is. */
export interface DownloadProgress {
  /** Path within the repository. */
  file: string;
  /** Bytes that have come, of all files that had to. */
  done: number;
  total: number;
}

export interface HubOptions {
  /**
   * `HF_ENDPOINT`, `HF_HOME`, `HF_HUB_CACHE`, `HF_HUB_OFFLINE`, `HF_TOKEN` and the like, as Python's
   * huggingface_hub has them. Default: this process's.
   */
  env?: Environment;
  /** Default: Node's. */
  fetch?: typeof fetch;
  /** Ends a download. */
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
  /** What must be known, e.g. that the hub cannot be reached and the cache is used. Default: Node's warning. */
  onWarning?: (warning: string) => void;
  /** Waits so many milliseconds, before what failed is tried again. Default: a timer. */
  pause?: (milliseconds: number) => Promise<unknown>;
  /** From 0 to 1, for the length of pauses. Default: `Math.random`. */
  random?: () => number;
}

export interface HubSettings {
  /** Address without a slash at its end. */
  url: string;
  /** Folder of the cache. */
  cache: string;
  /** Whether only the cache may be used. */
  offline: boolean;
  /** Whether files may come in deduplicated chunks (Xet). */
  xet: boolean;
  /** Access token, where there is one. */
  token: string | undefined;
  /** So long may nothing come before a connection counts as broken. */
  quietMilliseconds: number;
}

/**
 * Reads `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HOME`, `HF_HUB_OFFLINE`, `HF_HUB_DISABLE_XET`,
 * `HF_HUB_DOWNLOAD_TIMEOUT`, `HF_TOKEN`, and the token file that `hf auth login` writes.
 * @throws where the endpoint is no address, or the token no token
 */
export async function readHubSettings(env: Environment): Promise<HubSettings> {
  const caches = path(env.XDG_CACHE_HOME) ?? join(homedir(), '.cache');
  const home = path(env.HF_HOME) ?? join(caches, 'huggingface');
  const cache = path(env.HF_HUB_CACHE) ?? path(env.HUGGINGFACE_HUB_CACHE) ?? join(home, 'hub');
  const url = (env.HF_ENDPOINT ?? '').replace(/\/+$/, '') || 'https://huggingface.co';
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new Error(`hub: HF_ENDPOINT is no address (expected e.g. https://…, got "${url}")`);
  }
  // Never shown: it may be a password.
  if (new URL(url).username !== '' || new URL(url).password !== '') {
    throw new Error(
      'hub: HF_ENDPOINT holds a user or password (expected e.g. https://…); use HF_TOKEN',
    );
  }
  return {
    ...{ url, cache },
    offline: isOn(env.HF_HUB_OFFLINE),
    xet: !isOn(env.HF_HUB_DISABLE_XET),
    token: await readToken(env, path(env.HF_TOKEN_PATH) ?? join(home, 'token')),
    quietMilliseconds: 1000 * seconds(env.HF_HUB_DOWNLOAD_TIMEOUT, 30),
  };
}

function seconds(given: string | undefined, usual: number): number {
  const value = Number(given ?? '');
  return Number.isFinite(value) && value > 0 ? Math.min(value, 3600) : usual;
}

async function readToken(env: Environment, file: string): Promise<string | undefined> {
  const given = (env.HF_TOKEN ?? env.HUGGING_FACE_HUB_TOKEN ?? '').trim();
  const token = given || (await readFile(file, 'utf8').catch(() => '')).trim();
  // No others can be sent, and a header that fails would show them; never show what was found.
  if (token !== '' && !/^hf_[\x21-\x7e]+$/.test(token)) {
    const place = given ? 'HF_TOKEN' : file;
    throw new Error(
      `hub: ${place} holds no access token (expected hf_…); make one at https://huggingface.co/settings/tokens`,
    );
  }
  return token || undefined;
}

function path(given: string | undefined): string | undefined {
  if (!given) return undefined;
  return resolve(given.replace(/^~(?=$|[/\\])/, homedir()));
}

function isOn(given: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(given ?? '');
}
