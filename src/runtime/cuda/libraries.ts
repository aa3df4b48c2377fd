/**
 * What onnxruntime-node's CUDA provider needs on this machine, found without loading it.
 *
 * The provider is not part of the npm package. It comes in builds for CUDA 12 and for CUDA 13;
 * which libraries it needs is read from the provider itself.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { neededLibraries } from './elf.js';
import { reasonOf } from '../../text/errorSentence.js';

/** Files that belong beside onnxruntime-node's own binary. */
const providerFiles = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;

/** Where the loader looks besides its own cache. */
const systemFolders = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
];

export interface Library {
  file: string;
  /** Package it belongs to. */
  from: string;
  /** Where it was found; null where it is missing. */
  path: string | null;
}

/** Folder of onnxruntime-node's binaries for this platform. */
export function binaryFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return join(dirname(manifest), 'bin', 'napi-v6', process.platform, process.arch);
}

/** Every library the CUDA provider needs, with the place where it was found. */
export function cudaLibraries(env: NodeJS.ProcessEnv = process.env): Library[] {
  const own = binaryFolder();
  const provided = providerFiles.map((file) => ({
    file,
    from: 'onnxruntime-gpu',
    path: firstExisting([own], file),
  }));
  const provider = provided.at(-1)?.path ?? null;
  // Without the provider nobody knows which CUDA it will want; the driver is needed in any case.
  const needed = provider === null ? ['libcuda.so.1'] : neededByProvider(provider);
  const folders = [own, ...(env.LD_LIBRARY_PATH ?? '').split(':'), ...systemFolders];
  const cache = loaderCache();
  const system = needed.map((file) => ({
    file,
    from: packageOf(file, needed),
    path: firstExisting(folders, file) ?? cache.get(file) ?? null,
  }));
  return [...provided, ...system];
}

/**
 * The libraries of CUDA among those that a provider links against, the driver's included.
 * @throws naming the file, where it is damaged or cannot be read.
 */
export function neededByProvider(path: string): string[] {
  try {
    return linkedLibraries(path).filter((name) => /^lib(cu|nv)/.test(name));
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new Error(
      `device: ${path} cannot be used (${reason}); copy it there again (docs/cuda.md)`,
      { cause },
    );
  }
}

function linkedLibraries(path: string): string[] {
  const file = openSync(path, 'r');
  try {
    return neededLibraries((offset, length) => {
      // Beyond the end of every file: a damaged one points anywhere.
      if (!Number.isSafeInteger(offset)) return new Uint8Array();
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    });
  } finally {
    closeSync(file);
  }
}

const driver = 'NVIDIA driver';

/** By the start of a library's name: the package of PyPI that brings it. */
const packages: readonly (readonly [start: string, name: string])[] = [
  ['libcudart.', 'nvidia-cuda-runtime'],
  ['libcublas', 'nvidia-cublas'],
  ['libcurand.', 'nvidia-curand'],
  ['libcufft.', 'nvidia-cufft'],
  ['libnvrtc.', 'nvidia-cuda-nvrtc'],
  ['libnvJitLink.', 'nvidia-nvjitlink'],
];

/**
 * Where a library comes from.
 * @param all names of all that are needed: the runtime's tells the version of CUDA
 */
export function packageOf(file: string, all: readonly string[]): string {
  if (file.startsWith('libcuda.')) return driver;
  const runtime = all.find((name) => name.startsWith('libcudart.so.'));
  const version = runtime?.split('.so.')[1] ?? '13';
  if (file.startsWith('libcudnn')) return `nvidia-cudnn-cu${version}`;
  const name = packages.find(([start]) => file.startsWith(start))?.[1];
  if (name === undefined) return `CUDA ${version}`;
  // From CUDA 13 on the packages bear no version in their names, but the library's own.
  const own = file.split('.so.')[1]?.split('.')[0] ?? version;
  return version === '12' ? `${name}-cu12` : `${name}==${own}.*`;
}

/** The error for `--device cuda` where libraries are missing: which, and how to get them. */
export function missingCudaMessage(missing: readonly Library[]): string {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') {
    return `device: onnxruntime-node has a CUDA provider for linux/x64 only (got ${platform}/${arch}); use --device cpu or webgpu`;
  }
  const lines = missing.map((library) => `  ${library.file} (${library.from})`);
  const remedies: string[] = [];
  if (missing.some(({ from }) => from === 'onnxruntime-gpu')) {
    remedies.push(
      'the provider: pip download --no-deps onnxruntime-gpu of the version of onnxruntime-node,',
      `  and copy both files from onnxruntime/capi/ in the wheel into ${binaryFolder()}`,
    );
  }
  const wheels = missing.map(({ from }) => from).filter((from) => from.startsWith('nvidia-'));
  if (wheels.length > 0) {
    const names = [...new Set(wheels)].map((name) => `"${name}"`).join(' ');
    remedies.push(
      `CUDA: pip install ${names}, or CUDA from NVIDIA,`,
      '  and put the folders of these libraries on LD_LIBRARY_PATH',
    );
  }
  if (missing.some(({ from }) => from === driver)) {
    remedies.push('the driver: install the NVIDIA driver (nvidia-smi must list a GPU)');
  }
  return [
    `device: cuda cannot be used, ${missing.length} libraries are missing:`,
    ...lines,
    'To install',
    ...remedies.map((line) => `  ${line}`),
    'or use --device cpu. More: docs/cuda.md; aligner-lab doctor checks it piece by piece.',
  ].join('\n');
}

function firstExisting(folders: readonly string[], file: string): string | null {
  for (const folder of folders) {
    if (folder !== '' && existsSync(join(folder, file))) return join(folder, file);
  }
  return null;
}

/** File name to path, as `ldconfig -p` lists them; empty where there is no ldconfig. */
function loaderCache(): Map<string, string> {
  const found = new Map<string, string>();
  if (process.platform !== 'linux') return found;
  for (const command of ['/sbin/ldconfig', '/usr/sbin/ldconfig']) {
    if (!existsSync(command)) continue;
    try {
      const listing = execFileSync(command, ['-p'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      for (const line of listing.split('\n')) {
        const match = /^\s*(\S+) \(.*\) => (\S+)$/.exec(line);
        if (match?.[1] && match[2] && !found.has(match[1])) found.set(match[1], match[2]);
      }
      return found;
    } catch {
      // No readable cache: the folders above are all there is to look in.
    }
  }
  return found;
}
