/** A server in front of a server: conversations, seeds, a client that goes, an upstream that dies. */
import { describe, expect, it, vi } from 'vitest';
import { correctorFromFunction } from '../../src/align/functions.js';
import { openCorrector, openUpstream } from '../../src/align/open.js';
import {
  answerTo,
  fakeServer,
  type Behaviour,
  type FakeServer,
  type Trouble,
} from '../wire/fakeServer.js';
import { errorOf, streamLines, testServer, textOf, type TestServer } from './harness.js';

const copying = correctorFromFunction({
  name: 'copies',
  correct: (inputs) => inputs.map(({ last }) => last.trim()),
});

async function inFront(
  behaviour: Behaviour,
): Promise<{ behind: FakeServer; server: TestServer } & AsyncDisposable> {
  // prettier-ignore
  const behind = await fakeServer({ trailing: 'continue', ...behaviour });
  const retries = { most: 0 };
  const upstream = await openUpstream(`${behind.url}#fake`, { server: { env: {}, remember: false, retries } }); // prettier-ignore
  const server = await testServer({ upstream, corrector: copying });
  behind.asked.length = 0;
  return {
    ...{ behind, server },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await upstream.close();
      await behind[Symbol.asyncDispose]();
    },
  };
}

describe('in front of a server', () => {
  it('sends the conversation as it is, and one request where everything is copied', async () => {
    await using both = await inFront({});
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: 'Two?' },
    ];
    const { chunks } = await streamLines(await both.server.chat({ stream: true, messages }));
    expect(textOf(chunks)).not.toBe('');
    expect(both.behind.asked.map((body) => body.messages)).toEqual([messages]);
  });

  it('asks anew for every request, and draws as each asks', async () => {
    await using both = await inFront({});
    const messages = [{ role: 'user', content: 'How many?' }];
    const body = { messages, temperature: 0.5, top_p: 0.9, seed: 7, n: 2 };
    const answer = (await (await both.server.chat(body)).json()) as { choices: { message: { content: string } }[] }; // prettier-ignore
    expect(answer.choices.map(({ message }) => message.content)).toEqual([answerTo('How many?'), answerTo('How many?')]); // prettier-ignore
    await both.server.chat({ messages });
    const drawn = both.behind.asked.map((asked) => {
      const { temperature, top_p: topP, seed } = asked as unknown as Record<string, unknown>;
      return [temperature, topP, seed];
    });
    expect(drawn).toEqual([[0.5, 0.9, 7], [0.5, 0.9, 8], [0, undefined, undefined]]); // prettier-ignore
  });

  it('draws anew where nobody names a seed, and asks a greedy upstream for its only answer', async () => {
    await using both = await inFront({});
    const seeds = (): unknown[] =>
      both.behind.asked.map((asked) => (asked as unknown as Record<string, unknown>).seed);
    for (let i = 0; i < 3; i++) await both.server.chat({ temperature: 1 });
    expect(new Set(seeds()).size).toBe(3);
    both.behind.asked.length = 0;
    await both.server.chat({ temperature: 0, seed: 5, n: 2 });
    expect(seeds()).toEqual([0, 1]);
  });

  it('ends the request behind when its own client goes', async () => {
    await using both = await inFront({ pace: 20 });
    const before = both.behind.aborted;
    const leaving = new AbortController();
    const { signal } = leaving;
    const response = await both.server.chat({ stream: true }, { signal });
    const reader = response.body?.getReader();
    await reader?.read();
    leaving.abort();
    await vi.waitFor(() => expect(both.behind.aborted - before).toBe(1));
  });

  it.each<[string, Trouble, object]>([
    [
      'fails',
      { kind: 'status', status: 500 },
      {
        status: 502,
        code: 'corrector_failed',
        message: 'corrector: it answered 500; try again later',
      },
    ],
    [
      'is not allowed',
      { kind: 'status', status: 401 },
      { status: 502, message: 'corrector: it answered 401; the log of the server says what to do' },
    ],
    ['withholds', { kind: 'filter', after: 0 }, { status: 502, code: 'corrector_withheld' }],
  ])(
    'tells of a corrector behind a server that %s, and lets through where it may',
    async (_, trouble, expected) => {
      let opening = true;
      await using behind = await fakeServer({ trouble: () => (opening ? null : trouble) });
      const retries = { most: 0 };
      await using corrector = await openCorrector(`${behind.url}#fake`, {
        server: { env: {}, retries },
      });
      opening = false;
      await using refusing = await testServer({ corrector });
      expect(await errorOf(await refusing.chat())).toMatchObject(expected);
      await using passing = await testServer({ corrector, onFailure: 'pass' });
      const passed = await passing.chat();
      expect([passed.status, passed.headers.get('x-aligner-unchecked')]).toEqual([200, '4']);
    },
  );

  it('says that it broke off, in the stream too, and nothing of where it is', async () => {
    let cut = false;
    await using both = await inFront({ trouble: () => (cut ? { kind: 'cut', after: 4 } : null) });
    cut = true;
    const error = await errorOf(await both.server.chat());
    expect(error).toMatchObject({ status: 502, code: 'upstream_failed' });
    expect(error.message).not.toContain(both.behind.url.replace('/v1', ''));
  });
});
