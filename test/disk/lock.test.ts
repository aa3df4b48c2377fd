/** One owner at a time, whoever dies. */
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder, type Lock } from '../../src/disk/lock.js';
import { ownerMark, ownerOf } from '../../src/disk/owner.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'lock-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const take = (): Promise<Lock> => lockFolder({ folder, purpose: 'sweep', patience: 200 });
const here = ownerOf(ownerMark());
if (!here) throw new Error('a mark has no owner');

/** Of a process that had this one's number before. */
const dead = (): string => `run-${ownerMark({ ...here, start: here.start + 1 })}.lock`;
const foreign = (): string => `run-${ownerMark({ ...here, space: '00000000' })}.lock`;

describe('lockFolder', () => {
  it('refuses a second one until the first is released, and says who holds it', async () => {
    const lock = await take();
    await expect(take()).rejects.toThrow(
      new RegExp(
        `^run folder: ${folder} is in use by process ${process.pid} \\(sweep, since 20.*\\); wait until it ends, or end it and run the same command again`,
      ),
    );
    expect(await readdir(folder)).toHaveLength(1);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await (await take()).release();
  });

  it('takes over from the dead, held or claimed', async () => {
    await writeFile(join(folder, dead()), '{"pid":1}\n');
    await writeFile(join(folder, dead()), '');
    const lock = await take();
    expect(await readdir(folder)).toHaveLength(1);
    await lock.release();
  });

  it('is held by exactly one of many that take over at once', async () => {
    for (let round = 0; round < 30; round++) {
      await writeFile(join(folder, dead()), '{"pid":1}\n');
      const tries = await Promise.allSettled(Array.from({ length: 6 }, take));
      const held = tries.flatMap((t) => (t.status === 'fulfilled' ? [t.value] : []));
      expect(held).toHaveLength(1);
      expect(await readdir(folder)).toHaveLength(1);
      await held[0]?.release();
    }
  });

  it('waits for a claim that does not end, and then names it', async () => {
    const claim = `run-ffffffff-${here.pid}-${here.start}-ffffffff.lock`;
    await writeFile(join(folder, claim), '');
    await expect(take()).rejects.toThrow(`in use by process ${here.pid} on another machine`);
  });

  it('respects another machine while it gives signs of life', async () => {
    const name = foreign();
    await writeFile(join(folder, name), '{"host":"farm-7","purpose":"extract"}\n');
    await expect(take()).rejects.toThrow(
      new RegExp(
        `process ${here.pid} on farm-7 \\(extract\\); .*2 minutes after, or remove ${name}`,
      ),
    );
    const before = new Date(Date.now() - 130_000);
    await utimes(join(folder, name), before, before);
    const lock = await take();
    const [own = ''] = await readdir(folder);
    expect(own).not.toBe(name);
    expect(JSON.parse(await readFile(join(folder, own), 'utf8'))).toMatchObject({
      pid: process.pid,
      purpose: 'sweep',
    });
    await lock.release();
  });

  it('passes by what is no lock of the lab', async () => {
    await writeFile(join(folder, 'yarn.lock'), 'theirs');
    await (await take()).release();
    expect(await readdir(folder)).toEqual(['yarn.lock']);
  });
});
