/**
 * `npm run gpu:bundle`: all that a bare GPU machine without internet needs, in two pieces, each small
 * enough to be carried alone: `.gpu/part-1` and `.gpu/part-2`, with hashes and unpack.sh.
 *
 * Part 1: this Node and the built project with the packages it imports; it works alone on the CPU.
 * Part 2: the CUDA provider of onnxruntime-node's very version from the PyPI wheel, with the GPU
 * code of one architecture only. CUDA itself is the machine's own (that of its PyTorch).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyProgram } from './bundleProgram.js';
import { pruneFatbin } from './fatbin.js';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: '.gpu' },
    /** Most MiB of one piece. */
    piece: { type: 'string', default: '54' },
    architecture: { type: 'string', default: '90' },
    /** Packs the program anew, and takes the provider as it was packed before. */
    'program-only': { type: 'boolean', default: false },
    pip: { type: 'string', default: 'pip' },
  },
});

const require = createRequire(import.meta.url);
const out = values.out;
const { version } = require('onnxruntime-node/package.json') as { version: string };
/** Where onnxruntime-node looks for its libraries. */
const binaries = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64';

bundle();

function bundle(): void {
  const program = pack('part-1', (stage) => {
    copyFileSync(process.execPath, join(stage, 'node'));
    execFileSync('strip', ['--strip-unneeded', join(stage, 'node')]);
    copyProgram(join(stage, 'project'));
    addVulkan(join(stage, 'lib'));
  });
  const packed = join(out, 'part-2.tar.xz');
  deliver(program, values['program-only'] && existsSync(packed) ? packed : packProvider());
}

function packProvider(): string {
  return pack('part-2', (stage) => {
    const to = join(stage, 'project', binaries);
    mkdirSync(to, { recursive: true });
    addProvider(fetchProvider(), to);
  });
}

/** The wheel's folder `onnxruntime/capi`. */
function fetchProvider(): string {
  const folder = join(out, 'wheel');
  mkdirSync(folder, { recursive: true });
  if (!readdirSync(folder).some((name) => name.endsWith('.whl'))) {
    const platform = ['--platform', 'manylinux_2_28_x86_64', '--platform', 'manylinux_2_27_x86_64'];
    execFileSync(values.pip, ['download', '--no-deps', '--only-binary=:all:', '--python-version', '3.12', ...platform, '-d', folder, `onnxruntime-gpu==${version}`], { stdio: 'inherit' }); // prettier-ignore
  }
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '';
  execFileSync('unzip', ['-qo', join(folder, wheel), 'onnxruntime/capi/libonnxruntime_providers_*', '-d', folder]); // prettier-ignore
  return join(folder, 'onnxruntime/capi');
}

function addProvider(folder: string, to: string): void {
  copyFileSync(join(folder, 'libonnxruntime_providers_shared.so'), join(to, 'libonnxruntime_providers_shared.so')); // prettier-ignore
  const library = new Uint8Array(readFileSync(join(folder, 'libonnxruntime_providers_cuda.so')));
  const { kept, zeroed } = pruneFatbin(library, Number(values.architecture));
  process.stdout.write(`provider ${version}: ${kept} containers for sm_${values.architecture}, ${(zeroed / 2 ** 20).toFixed(0)} MiB of other code left out\n`); // prettier-ignore
  writeFileSync(join(to, 'libonnxruntime_providers_cuda.so'), library);
}

/** Vulkan's loader, which WebGPU wants and a bare machine may lack; small, and left out without apt. */
function addVulkan(to: string): void {
  const folder = join(out, 'vulkan');
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('apt-get', ['download', '-q', 'libvulkan1'], { cwd: folder, stdio: 'ignore' });
    const name = readdirSync(folder).find((file) => file.endsWith('.deb')) ?? '';
    execFileSync('dpkg', ['-x', join(folder, name), folder]);
    // Links as they are written: otherwise they would lead to a path of this machine.
    cpSync(join(folder, 'usr/lib/x86_64-linux-gnu'), to, { recursive: true, verbatimSymlinks: true }); // prettier-ignore
  } catch (error) {
    process.stdout.write(`no Vulkan loader: ${String(error)}\n`);
  }
}

/** Fills a folder, and makes one archive of it; returns the archive. */
function pack(part: string, fill: (stage: string) => void): string {
  const stage = join(out, 'stage', part);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  fill(stage);
  const archive = join(out, `${part}.tar`);
  execFileSync('tar', ['-C', stage, '--owner=0', '--group=0', '-cf', archive, '.']);
  execFileSync('xz', ['-T0', '-6', '-f', archive]);
  return `${archive}.xz`;
}

/** Two pieces of one size: the first carries the second's head along. */
function deliver(program: string, provider: string): void {
  const [first, second] = [readFileSync(program), readFileSync(provider)];
  const head = Math.max(0, Math.ceil((second.length - first.length) / 2));
  const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  writePiece('part-1', {
    'part-1.tar.xz': first,
    'part-2.head': second.subarray(0, head),
    'part-1.sha256': `${hash(first)}  part-1.tar.xz\n`,
  });
  writePiece('part-2', {
    'part-2.tail': second.subarray(head),
    'part-2.sha256': `${hash(second)}  part-2.tar.xz\n`,
  });
}

function writePiece(part: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  const folder = join(out, part);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  copyFileSync('bench/gpu/unpack.sh', join(folder, 'unpack.sh'));
  const size = Object.values(files).reduce((sum, { length }) => sum + length, 0) / 2 ** 20;
  process.stdout.write(`${folder}: ${size.toFixed(1)} MiB\n`);
  if (size > Number(values.piece)) {
    throw new Error(`bundle: ${folder} is too large (expected at most ${values.piece} MiB, got ${size.toFixed(1)}); leave something out, or raise --piece`); // prettier-ignore
  }
}
