/** A worker that is up before what it asks for: Redis, a folder, S3. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeRedis } from '../machines/fakeRedis.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, type CallResult } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
const servers: (Server | HttpServer)[] = [];
afterAll(() => {
  servers.forEach((server) => server.close());
  folder.remove();
});

async function listen<S extends Server | HttpServer>(server: S, port = 0): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const helping = (...more: string[]): string[] => ['worker', '--until-idle', ...more];
const at = (port: number): string => `redis://:secret-word@127.0.0.1:${port}`;

/** A worker; what is missing comes when it says that it waits. */
async function waiting(argv: readonly string[], come: () => unknown): Promise<CallResult> {
  const onStderr = (text: string): void => void (text.includes('waiting for') && come());
  return await call(argv, { cwd, onStderr });
}

describe('a worker waits', () => {
  it('for Redis, and says so once', async () => {
    const port = await freePort();
    const redis = fakeRedis();
    const begin = (): unknown => setTimeout(() => void listen(redis, port), 600);
    const { code, stderr } = await waiting(helping('--redis', at(port)), begin);
    expect(code, stderr).toBe(0);
    expect(stderr.match(/waiting for/g)).toHaveLength(1);
    expect(stderr).toMatch(/waiting for 60 s at most: redis: cannot reach .*nothing answers there/);
    expect(stderr).not.toContain('secret-word');
  });

  it('for a Redis that still loads', async () => {
    const loading = fakeRedis(() => '-LOADING Redis is loading the dataset in memory\r\n');
    const port = await listen(loading);
    const { code, stderr } = await call(helping('--redis', at(port), '--wait', '1'), { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/waiting for 1 s at most: .*LOADING/);
  });

  it('for a folder that is not mounted', async () => {
    const argv = helping('--store', 'mount/units');
    const mount = (): unknown => mkdirSync(join(cwd, 'mount/units'), { recursive: true });
    const { code, stderr } = await waiting(argv, mount);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/waiting .*: store: there is no folder .*mount\/units; mount it/);
  });

  it('for a job in a folder that is still empty', async () => {
    mkdirSync(join(cwd, 'empty'));
    const argv = helping('--store', 'empty', '--job', 'sweep-1', '--wait', '1');
    const { code, stderr } = await call(argv, { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/waiting .*there is no job sweep-1 \(there are none\)/);
  });

  it('for S3 that has too much to do', async () => {
    const statuses = [503, 503];
    const s3 = createHttp((_, response) => response.writeHead(statuses.shift() ?? 404).end());
    const env = {
      ...{ AWS_ENDPOINT_URL: `http://127.0.0.1:${await listen(s3)}` },
      ...{ AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' },
    };
    const redis = at(await listen(fakeRedis()));
    const argv = helping('--redis', redis, '--store', 's3://lab/units');
    const { code, stderr } = await call(argv, { cwd, env });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/waiting for 60 s at most: store: .* answers 503/);
    expect(statuses).toEqual([]);
    const denied = createHttp((_, response) => response.writeHead(403).end());
    const other = { ...env, AWS_ENDPOINT_URL: `http://127.0.0.1:${await listen(denied)}` };
    const refused = await call(argv, { cwd, env: other });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/answers 403/);
    expect(refused.stderr).not.toContain('waiting');
  });

  it('so long as it is told, and not at all', async () => {
    const redis = at(await freePort());
    const start = performance.now();
    const short = await call(helping('--redis', redis, '--wait', '1'), { cwd });
    expect(performance.now() - start).toBeGreaterThan(1000);
    expect(short.code).toBe(1);
    expect(short.stderr).toMatch(
      /\n.*redis: cannot reach .*; start it, or give another --redis\n$/,
    );
    const never = await call(helping('--redis', redis, '--wait', '0'), { cwd });
    expect(never.stderr).not.toContain('waiting');
  });
});

describe('at once it ends', () => {
  it.each([
    ['at a wrong password', '-WRONGPASS invalid username-password pair or user is disabled.\r\n', /refuses: WRONGPASS .*give its password/], // prettier-ignore
    ['without a password', '-NOAUTH Authentication required.\r\n', /refuses: NOAUTH .*give its password/], // prettier-ignore
    ['without a password that it wants from the first word', '-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time\r\n', /refuses: NOAUTH .*give its password/], // prettier-ignore
    ['at a server of HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', /is no Redis .*another --redis/],
    ['at one of SSH', 'SSH-2.0-OpenSSH_9.2\r\n', /is no Redis .*another --redis/],
  ])('%s', async (_, said, expected) => {
    const port = await listen(fakeRedis(() => said));
    const { code, stderr } = await call(helping('--redis', at(port)), { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/waiting|secret-word/);
  });

  it('at one without TLS that is asked for it, and says how that is named', async () => {
    const port = await listen(fakeRedis(() => ''));
    const { code, stderr } = await call(helping('--redis', `rediss://127.0.0.1:${port}`, '--wait', '0'), { cwd }); // prettier-ignore
    expect(code).toBe(1);
    expect(stderr).toMatch(/redis: cannot reach rediss:.* \(one without TLS is redis:\/\/…\)\n$/);
  });

  it('at an address of another kind', async () => {
    const { code, stderr } = await call(helping('--redis', 'http://:secret-word@host:1'), { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /redis: http:\/\/…@host:1 is no address of a Redis .*redis:\/\/host:6379/,
    );
    expect(stderr).not.toMatch(/waiting|secret-word/);
  });

  it('at a file in the place of the folder', async () => {
    writeFileSync(join(cwd, 'file'), '');
    const { code, stderr } = await call(helping('--store', 'file'), { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/store: cannot read .*a part of the path is a file/);
  });

  it('where it is the first machine, whose person sits before it', async () => {
    const redis = at(await freePort());
    const argv = ['rounds', '--on', 'bullmq', '--redis', redis];
    const { code, stderr } = await call(argv, { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/redis: cannot reach/);
    expect(stderr).not.toContain('waiting');
  });
});
