import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileError } from '../../src/disk/fileErrors.js';
import { sha256, sha256File } from '../../src/record/hash.js';
import { canonicalJson, firstDifference, toJson } from '../../src/record/json.js';
import { installedVersions } from '../../src/record/versions.js';

describe('sha256', () => {
  it('matches the published vectors, streamed and whole', async () => {
    // FIPS 180-2, B.1 and B.3.
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const million = 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0';
    expect(sha256('abc')).toBe(abc);
    const folder = await mkdtemp(join(tmpdir(), 'hash-'));
    const path = join(folder, 'a');
    await writeFile(path, 'a'.repeat(1_000_000));
    expect(await sha256File(path)).toBe(million);
    await rm(folder, { recursive: true });
    await expect(sha256File(path)).rejects.toThrow(/hash: cannot read .*no such file/);
  });
});

describe('toJson', () => {
  it('writes typed arrays as arrays and null where it is meant', () => {
    const value = { a: new Float32Array([0.5, 2]), b: null, c: [1n < 2n] };
    expect(toJson(value)).toBe('{"a":[0.5,2],"b":null,"c":[true]}');
  });

  it('refuses numbers that JSON cannot hold', () => {
    expect(() => toJson({ a: { slope: NaN } })).toThrow('slope is NaN');
    expect(() => toJson({ a: new Float32Array([-Infinity]) })).toThrow('is -Infinity');
    expect(() => toJson(undefined)).toThrow('undefined');
  });

  it('compares values whatever the order of their keys', () => {
    expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: 0 })).toBe('{"a":0,"b":[1,{"c":2,"d":1}]}');
    expect(firstDifference({ a: [1, 2] }, { a: [1, 3] })).toEqual({ path: 'a.1', a: 2, b: 3 });
    expect(firstDifference({ a: 1 }, { a: 1, b: 2 })?.path).toBe('b');
    expect(firstDifference([], [])).toBeNull();
  });
});

describe('fileError', () => {
  it.each([
    ['ENOSPC', 'disk is full; free some space, then run the same command again to resume'],
    ['EACCES', 'permission denied'],
    ['EROFS', 'read-only'],
  ])('explains %s', (code, words) => {
    const error = Object.assign(new Error(code), { code });
    const shown = fileError({ subject: 'records', action: 'write', path: '/x', error });
    expect(shown.message).toContain(`records: cannot write /x: `);
    expect(shown.message).toContain(words);
    expect(shown.cause).toBe(error);
  });
});

describe('installedVersions', () => {
  it('names the lab, Node and the runtime', () => {
    const versions = installedVersions();
    expect(versions.node).toBe(process.versions.node);
    expect(versions['aligner-lab']).toMatch(/^\d+\.\d+\.\d+/);
    expect(versions['onnxruntime-node']).toMatch(/^\d+\.\d+\.\d+/);
  });
});
