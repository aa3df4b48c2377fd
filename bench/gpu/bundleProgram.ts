/** The program's half of the bundle: what the checks and the commands import, and nothing else. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files of the project that run there; models and stimuli come with the tree. */
const own = ['dist', 'build', 'bin', 'package.json', 'bench/gpu/reference.py', 'bench/gpu/calls.sh', 'bench/gpu/unpack.sh']; // prettier-ignore

/** Loaded only for names of the hub and for PNG and SVG: neither works there anyway. */
const left = new Set(['playwright-core', '@huggingface/hub']);

/** Of large packages, the files that Node loads. */
const parts: Readonly<Record<string, readonly string[]>> = {
  'plotly.js-dist-min': ['package.json', 'LICENSE', 'plotly.min.js'],
};

/** Copies dist/, build/, the commands and their packages into a folder. */
export function copyProgram(project: string): void {
  mkdirSync(project, { recursive: true });
  for (const part of own) copy(part, join(project, part));
  for (const name of packages('.')) {
    const files = parts[name] ?? [''];
    for (const file of files) {
      copy(join('node_modules', name, file), join(project, 'node_modules', name, file));
    }
  }
  const binaries = join(project, 'node_modules/onnxruntime-node/bin/napi-v6');
  for (const platform of readdirSync(binaries)) {
    if (platform !== 'linux') rmSync(join(binaries, platform), { recursive: true });
  }
  rmSync(join(binaries, 'linux/arm64'), { recursive: true, force: true });
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, dereference: true, filter: (path) => !/\.(d\.[mc]?ts|map)$/.test(path) }); // prettier-ignore
}

/** Dependencies, and theirs, by name. */
function packages(root: string): string[] {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) return;
    const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      if (found.has(name) || left.has(name)) continue;
      if (!existsSync(join('node_modules', name))) continue;
      found.add(name);
      visit(join('node_modules', name));
    }
  };
  visit(root);
  return [...found];
}
