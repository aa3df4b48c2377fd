/**
 * `npm run gpu:bundle`: all that a bare GPU machine without internet needs, in two pieces that stand
 * for themselves, each small enough to be carried alone. Written to `.gpu/part-1` and `.gpu/part-2`,
 * each with its hash and unpack.sh.
 *
 * Part 1: this Node and the built project with the packages it imports; it works alone on the CPU.
 * Part 2: the CUDA provider of onnxruntime-node's very version from the PyPI wheel, with the GPU
 * code of one architecture only. CUDA itself is the machine's own (that of its PyTorch).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'; // prettier-ignore
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
  pack('part-1', (stage) => {
    copyFileSync(process.execPath, join(stage, 'node'));
    execFileSync('strip', ['--strip-unneeded', join(stage, 'node')]);
    copyProgram(join(stage, 'project'));
  });
  pack('part-2', (stage) => {
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

/** Fills a folder, and makes of it one archive with its hash and the script that unpacks it. */
function pack(part: string, fill: (stage: string) => void): void {
  const stage = join(out, 'stage', part);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  fill(stage);
  const archive = join(out, `${part}.tar`);
  execFileSync('tar', ['-C', stage, '--owner=0', '--group=0', '-cf', archive, '.']);
  execFileSync('xz', ['-T0', '-6', '-f', archive]);
  const folder = join(out, part);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  renameSync(`${archive}.xz`, join(folder, `${part}.tar.xz`));
  copyFileSync('bench/gpu/unpack.sh', join(folder, 'unpack.sh'));
  const bytes = readFileSync(join(folder, `${part}.tar.xz`));
  const hash = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(folder, `${part}.sha256`), `${hash}  ${part}.tar.xz\n`);
  const size = bytes.length / 2 ** 20;
  process.stdout.write(`${folder}: ${size.toFixed(1)} MiB\n`);
  if (size > Number(values.piece)) {
    throw new Error(`bundle: ${folder} is too large (expected at most ${values.piece} MiB, got ${size.toFixed(1)}); leave something out, or raise --piece`); // prettier-ignore
  }
}
