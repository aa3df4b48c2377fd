/** How `serve` ends, as a process: told once, told twice, and not at all by a full disk. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { fakeServer, type Behaviour } from '../wire/fakeServer.js';

const lab = fileURLToPath(new URL('../../bin/aligner-lab.js', import.meta.url));

interface Serving extends Disposable {
  url: string;
  child: ChildProcess;
  /** What stands on stderr so far. */
  said(): string;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The command in front of an upstream. */
async function serving(upstream: string, stdout: 'ignore' | number = 'ignore'): Promise<Serving> {
  const argv = [
    'serve',
    '--port',
    '0',
    '--upstream',
    `${upstream}#fake`,
    '--threads',
    '1',
    '--allow-off',
  ];
  const child = spawn(process.execPath, [lab, ...argv], { stdio: ['ignore', stdout, 'pipe'] });
  let said = '';
  const ended = new Promise<Awaited<Serving['ended']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (data: Buffer) => {
      said += data.toString();
      const found = /on (http:\S+)\/v1/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ended.then(() => reject(new Error(`serve ended early: ${said}`)));
  });
  return { url, child, said: () => said, ended, [Symbol.dispose]: () => void child.kill('SIGKILL') }; // prettier-ignore
}

function ask(url: string, stream: boolean): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'fake', stream, aligner: { off: true }, messages: [{ role: 'user', content: 'How many?' }] }), // prettier-ignore
  });
}

/** A stream that has begun. */
async function begun(url: string): Promise<{ first: string; rest: Promise<string> }> {
  const { body } = await ask(url, true);
  if (!body) throw new Error('no stream');
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let first = '';
  while (!/"content":"[^"]/.test(first)) first += (await reader.read()).value ?? '';
  const rest = (async () => {
    let text = '';
    for (let step = await reader.read(); !step.done; step = await reader.read()) text += step.value;
    return text;
  })();
  rest.catch(() => undefined);
  return { first, rest };
}

it('finishes its streams when it is told to end, and takes nothing new', async () => {
  await using behind = await fakeServer({ trailing: 'continue', pace: 40 });
  using server = await serving(behind.url);
  const { rest } = await begun(server.url);
  server.child.kill('SIGTERM');
  await expect.poll(() => server.said()).toContain('finishing answers');
  await expect(ask(server.url, false)).rejects.toThrow();
  expect(await rest).toContain('data: [DONE]');
  expect(await server.ended).toEqual({ code: 0, signal: null });
}, 60_000);

it.each(['SIGTERM', 'SIGINT'] as const)(
  'ends at once on a second signal, %s',
  async (second) => {
    const reply = (): string => 'One and one is two. '.repeat(60);
    const behaviour: Behaviour = { trailing: 'continue', reply };
    await using behind = await fakeServer(behaviour);
    using server = await serving(behind.url);
    behaviour.pace = 100;
    const { rest } = await begun(server.url);
    server.child.kill('SIGTERM');
    await expect.poll(() => server.said()).toContain('finishing answers');
    // Sooner it would be taken for the echo of the first.
    await new Promise((resolve) => setTimeout(resolve, 700));
    const told = performance.now();
    server.child.kill(second);
    expect(await server.ended).toEqual({ code: null, signal: second });
    expect(performance.now() - told).toBeLessThan(5_000);
    await expect(rest).rejects.toThrow();
  },
  60_000,
);

it('goes on where the disk is full, counts the log lines that are lost, and says so once', async () => {
  await using behind = await fakeServer({ trailing: 'continue' });
  const full = openSync('/dev/full', 'w');
  using server = await serving(behind.url, full);
  closeSync(full);
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(server.url, false)));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect((await ask(server.url, true)).status).toBe(200);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(Number(/^aligner_log_lines_lost_total (\d+)/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(8); // prettier-ignore
  server.child.kill('SIGTERM');
  expect(await server.ended).toEqual({ code: 0, signal: null });
  expect(server.said().match(/the disk is full/g)).toHaveLength(1);
  expect(server.said()).toContain('answers go on');
}, 60_000);
