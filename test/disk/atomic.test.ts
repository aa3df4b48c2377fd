/** Files are there whole or as they were. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDraft, writeAtomic } from '../../src/disk/atomic.js';
import { removeLeftovers } from '../../src/disk/leftovers.js';
import { ownerMark, ownerOf, ownerState } from '../../src/disk/owner.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'atomic-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const here = ownerOf(ownerMark());
if (!here) throw new Error('a mark has no owner');

/** A mark of a process of this machine that has ended. */
function deadMark(): string {
  const pid = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
  return ownerMark({ space: here?.space ?? '', pid, start: here?.start ?? 0 });
}

describe('owners', () => {
  it('of this process are alive, of one that ended or lent its number on, dead', () => {
    expect(ownerState(here)).toBe('alive');
    expect(ownerState({ ...here, start: here.start + 1 })).toBe('dead');
    expect(ownerState(ownerOf(deadMark()) ?? here)).toBe('dead');
    expect(ownerState({ ...here, space: '00000000' })).toBe('elsewhere');
    expect(ownerOf('scan.json.1234')).toBeNull();
  });
});

describe('writeAtomic', () => {
  it('leaves the old file whole until the new one is, and no draft', async () => {
    const path = join(folder, 'a.jsonl');
    await writeFile(path, 'old\n');
    const draft = await openDraft(path);
    await draft.write('new 1\n');
    await draft.write('new 2\n');
    expect(await readFile(path, 'utf8')).toBe('old\n');
    expect(await readdir(folder)).toHaveLength(2);
    await draft.keep();
    expect(await readFile(path, 'utf8')).toBe('new 1\nnew 2\n');
    await draft.drop();
    expect(await readdir(folder)).toEqual(['a.jsonl']);
  });

  it('drops a draft, and keeps the mode of the old file', async () => {
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    await chmod(path, 0o600);
    const draft = await openDraft(path);
    await draft.write('half');
    await draft.drop();
    expect(await readdir(folder)).toEqual(['a']);
    expect(await readFile(path, 'utf8')).toBe('old');
    await writeAtomic(path, 'new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('a file that is there stays where none is to be replaced', async () => {
    const path = join(folder, 'a');
    const [first, second] = [await openDraft(path), await openDraft(path)];
    await first.write('first');
    await second.write('second');
    await second.keep({ replace: false });
    await first.keep({ replace: false });
    expect(await readFile(path, 'utf8')).toBe('second');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('writes behind links, which stay', async () => {
    await mkdir(join(folder, 'real'));
    await symlink('real/target', join(folder, 'link'));
    await symlink('link', join(folder, 'link2'));
    await writeAtomic(join(folder, 'link2'), 'text');
    expect(await readFile(join(folder, 'real/target'), 'utf8')).toBe('text');
    expect(await readlink(join(folder, 'link2'))).toBe('link');
    expect(await readdir(join(folder, 'real'))).toEqual(['target']);
  });

  it('takes names as long as a file system allows', async () => {
    for (const name of ['n'.repeat(255), 'ü'.repeat(127)]) {
      await writeAtomic(join(folder, name), 'text');
      expect(await readFile(join(folder, name), 'utf8')).toBe('text');
    }
  });

  it.runIf(process.platform === 'linux')('never replaces what is no file', async () => {
    await writeAtomic('/dev/null', 'text');
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
    const full = writeAtomic('/dev/full', 'text', 'dataset');
    await expect(full).rejects.toThrow('dataset: cannot write /dev/full: the disk is full');
    const url = new URL('../../dist/disk/atomic.js', import.meta.url).href;
    const SCRIPT = `import("${url}").then((m) => m.writeAtomic("/dev/stdout", "rows"))`;
    const env = { ...process.env, SCRIPT, LOG: join(folder, 'log') };
    const shell = (line: string): string =>
      execFileSync('sh', ['-c', line], { env, encoding: 'utf8' });
    expect(shell(`"${process.execPath}" -e "$SCRIPT" | cat`)).toBe('rows');
    await writeFile(join(folder, 'log'), 'before ');
    shell(`"${process.execPath}" -e "$SCRIPT" >> "$LOG"`);
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('before rows');
  });

  it('names the place, what is wrong and the remedy', async () => {
    await expect(writeAtomic(folder, 'x')).rejects.toThrow(
      `record: cannot write ${folder}: it is a folder (expected a file); choose another place`,
    );
    await expect(writeAtomic(join(folder, 'a/b'), 'x', 'dataset')).rejects.toThrow(
      /^dataset: cannot write .*a\/b: no such file or folder/,
    );
  });
});

describe('removeLeftovers', () => {
  it('takes drafts of dead processes, and no others', async () => {
    const alive = `a.${ownerMark()}.tmp`;
    const foreign = (hours: number): string =>
      `${hours}h.${ownerMark({ ...here, space: '00000000' })}.tmp`;
    const [fresh, old] = [foreign(1), foreign(25)];
    const names = [alive, `a.${deadMark()}.tmp`, fresh, old, 'mine.tmp', 'scan.json.99.tmp'];
    for (const name of names) await writeFile(join(folder, name), '');
    const before = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(join(folder, old), before, before);
    await removeLeftovers(folder);
    const kept = [alive, fresh, 'mine.tmp', 'scan.json.99.tmp'];
    expect((await readdir(folder)).sort()).toEqual(kept.sort());
    await removeLeftovers(folder, { all: true });
    expect((await readdir(folder)).sort()).toEqual([alive, fresh].sort());
  });

  it('happens at the next file that is written there', async () => {
    await writeFile(join(folder, `rows.jsonl.${deadMark()}.tmp`), 'half');
    await writeAtomic(join(folder, 'other'), 'x');
    expect(await readdir(folder)).toEqual(['other']);
  });
});
