import { describe, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { neededByProvider, packageOf } from '../../src/runtime/cuda/libraries.js';
import { judgeCuda, versionsIn } from '../../src/runtime/cuda/checks.js';
import type { CudaMachine } from '../../src/runtime/cuda/checks.js';
import { neededLibraries } from '../../src/runtime/cuda/elf.js';
import { fakeElf } from './fakeElf.js';
import { temporaryFolder } from './models.js';

const complete: CudaMachine = {
  platform: 'linux/x64',
  gpus: ['NVIDIA H100, 580.1'],
  version: '1.30.0',
  providerVersions: ['1.30.0'],
  libraries: [
    { file: 'libonnxruntime_providers_cuda.so', from: 'onnxruntime-gpu', path: '/a' },
    { file: 'libcudart.so.13', from: 'nvidia-cuda-runtime==13.*', path: '/b' },
  ],
  cudnn: '/c',
};

function failing(machine: Partial<CudaMachine>): [string, string][] {
  const checks = judgeCuda({ ...complete, ...machine });
  return checks.filter(({ ok }) => !ok).map(({ name, found }) => [name, found]);
}

describe('the checks of CUDA', () => {
  it('find nothing where all is there', () => {
    expect(failing({})).toEqual([]);
  });

  it('name the piece that is missing, and what to do next', () => {
    expect(failing({ gpus: null })).toEqual([['driver', expect.stringContaining('NVIDIA driver')]]);
    expect(failing({ gpus: [] })).toEqual([['driver', expect.stringContaining('no GPU')]]);
    const libraries = complete.libraries.map((library) => ({ ...library, path: null }));
    const [provider, runtime] = failing({ libraries });
    expect(provider).toEqual([libraries[0]?.file, expect.stringContaining('==1.30.0')]);
    expect(runtime).toEqual(['libcudart.so.13', expect.stringContaining('nvidia-cuda-runtime')]);
    expect(failing({ cudnn: null })).toEqual([
      ['cudnn', expect.stringContaining('nvidia-cudnn-cu13')],
    ]);
    expect(failing({ platform: 'darwin/arm64' })[0]?.[0]).toBe('platform');
  });

  it('refuse a provider of another version', () => {
    const [check] = failing({ providerVersions: ['1.29.0'] });
    expect(check).toEqual([
      'provider version',
      expect.stringMatching(/expected 1\.30\.0.*1\.29\.0/),
    ]);
  });
});

describe('packages', () => {
  it('follow the version of CUDA that the runtime says', () => {
    expect(packageOf('libcublasLt.so.12', ['libcudart.so.12'])).toBe('nvidia-cublas-cu12');
    expect(packageOf('libcublasLt.so.13', ['libcudart.so.13'])).toBe('nvidia-cublas==13.*');
    expect(packageOf('libcurand.so.10', ['libcudart.so.13'])).toBe('nvidia-curand==10.*');
    expect(packageOf('libcudnn.so.9', ['libcudart.so.12'])).toBe('nvidia-cudnn-cu12');
    expect(packageOf('libcuda.so.1', [])).toBe('NVIDIA driver');
  });
});

describe('a library', () => {
  it('says what it needs', () => {
    const bytes = fakeElf(['libcudart.so.13', 'libc.so.6']);
    const read = (offset: number, length: number): Uint8Array =>
      bytes.subarray(offset, offset + length);
    expect(neededLibraries(read)).toEqual(['libcudart.so.13', 'libc.so.6']);
    bytes[1] = 0;
    expect(() => neededLibraries(read)).toThrow('not a 64-bit shared library');
  });

  it('that is damaged is named, wherever it points', () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 'provider.so');
    const damaged = (change: (bytes: Uint8Array) => void): (() => unknown) => {
      const bytes = fakeElf(['libcudart.so.13']);
      change(bytes);
      writeFileSync(path, bytes);
      return () => neededByProvider(path);
    };
    expect(damaged(() => undefined)()).toEqual(['libcudart.so.13']);
    expect(damaged((bytes) => bytes.fill(0, 0, 4))).toThrow(
      /^device: \S+provider\.so cannot be used \(elf: not a 64-bit shared library of Linux\); copy/,
    );
    // The place of a name, beyond what a number can hold.
    expect(damaged((bytes) => bytes.fill(0xff, 264, 271))()).toEqual([]);
    folder.remove();
  });

  it('says its version where it stands alone', () => {
    expect(versionsIn(Buffer.from('a\x001.30.0\x00b 1.2.3 \x00'))).toEqual(['1.30.0']);
  });
});
