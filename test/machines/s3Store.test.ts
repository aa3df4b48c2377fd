/** The store in S3, against a server that answers as S3 does. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Away } from '../../src/machines/away.js';
import { s3Store } from '../../src/machines/s3Store.js';
import type { Store } from '../../src/record/store.js';

const objects = new Map<string, string>();
const asked: string[] = [];
/** Answers of the next requests, before any is looked at. */
let failing: number[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '', headers } = request;
  const body = await text(request);
  asked.push(`${method} ${url.replace(/[0-9a-f]{64}/, '…').replace(/\/[0-9a-f]{2}\//, '/../')}`);
  const status = failing.shift();
  if (status !== undefined) return void response.writeHead(status).end();
  if (
    !/^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/eu-central-1\/s3\//.test(headers.authorization ?? '')
  ) {
    return void response.writeHead(403).end('<Error><Message>Access Denied</Message></Error>');
  }
  const found = objects.get(url);
  if (method === 'PUT') {
    // RFC 9110: a put on condition that there is nothing.
    if (headers['if-none-match'] === '*' && found !== undefined) return void response.writeHead(412).end(); // prettier-ignore
    objects.set(url, body);
    return void response.writeHead(200).end();
  }
  if (found === undefined) return void response.writeHead(404).end();
  response.writeHead(200).end(method === 'HEAD' ? undefined : found);
}

const server = createServer((request, response) => void answer(request, response));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());
beforeEach(() => {
  objects.clear();
  asked.length = 0;
  failing = [];
});

function storeOf(more: Record<string, string | undefined> = {}, about: unknown = null): Store {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
  const env = { ...keys, AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: endpoint, ...more };
  return s3Store({ url: 's3://lab/units', about, env, pause: 1 });
}

describe('s3Store', () => {
  it('keeps the first value of a key, apart by what results depend on beside it', async () => {
    const store = storeOf();
    expect(await store.get('0123')).toBeUndefined();
    expect(await store.has('0123')).toBe(false);
    await store.put('0123', [{ a: 1 }]);
    await store.put('0123', 'second');
    expect(await store.get('0123')).toEqual([{ a: 1 }]);
    expect(await store.has('0123')).toBe(true);
    expect(await storeOf({}, { version: 2 }).get('0123')).toBeUndefined();
    expect(asked[0]).toBe('GET /lab/units/../….json');
  });

  it('knows which of many are there', async () => {
    const store = storeOf();
    const keys = Array.from({ length: 100 }, (_, i) => `${1000 + i}`);
    const some = keys.filter((_, i) => i % 3 === 0);
    for (const key of some) await store.put(key, null);
    expect(await store.known?.(keys)).toEqual(some);
  });

  it('asks again where the service fails, and where two writers meet', async () => {
    const store = storeOf();
    failing = [503, 500, 429, 409];
    await store.put('0123', 1);
    expect(asked).toHaveLength(5);
    failing = [503];
    expect(await store.get('0123')).toBe(1);
  });

  it('says what is wrong', async () => {
    const denied = storeOf({ AWS_ACCESS_KEY_ID: 'other' });
    await expect(denied.get('0123')).rejects.toThrow(/answers 403: "?Access Denied/);
    failing = Array.from({ length: 20 }, () => 503);
    await expect(storeOf().has('0123')).rejects.toThrow(Away);
    const unreachable = storeOf({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
    await expect(unreachable.get('0123')).rejects.toThrow(/cannot be reached/);
    await expect(unreachable.get('0123')).rejects.toThrow(Away);
    expect(() => storeOf({ AWS_SECRET_ACCESS_KEY: undefined })).toThrow(/set AWS_ACCESS_KEY_ID/);
    expect(() => s3Store({ url: 's3://', about: null, env: {} })).toThrow(/expected s3:/);
  });
});
