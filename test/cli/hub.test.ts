/** Commands on a model of the hub: progress on a terminal alone, the commit in the records. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
    const { code, stdout, stderr } = await call(['lat-scan', '--model', 'org/none'], { cwd, env: env('pipe') }); // prettier-ignore
    expect(stderr).toMatch(
      /^aligner-lab: hub: no model org\/none at http.*check the spelling.*\n$/,
    );
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('is explained in the help', async () => {
    const { stdout } = await call(['lat-scan', '--help'], { cwd });
    expect(stdout.replace(/\s+/g, ' ')).toContain('org/name[@revision][:variant]');
  });
});
