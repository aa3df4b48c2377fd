/**
 * `npm run gpu:bundle`: all that a bare GPU machine without internet needs, in pieces small enough
 * to be carried one at a time. Written to `.gpu/part-<n>/`, with hashes; unpack.sh joins them.
 *
 * In it: this Node, the built project with the packages it imports, and the CUDA provider of
 * onnxruntime-node's very version from the PyPI wheel, with the GPU code of one architecture only.
 * CUDA itself is not in it: the machine's own is used (that of its PyTorch).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { pruneFatbin } from './fatbin.js';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: '.gpu' },
    /** MiB of one piece. */
    piece: { type: 'string', default: '28' },
    architecture: { type: 'string', default: '90' },
    pip: { type: 'string', default: 'pip' },
  },
});

const require = createRequire(import.meta.url);
const out = values.out;
const stage = join(out, 'stage');
const { version } = require('onnxruntime-node/package.json') as { version: string };

/** Large, and never imported by a stage of gpu:check. */
const left = new Set(['@huggingface/transformers', 'plotly.js-dist-min', 'playwright-core', '@huggingface/hub', 'sharp', 'onnxruntime-web']); // prettier-ignore

bundle();

function bundle(): void {
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(join(stage, 'project'), { recursive: true });
  copyFileSync(process.execPath, join(stage, 'node'));
  execFileSync('strip', ['--strip-unneeded', join(stage, 'node')]);
  copyProject();
  addProvider(fetchProvider());
  const archive = join(out, 'bundle.tar.xz');
  execFileSync('tar', ['-C', stage, '-cf', join(out, 'bundle.tar'), '.']);
  execFileSync('xz', ['-T0', '-6', '-f', join(out, 'bundle.tar')]);
  split(archive);
}

/** dist/, build/, the commands and the packages that are imported at run time, platforms apart. */
function copyProject(): void {
  const project = join(stage, 'project');
  for (const part of ['dist', 'build', 'bin', 'package.json']) {
    execFileSync('cp', ['-r', part, project]);
  }
  for (const name of packages(['.'])) {
    const to = join(project, 'node_modules', name);
    mkdirSync(dirname(to), { recursive: true });
    execFileSync('cp', ['-rL', join('node_modules', name), to]);
  }
  const binaries = join(project, 'node_modules/onnxruntime-node/bin/napi-v6');
  for (const platform of readdirSync(binaries)) {
    if (platform !== 'linux') rmSync(join(binaries, platform), { recursive: true });
  }
  rmSync(join(binaries, 'linux/arm64'), { recursive: true, force: true });
}

/** Dependencies, and theirs, by name. */
function packages(roots: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) return;
    const own = JSON.parse(readFileSync(file, 'utf8')) as { dependencies?: Record<string, string> };
    for (const name of Object.keys(own.dependencies ?? {})) {
      if (found.has(name) || left.has(name)) continue;
      if (!existsSync(join('node_modules', name))) continue;
      found.add(name);
      visit(join('node_modules', name));
    }
  };
  roots.forEach(visit);
  return [...found];
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

function addProvider(folder: string): void {
  const to = join(stage, 'project/node_modules/onnxruntime-node/bin/napi-v6/linux/x64');
  copyFileSync(join(folder, 'libonnxruntime_providers_shared.so'), join(to, 'libonnxruntime_providers_shared.so')); // prettier-ignore
  const library = new Uint8Array(readFileSync(join(folder, 'libonnxruntime_providers_cuda.so')));
  const { kept, zeroed } = pruneFatbin(library, Number(values.architecture));
  process.stdout.write(`provider ${version}: ${kept} containers for sm_${values.architecture}, ${(zeroed / 2 ** 20).toFixed(0)} MiB of other code left out\n`); // prettier-ignore
  writeFileSync(join(to, 'libonnxruntime_providers_cuda.so'), library);
}

/** Pieces, each in a folder of its own, and beside each the hashes of all. */
function split(archive: string): void {
  const bytes = readFileSync(archive);
  const size = Number(values.piece) * 2 ** 20;
  const count = Math.ceil(bytes.length / size);
  for (const name of readdirSync(out)) {
    if (name.startsWith('part-')) rmSync(join(out, name), { recursive: true });
  }
  const hash = (part: Uint8Array): string => createHash('sha256').update(part).digest('hex');
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const part = bytes.subarray(i * size, (i + 1) * size);
    mkdirSync(join(out, `part-${i + 1}`), { recursive: true });
    writeFileSync(join(out, `part-${i + 1}`, `piece-${i + 1}`), part);
    lines.push(`${hash(part)}  piece-${i + 1}`);
  }
  const manifest = `${lines.join('\n')}\n`;
  for (let i = 0; i < count; i++) {
    writeFileSync(join(out, `part-${i + 1}`, 'SHA256SUMS'), manifest);
  }
  const total = (statSync(archive).size / 2 ** 20).toFixed(1);
  process.stdout.write(`${archive}: ${total} MiB in ${count} pieces\n`);
}
