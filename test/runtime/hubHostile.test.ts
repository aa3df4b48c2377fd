/** A hub that lies, breaks, falls silent or sends elsewhere: nothing is lost, and nobody gets the token. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownerMark, ownerOf } from '../../src/disk/owner.js';
import { resolveModel } from '../../src/runtime/resolveModel.js';
import type { HubOptions } from '../../src/runtime/hub/settings.js';
import type { ModelFiles } from '../../src/runtime/modelFiles.js';
import { hashOf, startHub, type FakeHub, type FakeRepo } from './fakeHub.js';
import { temporaryFolder } from './models.js';

const folder = temporaryFolder();
const commit = 'c'.repeat(40);
const token = 'hf_secret';
const graph = 'onnx/model.onnx';
const weights = 'onnx/model.onnx_data';
const large = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * i) % 251));
let hub: FakeHub;
/** Another origin; whoever is sent there is seen. */
let other: FakeHub;
let repo: FakeRepo;
let cache: string;
let caches = 0;
/** Every request at either origin, with what it brought. */
let seen: { at: 'hub' | 'other'; url: string; authorization: string; range: string }[] = [];

type Before = FakeHub['before'];
const see =
  (at: 'hub' | 'other', then: Before): Before =>
  (request, response) => {
    const { authorization = '', range = '' } = request.headers;
    seen.push({ at, url: request.url ?? '', authorization, range });
    return then(request, response);
  };

beforeAll(async () => {
  hub = await startHub();
  other = await startHub();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  folder.remove();
});
beforeEach(() => {
  cache = join(folder.path, `cache-${caches++}`);
  const files = new Map<string, Uint8Array>([
    [graph, Buffer.from('graph'.repeat(1000))],
    [weights, large],
    ['config.json', Buffer.from('{}')],
    ['tokenizer.json', Buffer.from('{"tokens": []}')],
    ['README.md', Buffer.from('read me')],
  ]);
  repo = { files, commit };
  hub.repos.set('org/tiny', repo);
  other.repos.set('org/tiny', repo);
  hub.before = see('hub', () => false);
  other.before = see('other', () => false);
  seen = [];
});
afterEach(() => {
  hub.breaks.clear();
  hub.served.clear();
});

interface Asked extends HubOptions {
  more?: Record<string, string>;
}

function resolve({ more, ...options }: Asked = {}): Promise<ModelFiles> {
  const env = { HF_ENDPOINT: hub.url, HF_HOME: cache, HF_TOKEN: token, ...more };
  return resolveModel('org/tiny', { env, pause: () => Promise.resolve(), ...options });
}

const blobs = (...parts: string[]): string =>
  join(cache, 'hub', 'models--org--tiny', 'blobs', ...parts);
const blobOf = (content: Uint8Array): string => blobs(hashOf(content));
const drafts = (): string[] =>
  existsSync(blobs()) ? readdirSync(blobs()).filter((name) => name.endsWith('.incomplete')) : [];
const asksFor = ({ url = '' }: IncomingMessage, part: string): boolean => url.includes(part);
const rangesOf = (part: string): string[] =>
  seen.filter(({ url, range }) => url.includes(part) && range !== '').map(({ range }) => range);

async function expectWhole(): Promise<void> {
  const { folder: found } = await resolve();
  expect(readFileSync(join(found, weights)).equals(large)).toBe(true);
  expect(drafts()).toEqual([]);
}

function expectTokenAtHubAlone(): void {
  const { host } = new URL(hub.url);
  expect(seen.some(({ at, authorization }) => at === 'hub' && authorization.includes(token))).toBe(true); // prettier-ignore
  const elsewhere = seen.filter(({ at }) => at === 'other');
  expect(elsewhere.length, host).toBeGreaterThan(0);
  expect(elsewhere.filter(({ authorization }) => authorization.includes(token))).toEqual([]);
}

/** Answers requests for a part of the address, and no other. */
function answering(
  part: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Before {
  // prettier-ignore
  return see('hub', (request, response) => {
    if (!asksFor(request, part)) return false;
    answer(request, response);
    return true;
  });
}
const once = (part: string, answer: Parameters<typeof answering>[1]): Before => {
  let done = false;
  return see('hub', (request, response) => {
    if (done || !asksFor(request, part)) return false;
    done = true;
    answer(request, response);
    return true;
  });
};

describe('the token', () => {
  it('stays where a file is redirected, whatever the answer claims to be', async () => {
    hub.before = answering(weights, (request, response) => {
      response.writeHead(302, { Location: `${other.url}${request.url ?? ''}`, 'X-Cache': 'Hit from cloudfront' }); // prettier-ignore
      response.end();
    });
    other.before = see('other', (_, response) => {
      response.setHeader('X-Cache', 'Hit from cloudfront');
      return false;
    });
    await expectWhole();
    expectTokenAtHubAlone();
  });

  it.each(['//', 'http://'])('stays where %s leads elsewhere and back', async (scheme) => {
    hub.before = answering('/api/models/org/tiny/revision/', (request, response) => {
      if (asksFor(request, 'back=1')) {
        response.end(JSON.stringify({ _id: '1', id: 'org/tiny', sha: commit }));
      } else {
        const { host } = new URL(other.url);
        response.writeHead(307, { Location: `${scheme}${host}/bounce?to=${request.url ?? ''}` });
        response.end();
      }
    });
    other.before = see('other', (request, response) => {
      if (!asksFor(request, '/bounce')) return false;
      response.writeHead(302, { Location: `${hub.url}/api/models/org/tiny/revision/main?back=1` });
      response.end();
      return true;
    });
    await expectWhole();
    expectTokenAtHubAlone();
  });

  it('stays where the listing goes on elsewhere', async () => {
    hub.before = answering('/tree/', (request, response) => {
      const url = `${other.url}${request.url ?? ''}&page=2`;
      response.setHeader('Link', `<${url}>; rel="next"`);
      response.setHeader('Content-Type', 'application/json');
      response.end('[]');
    });
    await expectWhole();
    expectTokenAtHubAlone();
  });

  it('stays where chunks are to be asked for elsewhere', async () => {
    repo.xet = true;
    hub.before = see('hub', (_, response) => {
      const set = response.setHeader.bind(response);
      response.setHeader = (name, value) =>
        set(name, name === 'Link' ? String(value).replaceAll(hub.url, other.url) : value);
      return false;
    });
    await expectWhole();
    expectTokenAtHubAlone();
    expect(seen.some(({ at, url }) => at === 'other' && url === '/xet/auth')).toBe(true);
  });

  it('is in no error', async () => {
    hub.before = answering('/api/', (_, response) => {
      response.writeHead(500, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: 'odd' }));
    });
    await expect(resolve()).rejects.toThrow(/^(?!.*hf_secret).*status 500/);
    const more = { HF_ENDPOINT: `http://user:word@127.0.0.1:1` };
    await expect(resolve({ more })).rejects.toThrow(/^(?!.*word@).*holds a user or password/);
  });

  it('goes nowhere but the web, and does not leave a loop', async () => {
    hub.before = answering('/api/', (_, response) => {
      response.writeHead(302, { Location: 'file:///etc/passwd' });
      response.end();
    });
    await expect(resolve()).rejects.toThrow(/an address that is not followed/);
    hub.before = answering('/api/', (request, response) => {
      response.writeHead(302, { Location: request.url ?? '' });
      response.end();
    });
    await expect(resolve()).rejects.toThrow(/redirects more than 10 times/);
  });
});

describe('what comes is bounded', () => {
  /** Writes for ever; counts what the socket took. */
  function flood(response: ServerResponse, count: { bytes: number }): void {
    const piece = Buffer.alloc(1 << 16, '[');
    const more = (): void => {
      if (response.destroyed) return;
      count.bytes += piece.length;
      if (response.write(piece)) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  }

  it('a file by what was listed', async () => {
    const count = { bytes: 0 };
    hub.before = answering(weights, (_, response) => flood(response, count));
    await expect(resolve()).rejects.toThrow(/model\.onnx_data of org\/tiny is longer than listed \(expected 20000 bytes\)/); // prettier-ignore
    expect(count.bytes).toBeLessThan(20 * 2 ** 20);
    expect(drafts()).toEqual([]);
  });

  it('a listing by a limit, packed or not', async () => {
    const count = { bytes: 0 };
    hub.before = answering('/tree/', (_, response) => flood(response, count));
    await expect(resolve()).rejects.toThrow(/longer than it may be \(expected at most 67108864 bytes\)/); // prettier-ignore
    expect(count.bytes).toBeLessThan(100 * 2 ** 20);
    const packed = gzipSync(Buffer.alloc(80 * 2 ** 20, '['));
    hub.before = answering('/tree/', (_, response) => {
      response.setHeader('Content-Encoding', 'gzip');
      response.end(packed);
    });
    await expect(resolve()).rejects.toThrow(/longer than it may be/);
  });

  it('a refusal by a limit: what it is stays known', async () => {
    const count = { bytes: 0 };
    hub.before = answering('/api/', (_, response) => {
      response.writeHead(401, { 'X-Error-Code': 'GatedRepo', 'Content-Type': 'application/json' });
      flood(response, count);
    });
    await expect(resolve()).rejects.toThrow(/org\/tiny is gated/);
    expect(count.bytes).toBeLessThan(20 * 2 ** 20);
  });

  it('a listing that comes to no end', async () => {
    hub.before = answering('/tree/', (request, response) => {
      response.setHeader('Link', `<${hub.url}${request.url ?? ''}>; rel="next"`);
      response.end('[]');
    });
    await expect(resolve()).rejects.toThrow(/comes to no end/);
  });

  it.each([
    [[{ type: 'file', path: 1, size: 1, oid: 'a'.repeat(40) }], /no path for a file \(got 1\)/],
    [
      [{ type: 'file', path: graph, size: -1, oid: 'a'.repeat(40) }],
      /no size for onnx.* \(got -1\)/,
    ],
    [[{ type: 'file', path: graph, size: 1e300, oid: 'a'.repeat(40) }], /no size/],
    [[{ type: 'file', path: graph, size: 1, oid: '../../../x' }], /no hash .* \(got "\.\.\/\.\./],
    [[null, 7, 'x'], /has no ONNX decoder/],
  ])('nothing of a listing is believed: %j', async (entries, message) => {
    hub.before = answering('/tree/', (_, response) => response.end(JSON.stringify(entries)));
    await expect(resolve()).rejects.toThrow(message);
  });
});

describe('an answer of another shape', () => {
  it.each([
    ['/revision/', 'null'],
    ['/revision/', '7'],
    ['/tree/', 'null'],
    ['/tree/', '{}'],
    ['/tree/', '{"files": []}'],
  ])('to %s: %s', async (part, body) => {
    hub.before = answering(part, (_, response) => response.end(body));
    await expect(resolve()).rejects.toThrow(
      /^hub: http:\S+ gives (an answer of another shape|no commit) for org\/tiny@main/,
    );
  });
});

describe('what may pass is tried again', () => {
  const paused = (): { pauses: number[]; options: HubOptions } => {
    const pauses: number[] = [];
    const pause = (milliseconds: number): Promise<void> => (pauses.push(milliseconds), Promise.resolve()); // prettier-ignore
    return { pauses, options: { pause, random: () => 0.5 } };
  };

  it.each([408, 429, 500, 502, 503, 504])('status %i, anywhere', async (status) => {
    for (const part of ['/revision/', '/tree/', weights]) {
      const { pauses, options } = paused();
      cache = join(folder.path, `cache-${caches++}`);
      hub.before = once(part, (_, response) => response.writeHead(status).end());
      await resolve(options);
      expect(pauses).toEqual([250]);
    }
  });

  it('no sooner than Retry-After says, in seconds or by date; too long is not waited for', async () => {
    const { pauses, options } = paused();
    hub.before = once(weights, (_, response) => response.writeHead(429, { 'Retry-After': '7' }).end()); // prettier-ignore
    await resolve(options);
    expect(pauses).toEqual([7000]);
    cache = join(folder.path, `cache-${caches++}`);
    const date = new Date(Date.now() + 60_000).toUTCString();
    hub.before = once('/tree/', (_, response) => response.writeHead(503, { 'Retry-After': date }).end()); // prettier-ignore
    await resolve(options);
    expect(pauses[1]).toBeGreaterThan(55_000);
    hub.before = answering('/tree/', (_, response) => response.writeHead(429, { 'Retry-After': '4000' }).end()); // prettier-ignore
    cache = join(folder.path, `cache-${caches++}`);
    await expect(resolve(options)).rejects.toThrow(/too many requests/);
    expect(pauses).toHaveLength(2);
  });

  it('longer and longer, and not for ever', async () => {
    const { pauses, options } = paused();
    hub.before = answering('/revision/', (_, response) => response.writeHead(503).end());
    await expect(resolve(options)).rejects.toThrow(/status 503/);
    expect(pauses).toEqual([250, 1250, 3750, 12_500]);
  });

  it('a connection that is reset', async () => {
    for (const part of ['/revision/', '/tree/', weights]) {
      cache = join(folder.path, `cache-${caches++}`);
      hub.before = once(part, (request) => request.socket.resetAndDestroy());
      await expectWhole();
    }
  });

  it('silence, before an answer and within one', async () => {
    const more = { HF_HUB_DOWNLOAD_TIMEOUT: '0.3' };
    for (const part of ['/revision/', '/tree/', weights]) {
      cache = join(folder.path, `cache-${caches++}`);
      hub.before = once(part, () => undefined);
      await resolve({ more });
      cache = join(folder.path, `cache-${caches++}`);
      hub.before = once(part, (_, response) => response.write('['));
      await resolve({ more });
    }
    hub.before = answering(weights, (_, response) => response.write(large.subarray(0, 10)));
    cache = join(folder.path, `cache-${caches++}`);
    await expect(resolve({ more })).rejects.toThrow(/hardly anything came for 0\.3 s/);
  });
});

describe('a drip', () => {
  it('counts as silence, and does not go on for ever', async () => {
    hub.before = answering(weights, (request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const range = `bytes ${from}-19999/20000`;
      response.writeHead(from > 0 ? 206 : 200, { ETag: '"one"', 'Content-Range': range });
      let at = from;
      const drop = setInterval(() => {
        if (response.destroyed) clearInterval(drop);
        else response.write(large.subarray(at, ++at));
      }, 20);
    });
    const start = performance.now();
    const more = { HF_HUB_DOWNLOAD_TIMEOUT: '0.2' };
    await expect(resolve({ more })).rejects.toThrow(/hardly anything came for 0\.2 s/);
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});

describe('a cut', () => {
  it('goes on by Range where the hub can', async () => {
    hub.breaks.set(weights, [3000, 2000]);
    await expectWhole();
    expect(rangesOf(weights)).toEqual(['bytes=3000-19999', 'bytes=3000-19999', 'bytes=5000-19999', 'bytes=5000-19999']); // prettier-ignore
  });

  /** Sends the first 3,000 bytes and breaks; then answers as told. */
  const cut = (then: (request: IncomingMessage, response: ServerResponse) => void): Before => {
    let first = true;
    return answering(weights, (request, response) => {
      if (!first) return then(request, response);
      first = false;
      response.writeHead(200, { ETag: '"one"', 'Content-Length': large.length });
      response.write(large.subarray(0, 3000), () => response.destroy());
    });
  };

  it('begins anew where the hub sends all again', async () => {
    hub.before = cut((_, response) => response.writeHead(200, { ETag: '"one"' }).end(large));
    await expectWhole();
  });

  it.each([
    ['another part', 'bytes 0-19999/20000', '"one"'],
    ['another size', 'bytes 3000-19999/20001', '"one"'],
    ['another content', 'bytes 3000-19999/20000', '"two"'],
    ['no part named', '', '"one"'],
  ])('begins anew where the hub sends %s', async (_, range, etag) => {
    hub.before = cut((request, response) => {
      if (request.headers.range === undefined) return void response.end(large);
      response.writeHead(206, { ETag: etag, 'Content-Range': range }).end(large.subarray(2000));
    });
    await expectWhole();
  });

  it('begins anew where there is no such part, or the parts are none of one file', async () => {
    hub.before = cut((request, response) => {
      if (request.headers.range !== undefined) response.writeHead(416).end();
      else response.end(large);
    });
    await expectWhole();
    cache = join(folder.path, `cache-${caches++}`);
    hub.before = cut((request, response) => {
      if (request.headers.range === undefined) return void response.end(large);
      const head = { ETag: '"one"', 'Content-Range': 'bytes 3000-19999/20000' };
      response.writeHead(206, head).end(Buffer.alloc(17_000));
    });
    await expectWhole();
  });
});

describe('drafts of other runs', () => {
  /** A mark as a process has made it that has ended since. */
  function deadMark(): string {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const own = ownerOf(ownerMark());
    return ownerMark({ space: own?.space ?? '', pid, start: 1 });
  }
  function leave(name: string, content: Uint8Array): void {
    mkdirSync(blobs(), { recursive: true });
    writeFileSync(blobs(name), content);
  }

  it('that were killed are gone on with', async () => {
    leave(`${hashOf(large)}.${deadMark()}.incomplete`, large.subarray(0, 7000));
    await expectWhole();
    expect(rangesOf(weights)[0]).toBe('bytes=7000-19999');
  });

  it.each([
    ['damaged', Buffer.alloc(7000)],
    ['too long', Buffer.alloc(30_000)],
    ['whole and damaged', Buffer.alloc(20_000)],
  ])('that are %s are begun anew', async (_, content) => {
    leave(`${hashOf(large)}.${deadMark()}.incomplete`, content);
    await expectWhole();
  });

  it('of other files are removed, those of live runs and of Python stay', async () => {
    const kept = [`${'a'.repeat(64)}.${ownerMark()}.incomplete`, `${'b'.repeat(64)}.incomplete`];
    for (const name of [...kept, `${'d'.repeat(64)}.${deadMark()}.incomplete`]) {
      leave(name, Buffer.from('x'));
    }
    await resolve();
    expect(drafts().sort()).toEqual(kept);
  });

  it('that live are not taken', async () => {
    const name = `${hashOf(large)}.${ownerMark()}.incomplete`;
    leave(name, large.subarray(0, 7000));
    await resolve();
    expect(rangesOf(weights)).toEqual([]);
    expect(drafts()).toEqual([name]);
    expect(readFileSync(blobOf(large)).equals(large)).toBe(true);
  });
});

describe('where the hub cannot be asked', () => {
  const warned = (): { warnings: string[]; onWarning: (text: string) => void } => {
    const warnings: string[] = [];
    return { warnings, onWarning: (text) => void warnings.push(text) };
  };

  it.each([
    ['cannot be reached', /cannot reach http.*\. Used instead: org\/tiny@c{40} in the cache/],
    ['refuses for now', /status 503/],
    ['does not let in', /does not take the access token/],
    ['is another, e.g. a page to log in', /it is not JSON/],
  ])('since it %s, the cache is used, with a warning', async (how, message) => {
    const online = await resolve();
    const { warnings, onWarning } = warned();
    hub.before = answering('/api/', (request, response) => {
      if (how === 'cannot be reached') request.socket.resetAndDestroy();
      else if (how === 'refuses for now') response.writeHead(503).end();
      else if (how === 'does not let in') response.writeHead(401).end();
      else response.setHeader('Content-Type', 'text/html').end('<html>Log in</html>');
    });
    expect(await resolve({ onWarning })).toEqual(online);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(message);
  });

  it('and the cache has nothing, or not all, it is an error', async () => {
    const { warnings, onWarning } = warned();
    hub.before = answering(graph, (_, response) => response.writeHead(503).end());
    await expect(resolve({ onWarning })).rejects.toThrow(/status 503/);
    hub.before = answering('/api/', (_, response) => response.writeHead(503).end());
    await expect(resolve({ onWarning })).rejects.toThrow(/status 503/);
    expect(warnings).toEqual([]);
  });

  it('nobody waits long where there is no network', async () => {
    await resolve();
    const pauses: number[] = [];
    const pause = (milliseconds: number): Promise<void> => (pauses.push(milliseconds), Promise.resolve()); // prettier-ignore
    const gone = await startHub();
    await gone[Symbol.asyncDispose]();
    const more = { HF_ENDPOINT: gone.url };
    await resolve({ more, pause, onWarning: () => undefined });
    expect(pauses).toEqual([]);
  });
});
