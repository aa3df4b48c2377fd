/** What went wrong between here and the hub, and what to do about it. */
import { HubApiError } from '@huggingface/hub';
import type { HubRepo } from './name.js';
import type { HubSettings } from './settings.js';
import { reasonOf } from '../../text/errorSentence.js';

/** The hub could not be reached, or the connection broke. */
export class HubUnreachable extends Error {
  override readonly name = 'HubUnreachable';
}

/** What another try in a moment cannot change: there is no such host, or nobody listens. */
const lasting: ReadonlySet<unknown> = new Set([
  ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'],
  ...['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID'],
]);

/** Whether a failed connection is worth another try. */
export function passes({ cause }: HubUnreachable): boolean {
  const inner = innerError(cause);
  return !(inner instanceof Error && 'code' in inner && lasting.has(inner.code));
}

/** What an error is to be explained with. */
export interface HubCall {
  name: HubRepo;
  settings: HubSettings;
  /** The hub's own code of its last refusal (`X-Error-Code`), where it gave one. */
  code: string | null;
}

/** An error in the lab's own words; the first one is its cause. */
export function explainHubError(error: unknown, call: HubCall): Error {
  if (error instanceof HubApiError) return new Error(refusal(error, call), { cause: error });
  const reason = reasonOf(error);
  if (error instanceof HubUnreachable) {
    const remedy =
      'check the connection (behind a proxy: HTTPS_PROXY, and NODE_USE_ENV_PROXY=1 from Node 22.21 on), then run the same command again';
    const { url } = call.settings;
    const wanted = `${call.name.repo}, which is no file or folder here`;
    return new Error(`hub: cannot reach ${url} for ${wanted}: ${reason}; ${remedy}`, {
      cause: error,
    });
  }
  const disk = diskRemedy(error);
  if (disk !== null) {
    const subject = `hub: cannot write to ${call.settings.cache}`;
    return new Error(`${subject}: ${disk}`, { cause: error });
  }
  return error instanceof Error && reason.startsWith('hub: ')
    ? error
    : new Error(`hub: ${call.name.repo}: ${reason}`, { cause: error });
}

function refusal({ statusCode, message }: HubApiError, call: HubCall): string {
  const { name, settings, code } = call;
  const { type, repo, revision } = name;
  const what = type === 'model' ? 'model' : 'data set';
  const page = `${settings.url}/${type === 'model' ? '' : 'datasets/'}${repo}`;
  const token = settings.token !== undefined;
  if (statusCode === 403 || code === 'GatedRepo') {
    return token
      ? `hub: ${repo} is gated, and the access token may not read it; ask for access at ${page}, and give the token the right to read gated repositories`
      : `hub: ${repo} is gated; accept its terms at ${page}, then set HF_TOKEN to an access token (or run hf auth login)`;
  }
  if (code === 'RevisionNotFound') {
    return `hub: ${repo} has no revision "${revision}"; its branches and tags are at ${page}/tree/main`;
  }
  if (statusCode === 404 || code === 'RepoNotFound' || (statusCode === 401 && !token)) {
    const hidden = token ? 'closed to the access token' : 'private (then set HF_TOKEN)';
    return `hub: no ${what} ${repo} at ${settings.url}, and no file or folder of that name here; check the spelling, or the repository is ${hidden}`;
  }
  if (statusCode === 401) {
    return `hub: ${settings.url} does not take the access token; make a new one at https://huggingface.co/settings/tokens and set HF_TOKEN`;
  }
  if (statusCode === 429) {
    return `hub: too many requests for ${settings.url}; wait some minutes${token ? '' : ', or set HF_TOKEN for a higher limit'}`;
  }
  return `hub: ${settings.url} answered with status ${statusCode} for ${repo} (${message}); try again later`;
}

/** What to do where the disk is at fault; null where it is not. */
function diskRemedy(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return 'the disk is full; free some space, or set HF_HUB_CACHE to a folder elsewhere';
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code)) {
    return `${code}; set HF_HUB_CACHE to a folder that can be written`;
  }
  return null;
}

/** `getaddrinfo ENOTFOUND huggingface.co` rather than fetch's own `fetch failed`. */
export function networkReason(error: unknown): string {
  const inner = innerError(error);
  if (inner instanceof Error && inner.message !== '') return inner.message;
  return error instanceof Error ? error.message : String(error);
}

/** The error that `fetch` hides; an attempt on several addresses fails with one for each. */
function innerError(error: unknown): unknown {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
}
