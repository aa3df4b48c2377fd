import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/disk/makeFolder.js';
import { fileReason } from '../../src/text/fileReasons.js';
import { temporaryFolder } from '../runtime/models.js';

const { path: folder, remove } = temporaryFolder();
afterAll(remove);

const reason = async (path: string): Promise<string> =>
  makeFolder(path).then(() => 'made', fileReason);

describe('makeFolder', () => {
  it('makes what is missing, once, and all at the same time', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await Promise.all([1, 2, 3].map(() => makeFolder(path)));
    await makeFolder(path);
    await makeFolder('/');
    expect(existsSync(path)).toBe(true);
  });

  it('ends, and says why, where no folder can be', async () => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    expect(await reason(join(folder, 'file'))).toMatch(/a file of that name/);
    expect(await reason(join(folder, 'file', 'x'))).toMatch(/is a file, not a folder/);
    expect(await reason(join(folder, 'link'))).toMatch(/a file of that name/);
    expect(await reason(join(folder, 'x'.repeat(300)))).toMatch(/the name is too long/);
  });

  it.skipIf(process.platform !== 'linux')('ends under /proc and /sys', async () => {
    expect(await reason('/proc/x/y')).toMatch(/does not allow that/);
    expect(await reason('/sys/x/y')).not.toMatch(/no such file/);
  });
});
