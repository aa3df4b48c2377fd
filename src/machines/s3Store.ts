/** Results in S3-compatible storage: an object per key, put on condition that there is none. */
import { AwsClient } from 'aws4fetch';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '../record/hash.js';
import { canonicalJson, toJson } from '../record/json.js';
import { askedTogether, type Store } from '../record/store.js';
import { reasonOf } from '../text/errorSentence.js';
import { shownName } from '../text/given.js';
import { Away } from './away.js';

export interface S3Options {
  /** `s3://bucket` or `s3://bucket/folder`. */
  url: string;
  /** Plain JSON of what results depend on beside their keys. */
  about: unknown;
  /** Has AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what else AWS's own tools read. */
  env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds before the second try; each further one waits twice as long. Default 250. */
  pause?: number;
  /** Tries of a request. Default 9, over about a minute. */
  tries?: number;
}

/** Requests side by side, where many results are looked for. */
const mostAtOnce = 32;

/** Whether a store's name means S3. */
export function isS3(name: string): boolean {
  return name.startsWith('s3://');
}

/**
 * @throws where the name is none, or the environment has no keys; its functions throw {@link Away} where
 *   the service does not answer.
 */
export function s3Store(options: S3Options): Store {
  const { about } = options;
  const { client, base } = clientOf(options);
  const nameOf = (key: string): string => {
    const name = sha256(canonicalJson({ about, key }));
    return `${base}/${name.slice(0, 2)}/${name}.json`;
  };
  const ask = (method: string, key: string, more: RequestInit = {}): Promise<Response> =>
    request(client, { ...options, method, url: nameOf(key), more });
  const has = async (key: string): Promise<boolean> => {
    const answer = await ask('HEAD', key);
    if (answer.status === 404) return false;
    await fine(answer);
    return true;
  };
  return {
    async get(key) {
      const answer = await ask('GET', key);
      if (answer.status === 404) return undefined;
      return JSON.parse(await (await fine(answer)).text()) as unknown;
    },
    has,
    known: (keys, how) => askedTogether(keys, { ...how, has, atOnce: mostAtOnce }),
    async put(key, value) {
      const headers = { 'content-type': 'application/json', 'if-none-match': '*' };
      const answer = await ask('PUT', key, { body: toJson(value), headers });
      // Another was first, and what both have is the same.
      if (answer.status !== 412) await fine(answer);
    },
  };
}

function clientOf({ url, env }: S3Options): { client: AwsClient; base: string } {
  const [, bucket, folder = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(?:\/(.*?))?\/?$/.exec(url) ?? [];
  if (bucket === undefined) {
    throw new Error(`store: ${shownName(url)} is no place in S3 (expected s3://bucket/folder)`);
  }
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey) {
    throw new Error(`store: ${url} needs keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`);
  }
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`; // prettier-ignore
  const sessionToken = env.AWS_SESSION_TOKEN;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  const path = [bucket, ...folder.split('/')].filter((part) => part !== '').map(encodeURIComponent);
  return {
    client: new AwsClient({ ...keys, region, service: 's3', retries: 0 }),
    base: `${endpoint.replace(/\/$/, '')}/${path.join('/')}`,
  };
}

/** Asks again where the network or the service fails, or two writers meet. */
async function request(
  client: AwsClient,
  asked: Pick<S3Options, 'pause' | 'tries'> & { method: string; url: string; more: RequestInit },
): Promise<Response> {
  const { pause = 250, tries = 9, method, url, more } = asked;
  for (let n = 1; ; n++) {
    const last = n >= tries;
    try {
      const answer = await client.fetch(url, { method, ...more });
      if (!isPassing(answer) || last) return answer;
      await answer.body?.cancel();
    } catch (error) {
      if (last) throw new Away(`store: ${url} cannot be reached: ${reasonOf(error)}`, { cause: error }); // prettier-ignore
    }
    await wait(pause * 2 ** (n - 1));
  }
}

/** The service fails, or has too much to do, or two writers met. */
function isPassing({ status }: Response): boolean {
  return status >= 500 || status === 429 || status === 409;
}

/** @throws what the service answers, where it is no success. */
async function fine(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  const said = (await answer.text()).slice(0, 300);
  const [, message = said] = /<Message>([^<]*)<\/Message>/.exec(said) ?? [];
  const told = message === '' ? '' : `: ${shownName(message)}`;
  const text = `store: ${answer.url} answers ${answer.status}${told}; look at keys, bucket and AWS_ENDPOINT_URL`; // prettier-ignore
  throw isPassing(answer) ? new Away(text) : new Error(text);
}
