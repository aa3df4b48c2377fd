/**
 * What onnxruntime-node's CUDA provider needs on this machine, found without loading it.
 *
 * The provider is not part of the npm package. The library names are those of the build that its
 * install script fetches (manifest `linux/x64:cuda12`): CUDA 12 and cuDNN 9.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Files that belong beside onnxruntime-node's own binary. */
const providerFiles = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;

/** Files that the provider links against, and where each comes from. */
const systemFiles: Readonly<Record<string, string>> = {
  'libcuda.so.1': 'NVIDIA driver',
  'libcudart.so.12': 'CUDA 12',
  'libcublas.so.12': 'CUDA 12',
  'libcublasLt.so.12': 'CUDA 12',
  'libcufft.so.11': 'CUDA 12',
  'libcurand.so.10': 'CUDA 12',
  'libnvrtc.so.12': 'CUDA 12',
  'libcudnn.so.9': 'cuDNN 9',
};

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
    from: 'onnxruntime-node',
    path: firstExisting([own], file),
  }));
  const folders = [own, ...(env.LD_LIBRARY_PATH ?? '').split(':'), ...systemFolders];
  const cache = loaderCache();
  const system = Object.entries(systemFiles).map(([file, from]) => ({
    file,
    from,
    path: firstExisting(folders, file) ?? cache.get(file) ?? null,
  }));
  return [...provided, ...system];
}

/** The error for `--device cuda` where libraries are missing: which, and how to get them. */
export function missingCudaMessage(missing: readonly Library[]): string {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') {
    return `device: onnxruntime-node has a CUDA provider for linux/x64 only (got ${platform}/${arch}); use --device cpu or webgpu`;
  }
  const lines = missing.map((library) => `  ${library.file} (${library.from})`);
  const remedies: string[] = [];
  if (missing.some((library) => library.from === 'onnxruntime-node')) {
    remedies.push(
      'the provider: ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js',
      `  (without access to nuget.org: copy both files from the PyPI wheel onnxruntime-gpu of the same version, built for CUDA 12, into ${binaryFolder()})`,
    );
  }
  if (missing.some((library) => /CUDA|cuDNN/.test(library.from))) {
    remedies.push(
      'CUDA and cuDNN: install CUDA 12 and cuDNN 9 from NVIDIA, or pip install "nvidia-cuda-runtime-cu12" "nvidia-cublas-cu12" "nvidia-cufft-cu12" "nvidia-curand-cu12" "nvidia-cuda-nvrtc-cu12" "nvidia-cudnn-cu12>=9",',
      '  and put the folders of these libraries on LD_LIBRARY_PATH',
    );
  }
  if (missing.some((library) => library.from === 'NVIDIA driver')) {
    remedies.push('the driver: install the NVIDIA driver (nvidia-smi must list a GPU)');
  }
  return [
    `device: cuda cannot be used, ${missing.length} libraries are missing:`,
    ...lines,
    'To install',
    ...remedies.map((line) => `  ${line}`),
    'or use --device cpu.',
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
