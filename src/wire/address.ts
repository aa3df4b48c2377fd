/** Where an OpenAI-compatible server is, and which of its models is meant: `http://host/v1#model`. */
import { show } from '../text/show.js';
import { UsageError } from '../text/usageError.js';

export interface ServerAddress {
  /** With its query, which may hold a key: only ever sent to this server. */
  readonly url: URL;
  /** Null where the address names none. */
  readonly model: string | null;
  /** What may be shown and recorded: without user, password and query. */
  readonly shown: string;
}

const begins = /^https?:\/\//;

/** Whether a name is a server's. */
export function isServerName(name: string): boolean {
  return begins.test(name);
}

/** A name as it may be shown: of a server without user, password and query. */
export function shownName(name: string): string {
  if (!isServerName(name)) return name;
  if (!URL.canParse(name)) return 'the address';
  const { origin, pathname, hash } = new URL(name);
  return `${origin}${pathname}${hash}`;
}

/** @throws where it is no address, or holds a user or a password. */
export function parseAddress(name: string): ServerAddress {
  if (!isServerName(name) || !URL.canParse(name)) {
    throw new UsageError(
      `server: "${show(withoutSecrets(name).slice(0, 80))}" is no address (expected http://host:port/v1#model)`,
    );
  }
  const url = new URL(name);
  const model = url.hash === '' ? null : decoded(url.hash.slice(1));
  url.hash = '';
  const shown = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      `server: ${shown} is given with a user or password, which would stand in histories and logs; put the key into ${keyVariable(url)}`,
    );
  }
  return { url, model, shown };
}

/** Of what is no address: what stands where passwords and keys do is left out. */
function withoutSecrets(name: string): string {
  return name.replace(/\?[^#]*/, '?…').replace(/\/\/[^/?#]*@/, '//…@');
}

/** A per cent sign that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of one of the server's calls, e.g. `chat/completions`; of its root with `/props`. */
export function callUrl({ url }: ServerAddress, path: string): URL {
  const call = new URL(url);
  const root = url.pathname.replace(/\/+$/, '');
  call.pathname = path.startsWith('/') ? root.replace(/\/v1$/, '') + path : `${root}/${path}`;
  return call;
}

/** Variables of the services' own, by host. */
const ownVariables: Readonly<Record<string, string>> = {
  'api.openai.com': 'OPENAI_API_KEY',
  'api.mistral.ai': 'MISTRAL_API_KEY',
  'api.deepseek.com': 'DEEPSEEK_API_KEY',
  'openrouter.ai': 'OPENROUTER_API_KEY',
  'api.together.xyz': 'TOGETHER_API_KEY',
  'router.huggingface.co': 'HF_TOKEN',
};

/** The environment variable that holds a server's key: one per host, so that none gets another's. */
export function keyVariable({ host }: URL): string {
  return `ALIGNER_LAB_KEY_${host.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
}

/** The key of a server, or null for none. */
export function keyOf(
  { url }: ServerAddress,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const own = ownVariables[url.hostname];
  const key = env[keyVariable(url)] ?? (own === undefined ? undefined : env[own]);
  return key?.trim() || null;
}
