/** `aligner-lab play` as a command, and what opens the browser. */
import { expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { openBrowser, openerOf } from '../../src/cli/openBrowser.js';
import { call } from './harness.js';

it('prints where its page is, serves it, and ends when it is told to', async () => {
  const ending = new AbortController();
  const written = { stdout: '', stderr: '' };
  let found: (url: string) => void = () => undefined;
  const page = new Promise<string>((resolve) => (found = resolve));
  const code = run(['play', '--no-open'], {
    stdout: { isTTY: false, write: (text) => void (written.stdout += text) },
    stderr: {
      isTTY: false,
      write: (text) => {
        written.stderr += text;
        const address = /the page is at (http:\S+)/.exec(written.stderr)?.[1];
        if (address !== undefined) found(address);
      },
    },
    ...{ env: {}, cwd: process.cwd(), signal: ending.signal },
    readStdin: () => Promise.resolve(null),
  });
  const url = await Promise.race([page, code.then((ended) => `ended with ${ended}: ${written.stderr}`)]); // prettier-ignore
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await (await fetch(url)).text()).toContain('<h1>aligner-lab</h1>');
  expect((await fetch(`${url}api/info`)).status).toBe(200);
  ending.abort(new Error('enough'));
  expect(await code).toBe(0);
  expect(written.stdout).toBe('');
}, 120_000);

it('names what keeps the browser closed, and has no --open', async () => {
  const { stdout } = await call(['play', '--help'], { cwd: '.' });
  expect(stdout).toMatch(/--no-open +only print the address/);
  expect(await call(['play', '--open'], { cwd: '.' })).toMatchObject({ code: 2 });
});

it('opens addresses with what the system has', () => {
  const url = 'http://127.0.0.1:1/';
  expect(openerOf('linux', url)).toEqual(['xdg-open', url]);
  expect(openerOf('darwin', url)).toEqual(['open', url]);
  expect(openerOf('win32', url)).toEqual(['rundll32', 'url.dll,FileProtocolHandler', url]);
});

it.each([
  ['is not there', ['no-such-opener', 'x'], false],
  ['fails', [process.execPath, '-e', 'process.exit(3)'], false],
  ['works', [process.execPath, '-e', ''], true],
] as const)('knows whether the opener %s', async (_, [program, ...args], expected) => {
  expect(await openBrowser([program, ...args])).toBe(expected);
});
