/**
 * Requests to the hub and to where it sends: all that leave go through here, those of its client too.
 *
 * The access token is added here, for the hub's own origin and for no other, whatever addresses
 * answers name; nothing else knows it. Redirects are followed by hand for that. Bodies end at a
 * limit, silence ends a request, and what may pass is asked for again.
 */
import { nothing, only, pieces, silent } from './body.js';
import { HubUnreachable, networkReason, passes } from './errors.js';
import { retryDelay } from './retry.js';
import type { HubOptions, HubSettings } from './settings.js';

/** Bytes of an answer that is no file: listings of the largest repositories have 10 MB. */
const mostAnswerBytes = 64 * 2 ** 20;
/** Bytes that an error has to say. */
const mostErrorBytes = 64 * 2 ** 10;
const mostRedirects = 10;

export interface HubRequest {
  url: string;
  headers?: Headers | Record<string, string>;
  /** Bytes that the body may have. */
  limit: number;
  /** Reads all of the body, so that a break in it is tried again as well. */
  whole: boolean;
}

export interface HubAnswer {
  status: number;
  headers: Headers;
  /** Ends in {@link HubUnreachable} where the connection breaks, and at the limit. */
  body: AsyncIterable<Uint8Array>;
  /** Ends the request; the body is not wanted. */
  cancel(): Promise<void>;
}

/** What asks for one model. */
export class HubRequests {
  /** The hub's own code of its last refusal (`X-Error-Code`), where it gave one. */
  refusal: string | null = null;
  readonly #settings: HubSettings;
  readonly #options: HubOptions;

  constructor(settings: HubSettings, options: HubOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** As `fetch`, for the hub's client. Its calls have no body. */
  readonly fetch: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    const range = rangeLength(headers.get('range'));
    const url = input instanceof Request ? input.url : String(input);
    const asked = { url, headers, limit: range ?? mostAnswerBytes, whole: range === null };
    const answer = await this.send(asked);
    return await responseOf(answer);
  };

  /**
   * Sends a request, and again where what went wrong may pass.
   * @throws {HubUnreachable} where it does not; other refusals are answers.
   */
  async send(request: HubRequest): Promise<HubAnswer> {
    for (let failures = 0; ; failures++) {
      const tried = await this.#try(request);
      const wait = retryDelay(tried, failures, this.#options.random);
      if (wait === null) {
        if (tried instanceof HubUnreachable) throw tried;
        return tried;
      }
      if (!(tried instanceof HubUnreachable)) await tried.cancel();
      await this.pause(wait);
    }
  }

  /** @throws the signal's reason */
  async pause(milliseconds: number): Promise<void> {
    const { signal, pause } = this.#options;
    await (pause ? pause(milliseconds) : timer(milliseconds, signal));
    signal?.throwIfAborted();
  }

  async #try(request: HubRequest): Promise<HubAnswer | HubUnreachable> {
    try {
      const answer = await this.#follow(request);
      if (!isOk(answer)) this.refusal = answer.headers.get('X-Error-Code');
      return request.whole || !isOk(answer) ? await gathered(answer) : answer;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (error instanceof HubUnreachable && passes(error)) return error;
      throw error;
    }
  }

  async #follow({ url: first, headers, limit }: HubRequest): Promise<HubAnswer> {
    let url = webAddress(first);
    const given = new Headers(headers);
    for (let hop = 0; hop <= mostRedirects; hop++) {
      const response = await this.#request(url, given);
      const location = response.headers.get('location');
      const isRedirect = [301, 302, 303, 307, 308].includes(response.status);
      if (!isRedirect || location === null) return this.#answer(response, limit);
      await response.body?.cancel().catch(() => undefined);
      const next = webAddress(location, url);
      // A key to one store is none of another's business.
      if (next.origin !== url.origin) given.delete('authorization');
      url = next;
    }
    throw new Error(`hub: ${first} redirects more than ${mostRedirects} times; check HF_ENDPOINT`);
  }

  async #request(url: URL, given: Headers): Promise<Response> {
    const { token, url: hub, quietMilliseconds } = this.#settings;
    const headers = new Headers(given);
    const own = url.origin === new URL(hub).origin;
    if (own && token !== undefined && !headers.has('authorization')) {
      headers.set('authorization', `Bearer ${token}`);
    }
    const { signal, fetch: send = fetch } = this.#options;
    const silence = new AbortController();
    const end = AbortSignal.any(signal ? [signal, silence.signal] : [silence.signal]);
    const wait = setTimeout(() => silence.abort(silent(quietMilliseconds)), quietMilliseconds);
    try {
      return await send(url, { headers, redirect: 'manual', signal: end });
    } catch (error) {
      if (silence.signal.aborted) throw silent(quietMilliseconds);
      throw new HubUnreachable(networkReason(error), { cause: error });
    } finally {
      clearTimeout(wait);
    }
  }

  #answer({ status, headers, body }: Response, limit: number): HubAnswer {
    const { quietMilliseconds: quiet } = this.#settings;
    const most = status >= 200 && status < 300 ? limit : mostErrorBytes;
    return {
      ...{ status, headers },
      body: body === null ? nothing() : pieces(body, { limit: most, quiet }),
      cancel: async () => await body?.cancel().catch(() => undefined),
    };
  }
}

function isOk({ status }: HubAnswer): boolean {
  return status >= 200 && status < 300;
}

/** @throws where an address is none of the web, or leads from a safe connection to an open one. */
function webAddress(address: string, base?: URL): URL {
  const url = URL.canParse(address, base?.href) ? new URL(address, base) : null;
  if (
    url &&
    /^https?:$/.test(url.protocol) &&
    !(base?.protocol === 'https:' && url.protocol === 'http:')
  ) {
    return url;
  }
  throw new Error(
    `hub: sent to an address that is not followed (expected https://…, got ${address.slice(0, 200)}); check HF_ENDPOINT`,
  );
}

/** Bytes of `bytes=a-b,c-d`, with what parts of a multipart answer have around them. */
function rangeLength(header: string | null): number | null {
  if (header === null) return null;
  const ranges = [...header.matchAll(/(\d+)-(\d+)/g)].map(
    ([, from, to]) => Number(to) - Number(from) + 1,
  );
  return (
    ranges.reduce((sum, length) => sum + length, 0) + (ranges.length > 1 ? 1024 * ranges.length : 0)
  );
}

/** All of a body is read; of an error, as much as it has to say. */
async function gathered(answer: HubAnswer): Promise<HubAnswer> {
  const parts: Uint8Array[] = [];
  try {
    for await (const piece of answer.body) parts.push(piece);
  } catch (error) {
    if (isOk(answer)) throw error;
  }
  return { ...answer, body: only(Buffer.concat(parts)), cancel: () => Promise.resolve() };
}

/** For the hub's client, which reads errors as JSON where they say so. */
async function responseOf(answer: HubAnswer): Promise<Response> {
  const { status, headers } = answer;
  if (isOk(answer)) {
    const empty = status === 204 || status === 205;
    return new Response(empty ? null : ReadableStream.from(answer.body), { status, headers });
  }
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  const plain = new Headers(headers);
  if (!isJsonObject(text)) plain.set('Content-Type', 'text/plain');
  return new Response(status === 304 ? null : text, { status, headers: plain });
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

async function timer(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const wait = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => (clearTimeout(wait), resolve()), { once: true });
  });
}
