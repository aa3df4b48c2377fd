import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorSentence, reasonOf } from '../../src/text/errorSentence.js';

/** What a call throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return null;
}

const system = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: the system's own words, open '/a/b'`), {
    ...{ code, syscall: 'open', path: '/a/b' },
    ...more,
  });

describe('errorSentence', () => {
  it("says the system's errors in words, with the file", () => {
    expect(errorSentence(thrownBy(() => readFileSync('/no/where')))).toBe(
      'file: cannot open /no/where: no such file or folder; check the path',
    );
    expect(errorSentence(thrownBy(() => readdirSync('/no/where')))).toMatch(/cannot list \/no/);
    expect(errorSentence(system('EROFS'))).toMatch(/\/a\/b: the file system is read-only; choose/);
    expect(errorSentence(system('EMFILE'))).toMatch(/\/a\/b: too many open files; .*ulimit -n/);
    expect(errorSentence(system('EXOTIC'))).toBe(
      "file: cannot open /a/b: the system's own words (EXOTIC); try again, or choose another place",
    );
    expect(errorSentence(system('ENOENT', { syscall: 'uv_cwd' }))).toMatch(/^folder: .*\(cd\)$/);
  });

  it("looks into fetch's error, which says nothing", () => {
    const cause = system('ECONNREFUSED', { syscall: 'connect', path: undefined });
    expect(errorSentence(new TypeError('fetch failed', { cause }))).toMatch(
      /^network: cannot connect: nothing answers there; check the address/,
    );
  });

  it('shows nobody what only a programmer understands', () => {
    const none = null as unknown as { length: number };
    const fault = errorSentence(thrownBy(() => none.length));
    expect(fault).toMatch(/^unexpected: a fault of the program \(TypeError\); .*--debug/);
    const length = thrownBy(() => new Float32Array(-1));
    expect(errorSentence(length)).toMatch(/not enough memory/);
    expect(reasonOf(thrownBy(() => JSON.parse('{"a": }') as unknown))).toMatch(
      /^it is not JSON \(/,
    );
  });

  it("leaves the lab's own sentences as they are", () => {
    expect(errorSentence(new Error('pca: 1 row (expected 2)'))).toBe('pca: 1 row (expected 2)');
    expect(errorSentence('text')).toBe('text');
  });
});
