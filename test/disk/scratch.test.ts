import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { ownerMark, ownerOf } from '../../src/disk/owner.js';
import { makeScratch } from '../../src/disk/scratch.js';

it('makeScratch gives a folder that goes when it is closed, and takes those of killed processes along', async () => {
  const { space, pid, start } = ownerOf(ownerMark()) ?? { space: '', pid: 0, start: 0 };
  const left = join(
    tmpdir(),
    `aligner-lab-test-${ownerMark({ space, pid, start: start + 1 })}.tmp`,
  );
  mkdirSync(left);
  let path: string;
  {
    await using scratch = await makeScratch('test');
    path = scratch.path;
    await using other = await makeScratch('test');
    expect(other.path).not.toBe(path);
    expect([path, other.path, left].map(existsSync)).toEqual([true, true, false]);
    expect(basename(path)).toMatch(/^aligner-lab-test-.*\.tmp$/);
    writeFileSync(join(path, 'a'), 'a');
  }
  expect(existsSync(path)).toBe(false);
});
