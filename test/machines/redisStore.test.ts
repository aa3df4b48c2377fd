/** What the store in Redis asks of it. */
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { steadyRedis } from '../../src/machines/redis/connection.js';
import { redisStore } from '../../src/machines/redis/store.js';
import { askedTogether } from '../../src/record/store.js';
import { fakeRedis } from './fakeRedis.js';

// More than the ten listeners at which Node warns.
const keys = ['01', '23', '45', '67', '89', 'ab', 'cd', 'ef', '012', '234', '456', '678'];
const waiting: (() => void)[] = [];
/** Nothing is answered before all have been asked for; every second one is there. */
const server = fakeRedis(([name]) => {
  if (name?.toUpperCase() !== 'EXISTS') return undefined;
  const answer = `:${waiting.length % 2}\r\n`;
  return new Promise((resolve) => {
    waiting.push(() => resolve(answer));
    if (waiting.length === keys.length) waiting.forEach((tell) => tell());
  });
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());

it('and no more than are needed to know that one is missing', async () => {
  const asked: string[] = [];
  const has = (key: string): Promise<boolean> => (asked.push(key), Promise.resolve(key !== '45'));
  const many = ['01', '23', '45', '67', '89', 'ab', 'cd'];
  expect(await askedTogether(many, { has, atOnce: 2, any: true })).toEqual(['01', '23', '67']);
  expect(asked).toEqual(['01', '23', '45', '67']);
  expect(await askedTogether(many, { has, atOnce: 2 })).toHaveLength(6);
});

it('many results are looked for together: none waits for the answer to another', async () => {
  const redis = await steadyRedis(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const store = redisStore(redis, null);
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  expect(await store.known?.(keys)).toEqual(keys.filter((_, i) => i % 2 === 1));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
  redis.disconnect();
});

it('says what to do where Redis is full, or keeps something else or what is damaged', async () => {
  const said = new Map([
    ['SET', "-OOM command not allowed when used memory > 'maxmemory'.\r\n"],
    ['EXISTS', '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n'],
    ['GET', '$3\r\n[{"\r\n'],
  ]);
  const odd = fakeRedis(([name]) => said.get(name?.toUpperCase() ?? ''));
  await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
  const redis = await steadyRedis(`redis://127.0.0.1:${(odd.address() as AddressInfo).port}`);
  const store = redisStore(redis, null);
  await expect(store.put('01', 1)).rejects.toThrow(/no memory left \(OOM .*raise its maxmemory/);
  await expect(store.has('01')).rejects.toThrow(/something else \(WRONGTYPE .*aligner-lab:/);
  await expect(store.get('01')).rejects.toThrow(/aligner-lab:result:[0-9a-f]{64} is no JSON; delete/); // prettier-ignore
  redis.disconnect();
  odd.close();
});

it('a Redis that comes back with another password ends the waiting, and says so', async () => {
  let password = 'first';
  const sockets: Socket[] = [];
  const changed = fakeRedis(([name, given]) => {
    if (name?.toUpperCase() === 'GET') return new Promise(() => undefined);
    if (name?.toUpperCase() !== 'AUTH' || given === password) return undefined;
    return '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
  });
  changed.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => changed.listen(0, '127.0.0.1', resolve));
  const { port } = changed.address() as AddressInfo;
  const redis = await steadyRedis(`redis://:first@127.0.0.1:${port}`);
  await new Promise((resolve) => redis.once('ready', resolve));
  const asked = redisStore(redis, null).get('01');
  password = 'second';
  sockets.forEach((socket) => socket.destroy());
  await expect(asked).rejects.toThrow(/…@127.*refuses: WRONGPASS.*; give its password/);
  changed.close();
});
