/** The page at `/`: its files, with what a browser lets them do, and nothing else of the disk. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pageFolder } from '../../src/data/artifacts.js';
import { playEvent } from '../../src/serve/play.js';
import { readPlayRun } from '../../src/serve/playRun.js';
import { temporaryFolder } from '../runtime/models.js';
import { errorOf, testServer } from './harness.js';

const names = readdirSync(pageFolder);
const pathOf = (name: string): string => (name === 'index.html' ? '/' : `/page/${name}`);
const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The path as it stands there: `fetch` would resolve `..` itself. */
function rawStatus(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}

describe('the page', () => {
  it('is served whole, with the types and the headers of what may run', async () => {
    await using server = await testServer();
    expect(names).toContain('index.html');
    for (const name of names) {
      const response = await fetch(server.url + pathOf(name));
      expect([response.status, response.headers.get('content-type')], name).toEqual([200, types[name.split('.').at(-1) ?? '']]); // prettier-ignore
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy.split('; ')).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:", "frame-ancestors 'none'"])); // prettier-ignore
      expect(policy).not.toContain('unsafe');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(Buffer.from(await response.arrayBuffer())).toEqual(readFileSync(join(pageFolder, name))); // prettier-ignore
    }
  });

  it('is not sent twice where it has not changed, and HEAD has no body', async () => {
    await using server = await testServer();
    const etag = (await fetch(server.url)).headers.get('etag') ?? '';
    const again = await fetch(server.url, { headers: { 'If-None-Match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const head = await fetch(server.url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it.each([
    ...['/page', '/page/', '/page/nothing.js', '/page/index.html', '/index.html', '/main.js'],
    ...['/page/../package.json', '/page/%2e%2e/%2e%2e/package.json', '/page/..%2f..%2fpackage.json'],
    ...['//etc/passwd', '/page//etc/passwd', '/page/main.js%00', '/page/..%5c..%5cpackage.json'],
  ])('holds nothing at %s', async (path) => {
    await using server = await testServer();
    expect(await rawStatus(server.url, path)).toBe(404);
  }); // prettier-ignore

  it('is seen without a key, which it asks for itself; everything it asks for is not', async () => {
    await using server = await testServer({ keys: ['sk-one'] });
    for (const name of names) expect((await fetch(server.url + pathOf(name))).status).toBe(200);
    expect((await fetch(`${server.url}/api/info`)).status).toBe(401);
    expect((await server.post('/api/play', {})).status).toBe(401);
    expect(await errorOf(await fetch(`${server.url}/page/nothing.js`))).toMatchObject({ status: 401 }); // prettier-ignore
  });

  it('loads nothing from elsewhere and has no style or script inside', () => {
    const html = readFileSync(join(pageFolder, 'index.html'), 'utf8');
    expect(html).not.toMatch(/\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)/i);
    for (const name of names) {
      const text = readFileSync(join(pageFolder, name), 'utf8').replaceAll('http://www.w3.org/2000/svg', ''); // prettier-ignore
      expect(text, name).not.toMatch(/https?:\/\/|@import\s+(url|['"])|innerHTML|insertAdjacentHTML|document\.write/); // prettier-ignore
    }
  });
});

describe('what the page is sent', () => {
  it('has each sentence with its space, and what became of it word by word', async () => {
    await using server = await testServer();
    const response = await server.post('/api/play', { question: 'How many?', settings: [{}] });
    const events = (await response.text())
      .split('\n\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => playEvent.parse(JSON.parse(line.slice(6))));
    const rounds = events.filter((event) => event.kind === 'round');
    const end = events.find((event) => event.kind === 'end');
    expect(rounds.map(({ text }) => text).join('')).toBe(end?.text);
    expect(rounds[1]?.changes).toEqual([
      { kind: 'same', text: expect.stringContaining('Two is ') as string },
      { kind: 'removed', text: '3' },
      { kind: 'added', text: '2' },
      { kind: 'same', text: '.' },
    ]);
  });
});

const example = fileURLToPath(new URL('../../artifacts/examples/play', import.meta.url));

describe('what the page saves as a run folder', () => {
  it('is read with its answers, rounds and readings', async () => {
    const folder = example;
    const { manifest, records, summary } = await readPlayRun(folder);
    expect(manifest.command).toBe('play');
    for (const { setting, rounds, text } of summary.answers) {
      const own = records.filter((record) => record.setting === setting);
      expect([own.length, own.map((record) => record.text).join('')]).toEqual([rounds, text]);
      expect(own.every(({ readings }) => readings?.values.length === 10)).toBe(true);
    }
    await expect(readPlayRun(join(folder, 'none'))).rejects.toThrow('none');
    await expect(readPlayRun('play-1.tar')).rejects.toThrow('is packed; unpack it (tar xf)');
  });

  it.each<[string, (lines: string[]) => string[], string]>([
    ['no records', () => [], 'records.jsonl has 0 rounds of setting A (expected'],
    ['a line less', (lines) => lines.slice(0, -1), 'rounds of setting B (expected'],
    ['all twice', (lines) => [...lines, ...lines], 'rounds of setting A (expected'],
    ['another order', (lines) => lines.toReversed(), 'are not its answer'],
    [
      'another text',
      (lines) => lines.map((line) => line.replaceAll('28', '29')),
      'are not its answer',
    ],
  ])('is refused with %s', async (_, damage, reason) => {
    const copy = temporaryFolder();
    onTestFinished(copy.remove);
    for (const name of ['manifest.json', 'play.json', 'records.jsonl']) {
      cpSync(join(example, name), join(copy.path, name));
    }
    const records = join(copy.path, 'records.jsonl');
    const lines = damage(readFileSync(records, 'utf8').trimEnd().split('\n'));
    writeFileSync(records, lines.map((line) => `${line}\n`).join(''));
    await expect(readPlayRun(copy.path)).rejects.toThrow(reason);
  });
});
