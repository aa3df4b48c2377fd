/** `aligner-lab serve` and `calibrate` as commands. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Io } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';
import { calibrationShape } from '../../src/experiment/calibrate/shape.js';
import { call } from './harness.js';

const cwd = mkdtempSync(join(tmpdir(), 'serve-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** The command as a process has it: it runs until it is told to end. */
async function running(argv: readonly string[], env: Io['env'] = {}) {
  const ending = new AbortController();
  const written = { stdout: '', stderr: '' };
  let found: (url: string) => void = () => undefined;
  const url = new Promise<string>((resolve) => (found = resolve));
  const code = run(argv, {
    stdout: { isTTY: false, write: (text) => void (written.stdout += text) },
    stderr: {
      isTTY: false,
      write: (text) => {
        written.stderr += text;
        const address = /on (http:\S+)\/v1/.exec(written.stderr)?.[1];
        if (address !== undefined) found(address);
      },
    },
    ...{ env, cwd, signal: ending.signal, readStdin: () => Promise.resolve(null) },
    now: () => new Date('2025-01-01T00:00:00Z'),
  });
  const early = code.then((failed) => {
    throw new Error(`ended with ${failed}: ${written.stderr}`);
  });
  const address = await Promise.race([url, early]);
  early.catch(() => undefined);
  return { url: address, written, end: () => (ending.abort(new Error('enough')), code) };
}

const question = 'Mia has 4 bags of 7 nuts. How many nuts does Mia have?';

it('serve says what align says, wants its keys, and ends when it is told to', async () => {
  writeFileSync(join(cwd, 'keys.txt'), '# of the test\nsk-file\n');
  const argv = ['serve', '--port', '0', '--api-key-file', 'keys.txt', '--audit', 'numbers'];
  const { url, written, end } = await running(argv, { ALIGNER_LAB_API_KEYS: 'sk-env' });
  const ask = (key: string): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'upstream-arithmetic', messages: [{ role: 'user', content: question }] }), // prettier-ignore
    });
  expect((await ask('sk-other')).status).toBe(401);
  expect((await ask('sk-env')).status).toBe(200);
  const answer = (await (await ask('sk-file')).json()) as { choices: { message: { content: string } }[] }; // prettier-ignore
  expect(await end()).toBe(0);
  const aligned = await call(['align', question, '--json'], { cwd });
  expect(answer.choices[0]?.message.content).toBe((JSON.parse(aligned.stdout) as { text: string }).text); // prettier-ignore
  const lines = written.stdout.trim().split('\n').map((line) => JSON.parse(line) as object); // prettier-ignore
  expect(lines.at(-1)).toMatchObject({ time: '2025-01-01T00:00:00.000Z', event: 'request', status: 200 }); // prettier-ignore
  expect(written.stdout).not.toMatch(/sk-|nuts/);
  expect(written.stderr).toContain('finishing answers');
}, 120_000);

it.each([
  [['--coefficient', '1', '--target', '0.2'], 2, 'exclude each other'],
  [['--api-key-file', 'none.txt'], 2, 'cannot read none.txt'],
  [['--direction', 'nowhere'], 1, 'nowhere'],
  [['--corrector', 'recorded:none.jsonl'], 1, 'none.jsonl'],
])(
  'serve refuses %o',
  async (more, expected, message) => {
    const { code, stderr } = await call(['serve', '--port', '0', ...more], { cwd });
    expect([code, stderr]).toEqual([expected, expect.stringContaining(message)]);
  },
  60_000,
);

it('serve refuses a key that no header can carry, wherever it comes from', async () => {
  writeFileSync(join(cwd, 'strange.txt'), 'sk-plain\nsk-größe\n');
  const serve = ['serve', '--port', '0'];
  const message = 'key 2 holds what no header can carry';
  const file = await call([...serve, '--api-key-file', 'strange.txt'], { cwd });
  expect([file.code, file.stderr]).toEqual([2, expect.stringContaining(`strange.txt: ${message}`)]);
  const env = await call(serve, { cwd, env: { ALIGNER_LAB_API_KEYS: 'sk-plain,sk-größe' } });
  expect([env.code, env.stderr]).toEqual([2, expect.stringContaining(`ALIGNER_LAB_API_KEYS: ${message}`)]); // prettier-ignore
  expect(file.stderr + env.stderr).not.toContain('größe');
}, 60_000);

it('calibrate writes what serve aims by', async () => {
  const argv = ['calibrate', '--limit', '4', '--coefficient', '-1,0,1', '--targets', '0.3', '--out', 'own/calibration.json']; // prettier-ignore
  const { code, stdout, stderr } = await call(argv, { cwd });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/asked +coefficient +expected +achieved +within/);
  expect(stderr).toContain('only 4 prompts');
  // What was kept in case of an interruption is gone.
  expect(readdirSync(join(cwd, 'own'))).toEqual(['calibration.json']);
  const path = join(cwd, 'own', 'calibration.json');
  const calibration = calibrationShape.parse(JSON.parse(readFileSync(path, 'utf8')));
  expect(calibration.points.length).toBeGreaterThan(3);
  const { url, end } = await running(['serve', '--port', '0', '--calibration', 'own/calibration.json', '--target', '0.3']); // prettier-ignore
  const info = (await (await fetch(`${url}/api/info`)).json()) as { directions: { reach: number[] }[] }; // prettier-ignore
  expect(info.directions[0]?.reach).toEqual(calibration.reach);
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'upstream-arithmetic', messages: [{ role: 'user', content: question }] }), // prettier-ignore
  });
  expect(response.headers.get('x-aligner-target')).toBe('0.3');
  expect(Number(response.headers.get('x-aligner-coefficient'))).toBeCloseTo(calibration.heldOut?.rows[0]?.coefficient ?? NaN, 9); // prettier-ignore
  expect(await end()).toBe(0);
}, 120_000);
