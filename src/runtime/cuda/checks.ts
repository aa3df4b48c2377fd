/** The CUDA provider piece by piece, in the order in which the pieces are installed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { reasonOf } from '../../text/errorSentence.js';
import { binaryFolder, cudaLibraries, packageOf } from './libraries.js';
import type { Library } from './libraries.js';
import { deviceFailure } from '../device.js';

export interface CudaCheck {
  name: string;
  ok: boolean;
  /** What was found, or what is missing and what to do next. */
  found: string;
}

/** What the checks look at, apart from the session. */
export interface CudaMachine {
  platform: string;
  /** `name, driver version` of each GPU; null where nvidia-smi cannot be run. */
  gpus: string[] | null;
  /** Version of onnxruntime-node. */
  version: string;
  /** Versions written in the provider's library; null where it is not there. */
  providerVersions: string[] | null;
  libraries: readonly Library[];
  /** Where cuDNN was found. */
  cudnn: string | null;
}

/** All checks; the last one opens a session of one operator. */
export async function cudaChecks(): Promise<CudaCheck[]> {
  let checks: CudaCheck[];
  try {
    checks = judgeCuda(thisMachine());
  } catch (error) {
    return [{ name: 'provider', ok: false, found: reasonOf(error) }];
  }
  if (checks.some(({ name, ok }) => !ok && name !== 'cudnn')) return checks;
  const failure = await deviceFailure('cuda');
  const found = failure ?? 'a one-operator model ran on it';
  return [...checks, { name: 'session', ok: failure === null, found }];
}

/** The checks that need no session. */
export function judgeCuda(machine: CudaMachine): CudaCheck[] {
  const { platform, libraries, cudnn } = machine;
  if (platform !== 'linux/x64') {
    const found = `${platform}; the provider exists for linux/x64 only: use --device cpu or webgpu`;
    return [{ name: 'platform', ok: false, found }];
  }
  const needed = libraries.map(({ file }) => file);
  const pieces = libraries.map(({ file, from, path }) => ({
    name: file,
    ok: path !== null,
    found: path ?? `not found; ${remedy(from, machine.version)}`,
  }));
  return [
    checkDriver(machine.gpus),
    ...pieces,
    ...checkVersion(machine),
    {
      name: 'cudnn',
      ok: cudnn !== null,
      found: cudnn ?? `not found; few operators need it: pip install ${packageOf('libcudnn.so.9', needed)}`, // prettier-ignore
    },
  ];
}

function checkDriver(gpus: string[] | null): CudaCheck {
  const name = 'driver';
  if (gpus === null) {
    return { name, ok: false, found: 'nvidia-smi does not run; install the NVIDIA driver' };
  }
  if (gpus.length > 0) return { name, ok: true, found: gpus.join('; ') };
  return { name, ok: false, found: 'nvidia-smi lists no GPU; look at its own output' };
}

/** The provider and onnxruntime-node share structures in memory: only equal versions fit. */
function checkVersion({ version, providerVersions }: CudaMachine): CudaCheck[] {
  if (providerVersions === null) return [];
  const ok = providerVersions.includes(version);
  const got = providerVersions.join(', ') || 'none that can be read';
  const found = ok
    ? version
    : `expected ${version}, as onnxruntime-node, got ${got}; ${remedy('onnxruntime-gpu', version)}`;
  return [{ name: 'provider version', ok, found }];
}

function remedy(from: string, version: string): string {
  if (from === 'onnxruntime-gpu') {
    return `take it from the PyPI wheel onnxruntime-gpu==${version} (docs/cuda.md) and put it into ${binaryFolder()}`;
  }
  if (!from.startsWith('nvidia-')) return `install: ${from}`;
  return `pip install "${from}" and put its folder on LD_LIBRARY_PATH`;
}

function thisMachine(): CudaMachine {
  const libraries = cudaLibraries();
  const provider = libraries.find(({ file }) => file === 'libonnxruntime_providers_cuda.so');
  const path = provider?.path ?? null;
  return {
    platform: `${process.platform}/${process.arch}`,
    gpus: listGpus(),
    version: ownVersion(),
    providerVersions: path === null ? null : versionsIn(readFileSync(path)),
    libraries,
    cudnn: findCudnn(process.env.LD_LIBRARY_PATH ?? ''),
  };
}

/** Of onnxruntime-node, which can be imported without it. */
function ownVersion(): string {
  const require = createRequire(import.meta.url);
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  return version;
}

/** Version numbers that stand alone, as C strings, in a library. */
export function versionsIn(library: Uint8Array): string[] {
  // Latin-1: one character per byte.
  const text = Buffer.from(library.buffer, library.byteOffset, library.length).toString('latin1');
  const found = text.matchAll(/\0(\d{1,3}\.\d{1,3}\.\d{1,3})\0/g);
  return [...new Set([...found].map((match) => match[1] ?? ''))];
}

function listGpus(): string[] | null {
  try {
    const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
    const said = execFileSync('nvidia-smi', query, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return said.split('\n').filter((line) => line.trim() !== '');
  } catch {
    return null;
  }
}

/** The provider loads cuDNN only when an operator wants it, so it is not among its needs. */
function findCudnn(path: string): string | null {
  const folders = [...path.split(':'), '/usr/lib/x86_64-linux-gnu', '/usr/lib64'];
  const files = folders.filter((folder) => folder !== '').map((f) => join(f, 'libcudnn.so.9'));
  return files.find((file) => existsSync(file)) ?? null;
}
