/** Names that become files, and where paths lead. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkName, fileWithin, isInnerPath, namingFault } from '../../src/disk/names.js';

const root = mkdtempSync(join(tmpdir(), 'names-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a name', () => {
  it.each([
    'scan.json',
    'sweep-corrector-arithmetic-m',
    '漢字',
    'a b',
    '.hidden',
    'console',
    'v1.0',
  ])('%j may be a file', (name) => {
    expect(namingFault(name)).toBeNull();
    expect(checkName(name, 'part')).toBe(name);
  });

  it.each([
    ...['', '.', '..', '../secret', 'a/b', '/etc/passwd', 'a\\b', '..\\x', 'C:', 'C:\\x', 'a\0b'],
    ...['a\nb', 'a\u001b[2J', 'x\u202egnp', 'NUL', 'con', 'Com1.txt', 'aux.json', 'a.', 'a ', ' a'],
    ...['a:b', 'a?', 'a*', 'x'.repeat(300), '\ud800'],
  ])('%j may not', (name) => {
    expect(namingFault(name)).not.toBeNull();
    expect(() => checkName(name, 'report: part')).toThrow(
      /^report: part: ".*" is no name of a file/,
    );
  });

  it('of an inner path is one after the other', () => {
    expect(isInnerPath('rounds/records.jsonl')).toBe(true);
    for (const path of ['/a', 'a//b', 'a/', '../a', 'a/../b', 'javascript:alert(1)', 'a/NUL']) {
      expect(isInnerPath(path), path).toBe(false);
    }
  });
});

describe('fileWithin', () => {
  const folder = join(root, 'run');
  mkdirSync(join(folder, 'part'), { recursive: true });
  writeFileSync(join(root, 'secret.json'), '{}');
  writeFileSync(join(folder, 'scan.json'), '{}');
  writeFileSync(join(folder, 'part', 'scan.json'), '{}');
  mkdirSync(join(root, 'run-beside'));
  writeFileSync(join(root, 'run-beside', 'scan.json'), '{}');
  symlinkSync(folder, join(root, 'latest'));
  symlinkSync('scan.json', join(folder, 'inner.json'));
  symlinkSync('../secret.json', join(folder, 'outer.json'));
  symlinkSync('../run-beside', join(folder, 'beside'));
  symlinkSync(root, join(folder, 'up'));
  symlinkSync('nowhere', join(folder, 'dangling.json'));
  symlinkSync('/dev/zero', join(folder, 'endless.json'));

  it('finds what is there, through links that stay inside', async () => {
    const within = (...names: string[]): Promise<string | null> =>
      fileWithin(folder, names, 'plot');
    expect(await within('scan.json')).toBe(join(folder, 'scan.json'));
    expect(await within('part', 'scan.json')).toBe(join(folder, 'part', 'scan.json'));
    expect(await within('inner.json')).toBe(join(folder, 'inner.json'));
    expect(await within('none.json')).toBeNull();
    expect(await within('none', 'scan.json')).toBeNull();
    expect(await fileWithin(join(root, 'latest'), ['scan.json'], 'plot')).not.toBeNull();
  });

  it.each([
    [['outer.json']],
    [['up', 'secret.json']],
    [['beside', 'scan.json']],
    [['endless.json']],
    [['dangling.json']],
  ])('refuses %j, which leads out', async (names) => {
    await expect(fileWithin(folder, names, 'plot')).rejects.toThrow(/plot: .* leads out of the folder/); // prettier-ignore
  });

  it('refuses what is no file, and names that are none', async () => {
    await expect(fileWithin(folder, ['part'], 'plot')).rejects.toThrow(/is no file/);
    if (spawnSync('mkfifo', [join(folder, 'pipe.json')]).status === 0) {
      await expect(fileWithin(folder, ['pipe.json'], 'plot')).rejects.toThrow(/is no file/);
    }
    await expect(fileWithin(folder, ['..', 'secret.json'], 'plot')).rejects.toThrow(/is no name/);
  });
});
