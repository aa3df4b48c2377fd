/** Leases and pulses: what observers do with a holder that falls silent. */
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { Leases, openWork, type Claimed } from '../../src/disk/leases.js';
import { ownerMark, ownerOf } from '../../src/disk/owner.js';
import { PulseWatch, startPulse } from '../../src/disk/pulse.js';
import { temporaryFolder } from '../runtime/models.js';

const temporary = temporaryFolder();
afterAll(temporary.remove);
let folders = 0;
const newFolder = (): string => join(temporary.path, `f${folders++}`);

/** A process of another machine. */
function leasesOf(folder: string, id: string, dead: ReadonlySet<string>, run = 'r'): Leases {
  const holder = { id, host: `host-${id}`, pid: 1 };
  return new Leases({ folder, run, holder, isDead: (other) => Promise.resolve(dead.has(other)) });
}

const states = (claims: readonly Claimed[]): string[] => claims.map(({ state }) => state).sort();

describe('leases', () => {
  it('are granted to one of many that ask at once, and to one of many that find a dead one', async () => {
    const folder = newFolder();
    const dead = new Set<string>();
    const all = Array.from({ length: 8 }, (_, i) => leasesOf(folder, `p${i}`, dead));
    const [first, ...busy] = states(await Promise.all(all.map((one) => one.claim('k')))).reverse();
    expect([first, new Set(busy)]).toEqual(['granted', new Set(['busy'])]);
    // Nobody is dead: all wait.
    expect(new Set(states(await Promise.all(all.map((one) => one.claim('k')))))).toEqual(new Set(['busy'])); // prettier-ignore
    for (let round = 0; round < 2; round++) {
      const [{ attempt } = { attempt: { id: '' } }] = await openWork(folder);
      dead.add(attempt.id);
      const others = all.filter((_, i) => !dead.has(`p${i}`));
      const claims = await Promise.all(others.map((one) => one.claim('k')));
      expect(claims.filter(({ state }) => state === 'granted')).toHaveLength(1);
    }
  });

  it('are given up after three deaths in one run, and tried anew in the next', async () => {
    const folder = newFolder();
    const dead = new Set(['a', 'b', 'c']);
    for (const id of dead) expect((await leasesOf(folder, id, dead).claim('k')).state).toBe('granted'); // prettier-ignore
    const given = await leasesOf(folder, 'd', dead).claim('k');
    expect(given).toMatchObject({ state: 'given up' });
    expect(JSON.stringify(given)).toMatch(/host-a ended.*host-b ended.*host-c ended/);
    expect((await leasesOf(folder, 'd', dead, 'next').claim('k')).state).toBe('granted');
  });

  it('failures count, what is released does not, and a result ends all of it', async () => {
    const folder = newFolder();
    const one = leasesOf(folder, 'a', new Set());
    const take = async (): Promise<Extract<Claimed, { state: 'granted' }>> => {
      const claimed = await one.claim('k');
      if (claimed.state !== 'granted') throw new Error(claimed.state);
      return claimed;
    };
    for (let i = 0; i < 5; i++) await (await take()).lease.release();
    await (await take()).lease.fail('out of memory');
    await (await take()).lease.fail('out of memory');
    expect(await openWork(folder)).toMatchObject([{ ended: true, failures: ['out of memory', 'out of memory'] }]); // prettier-ignore
    await (await take()).lease.done();
    expect(readdirSync(folder)).toEqual([]);
    expect((await one.claim('k', { look: true })).state).toBe('busy');
    await (await take()).lease.fail('');
    expect(await openWork(folder)).toMatchObject([{ failures: ['no reason given'] }]);
  });

  it('of one who died before its name was written can be taken over', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'k'), { recursive: true });
    writeFileSync(join(folder, 'k', '0'), '');
    let now = 0;
    const watch = new PulseWatch({ folder, patience: 100, now: () => now });
    const holder = { id: 'a', host: 'h', pid: 1 };
    const one = new Leases({ folder, run: 'r', holder, isDead: (id) => watch.isDead(id) });
    expect((await one.claim('k')).state).toBe('busy');
    for (let i = 0; i < 5; i++) {
      now += 50;
      await one.claim('k', { look: true });
    }
    expect((await one.claim('k')).state).toBe('granted');
  });
});

describe('PulseWatch', () => {
  const another = 'ffffffff-7-7-00000000';
  const beat = (folder: string, value: string): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, another), value);
  };

  it('counts silence as it is seen, by its own clock', async () => {
    const folder = newFolder();
    let now = 0;
    const watch = new PulseWatch({ folder, patience: 1000, now: () => now });
    beat(folder, '1');
    const after = async (milliseconds: number): Promise<boolean> => {
      now += milliseconds;
      return await watch.isDead(another);
    };
    expect(await after(0)).toBe(false);
    for (let i = 0; i < 9; i++) expect(await after(100)).toBe(false);
    beat(folder, '2');
    expect(await after(100)).toBe(false);
    for (let i = 0; i < 9; i++) expect(await after(100)).toBe(false);
    expect(await after(100)).toBe(true);
    // Back from a long sleep.
    beat(folder, '3');
    expect(await after(0)).toBe(false);
  });

  it('takes one long step between two looks for its own fault', async () => {
    const folder = newFolder();
    let now = 0;
    const watch = new PulseWatch({ folder, patience: 1000, now: () => now });
    beat(folder, '1');
    await watch.isDead(another);
    for (let i = 0; i < 4; i++) {
      now += 3_600_000;
      expect(await watch.isDead(another)).toBe(false);
    }
    now += 3_600_000;
    expect(await watch.isDead(another)).toBe(true);
  });

  it('knows a process of this machine that has ended at once', async () => {
    const watch = new PulseWatch({ folder: newFolder() });
    const [space] = ownerMark().split('-');
    expect(await watch.isDead(`${space}-${2 ** 22 + 1}-5-00000000`)).toBe(true);
    expect(await watch.isDead(ownerMark())).toBe(false);
  });
});

describe('startPulse', () => {
  it('beats while the main thread is busy, and leaves nothing', async () => {
    const folder = newFolder();
    const id = ownerMark();
    const pulse = await startPulse({ folder, id, every: 10 });
    await wait(200);
    const watch = new PulseWatch({ folder, patience: 50 });
    await watch.isDead(id);
    for (let i = 0; i < 5; i++) {
      const end = performance.now() + 30;
      while (performance.now() < end);
      expect(await watch.isDead(id)).toBe(false);
    }
    await pulse.stop();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('clears away those of processes that were killed here, and no others', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    const own = ownerMark();
    const { space, pid, start } = ownerOf(own) ?? { space: '', pid: 0, start: 0 };
    const dead = ownerMark({ space, pid, start: start + 1 });
    const elsewhere = ownerMark({ space: '00000000', pid, start });
    for (const id of [dead, elsewhere]) writeFileSync(join(folder, id), '9\n');
    // Its clock may be days behind.
    utimesSync(join(folder, elsewhere), 0, 0);
    const pulse = await startPulse({ folder, id: own });
    expect(readdirSync(folder).sort()).toEqual([own, elsewhere].sort());
    await pulse.stop();
  });
});
