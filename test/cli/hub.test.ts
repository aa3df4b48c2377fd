/** Commands on a model of the hub: progress on a terminal alone, the commit in the records. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesOf, startHub, type FakeHub } from '../runtime/fakeHub.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeStimuliFile, writeTinyModel } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
const commit = 'c'.repeat(40);
let hub: FakeHub;

beforeAll(async () => {
  hub = await startHub();
  hub.repos.set('org/tiny', { files: filesOf(writeTinyModel(cwd, 'source')), commit });
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  folder.remove();
});

const env = (cache: string): Record<string, string> => ({
  HF_ENDPOINT: hub.url,
  HF_HOME: join(cwd, cache),
});

describe('--model org/name', () => {
  it('downloads in silence where nobody looks, and keeps stdout for the summary', async () => {
    const argv = ['instrument', 'org/tiny', '--inspect', '--json'];
    const { code, stdout, stderr } = await call(argv, { cwd, env: env('pipe') });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ model: 'tiny', layers: 3 });
  });

  it('shows file and bytes on a terminal', async () => {
    const argv = ['instrument', 'org/tiny', '--inspect'];
    const shown = await call(argv, { cwd, env: env('terminal'), isTTY: true });
    expect(shown.stderr).toMatch(/downloading onnx\/model\.onnx [\d.]+ kB\/[\d.]+ kB/);
    expect(shown.stdout).toContain('3 layers');
    const again = await call(argv, { cwd, env: env('terminal'), isTTY: true });
    expect(again.stderr).not.toContain('downloading');
  });

  it('is recorded by its commit', async () => {
    const stimuli = writeStimuliFile(cwd, 40);
    const argv = ['extract', '--model', 'org/tiny', '--stimuli', stimuli, '--threads', '1'];
    const { code, stderr } = await call([...argv, '--out', 'run'], { cwd, env: env('pipe') });
    expect(stderr).not.toContain('downloading');
    expect(code).toBe(0);
    const manifest = readFileSync(join(cwd, 'run', 'manifest.json'), 'utf8');
    expect(manifest).toContain(`"org/tiny@${commit}"`);
    expect(manifest).not.toContain('snapshots');
  });

  it('that is not there fails in one line that says what to do', async () => {
    const { code, stdout, stderr } = await call(['lat-scan', '--corrector', 'org/none'], { cwd, env: env('pipe') }); // prettier-ignore
    expect(stderr).toMatch(
      /^aligner-lab: hub: no model org\/none at http.*check the spelling.*\n$/,
    );
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('goes on where a kill ended the download', async () => {
    const ranges: string[] = [];
    const blobs = join(cwd, 'killed', 'hub', 'models--org--tiny', 'blobs');
    const content = filesOf(join(cwd, 'source')).get('onnx/model.onnx') ?? Buffer.alloc(0);
    hub.before = (request, response) => {
      if (!request.url?.includes('onnx/model.onnx')) return false;
      ranges.push(request.headers.range ?? '');
      if (ranges.length > 1) return false;
      // So much, and no more.
      response.writeHead(200, { 'Content-Length': content.length });
      response.write(content.subarray(0, 5000));
      return true;
    };
    const program = fileURLToPath(new URL('../../bin/aligner-lab.js', import.meta.url));
    const argv = [program, 'instrument', 'org/tiny', '--inspect'];
    const child = spawn(process.execPath, argv, { env: { ...process.env, ...env('killed') } });
    const hasDraft = (): boolean =>
      existsSync(blobs) && readdirSync(blobs).some((name) => name.endsWith('.incomplete'));
    while (!hasDraft() || ranges.length === 0) await new Promise((r) => setTimeout(r, 20));
    await new Promise((r) => setTimeout(r, 300));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(hasDraft()).toBe(true);
    const again = await call(['instrument', 'org/tiny', '--inspect'], { cwd, env: env('killed') });
    expect(again.code, again.stderr).toBe(0);
    expect(ranges[1]).toBe(`bytes=5000-${content.length - 1}`);
    expect(hasDraft()).toBe(false);
    hub.before = () => false;
  });

  it('is explained in the help', async () => {
    const { stdout } = await call(['lat-scan', '--help'], { cwd });
    expect(stdout.replace(/\s+/g, ' ')).toContain('org/name[@revision][:variant]');
  });
});
