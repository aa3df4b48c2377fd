/**
 * `npm run serve:clients`: the clients that products use, unchanged, against `aligner-lab serve` on the
 * embedded models: every call must hand on what plain HTTP says. The packages of npm and PyPI go to
 * `.clients/`. `--upstream` names another server behind it. The exit code is 1 where a client fails,
 * 3 where a registry is out of reach.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../src/text/table.js';

const { values } = parseArgs({ options: { upstream: { type: 'string' } } });
const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, '.clients');
const scripts = join(root, 'test', 'clients');
const key = 'sk-of-the-clients';

const npm = ['openai', 'ai', '@ai-sdk/openai-compatible', '@langchain/openai', '@langchain/core', '@llamaindex/openai', 'llamaindex']; // prettier-ignore
const pypi = ['openai', 'langchain-openai', 'llama-index-llms-openai-like', 'litellm[proxy]'];
const python = join(folder, 'venv', 'bin', 'python');

/** Where they are not there yet. */
function install(): void {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'node_modules', 'openai'))) {
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...npm], { cwd: folder, stdio: 'inherit' }); // prettier-ignore
  }
  const done = join(folder, 'python-done');
  if (existsSync(done) && readFileSync(done, 'utf8') === pypi.join()) return;
  execFileSync('python3', ['-m', 'venv', join(folder, 'venv')], { stdio: 'inherit' });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...pypi], { stdio: 'inherit' });
  writeFileSync(done, pypi.join());
}

function startServer(): Promise<{ url: string; model: string; child: ChildProcess }> {
  const upstream = values.upstream === undefined ? [] : ['--upstream', values.upstream];
  const argv = [join(root, 'bin', 'aligner-lab.js'), 'serve', '--port', '0', ...upstream];
  const child = spawn(process.execPath, argv, {
    cwd: root,
    env: { ...process.env, ALIGNER_LAB_API_KEYS: key },
  });
  let said = '';
  child.stdout.resume();
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      const [, model, url] = /serving (.+), corrected by .* on (http:\S+)/.exec(said) ?? [];
      if (model !== undefined && url !== undefined) resolve({ url, model, child });
    });
    child.on('exit', (code) => reject(new Error(`clients: serve ended with ${code}: ${said}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

interface Found {
  client: string;
  found: Record<string, string>;
}

/** What a script prints, a line per client. */
async function run(command: string, argv: readonly string[]): Promise<Found[]> {
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  await new Promise((resolve) => child.once('exit', resolve));
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Found);
}

try {
  install();
} catch (error) {
  console.log(`clients: a registry is out of reach: ${String(error)}`);
  process.exit(3);
}
const { url, model, child } = await startServer();
const found = [
  ...(await run(process.execPath, [join(scripts, 'node.js'), folder, url, key, model])),
  ...(await run(python, [join(scripts, 'clients.py'), url, key, model])),
  ...(await run(python, [join(scripts, 'gateway.py'), url, key, model, String(await freePort())])),
];
child.kill('SIGTERM');
const features = [...new Set(found.flatMap((one) => Object.keys(one.found)))];
const cell = (what: string | undefined): string => (what === undefined ? '' : what === 'ok' ? 'yes' : 'NO'); // prettier-ignore
console.log(
  formatTable(
    ['client', ...features],
    found.map((one) => [one.client, ...features.map((feature) => cell(one.found[feature]))]),
  ),
);
const failures = found.flatMap(
  ({ client, found: all }) =>
  Object.entries(all).flatMap(([feature, what]) => what === 'ok' ? [] : [`${client}, ${feature}: ${what}`]), // prettier-ignore
);
failures.forEach((line) => console.log(line));
process.exitCode = failures.length > 0 || found.length < 10 ? 1 : 0;
