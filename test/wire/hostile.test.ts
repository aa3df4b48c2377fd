/** Servers that lie: whatever they send ends in an answer, or in a sentence, and soon. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/wire/address.js';
import { createClient, type Client } from '../../src/wire/client.js';
import { ServerError } from '../../src/wire/errors.js';
import { tokensIn } from '../../src/wire/logprobs.js';
import { Meter } from '../../src/wire/meter.js';
import { serverModels } from '../../src/wire/models.js';

const key = 'sk-very-secret';

interface Answered {
  text?: string;
  error?: string;
  traffic: ReturnType<Meter['traffic']>;
}

type Handler = (response: ServerResponse, request: IncomingMessage) => void;

async function withServer<T>(handle: Handler, use: (client: Client) => Promise<T>): Promise<T> {
  const server = createServer({ maxHeaderSize: 2 ** 20 }, (request, response) => {
    request.resume();
    handle(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = createClient({
    address: parseAddress(`http://127.0.0.1:${port}/v1#m`),
    ...{ key, retries: { most: 0 }, deadlines: { firstText: 2000, betweenTexts: 300 } },
  });
  try {
    return await use(client);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** What comes of one request for an answer. */
async function asked(handle: Handler): Promise<Answered> {
  return await withServer(handle, async (client) => {
    const request = { path: 'chat/completions', body: {} };
    try {
      const text = await client.answer(request, async (reply) => {
        await reply.until(() => false);
        return reply.text;
      });
      return { text, traffic: client.meter.traffic() };
    } catch (error) {
      expect(error).toBeInstanceOf(ServerError);
      return { error: (error as Error).message, traffic: client.meter.traffic() };
    }
  });
}

const streamed = { 'Content-Type': 'text/event-stream' };
const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const says = (content: string, index = 0): object => ({
  choices: [{ index, delta: { content }, finish_reason: null }],
});
const stop = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };

/** Sends these events and ends. */
const sends =
  (...values: object[]): Handler =>
  (response) => {
    response.writeHead(200, streamed);
    response.end(values.map(event).join(''));
  };

describe('a server that lies', () => {
  it.each<[string, unknown[], string]>([
    ['a list', [[], stop], 'an event that is no object'],
    ['choices of another kind', [{ choices: 'a' }, stop], 'choices that are no list of objects'],
    ['a choice that is null', [{ choices: [null] }, stop], 'choices that are no list of objects'],
    ['a number', [{ choices: [{ delta: { content: 42 } }] }, stop], 'content that is no text'],
    ['another choice alone', [says('a', 3), 'done'], 'nothing in it is an answer'],
    ['counts alone', [{ choices: [], usage: {} }, 'done'], 'nothing in it is an answer'],
    ['an end alone', ['done'], 'nothing in it is an answer'],
  ])('is not taken for silent: %s', async (_, values, reason) => {
    const lines = values.map((one) => (one === 'done' ? 'data: [DONE]\n\n' : event(one as object)));
    const { error } = await asked((response) =>
      response.writeHead(200, streamed).end(lines.join('')),
    );
    expect(error).toContain(reason);
  });

  it('is understood where it sends texts in parts, thoughts among them', async () => {
    const parts = [
      { type: 'thinking', thinking: [] },
      { type: 'text', text: 'a' },
    ];
    const { text } = await asked(
      sends({ choices: [{ delta: { content: parts } }] }, says(' b'), stop),
    );
    expect(text).toBe('a b');
  });

  it('tells nothing of an answer in broken JSON, and quotes what is none', async () => {
    const broken = await asked((response) =>
      response.writeHead(200, streamed).end('data: {"secret\n\n'),
    );
    expect(broken.error).toContain('an event that is not JSON: 8 characters');
    const page = await asked((response) =>
      response.writeHead(200, streamed).end('data: <html>\n\n'),
    );
    expect(page.error).toContain('<html>');
  });

  it('mixes no second choice into the first, whichever stands in front', async () => {
    const second = { index: 1, delta: { content: ' NO' }, finish_reason: null };
    const both = { choices: [second, { index: 0, delta: { content: ' b' }, finish_reason: null }] };
    const over = { choices: [{ ...second, finish_reason: 'stop' }] };
    const { text } = await asked(sends(says('a'), says(' NO', 1), both, over, says(' c'), stop));
    expect(text).toBe('a b c');
  });

  it.each([
    [-5, 3],
    [1e300, 3],
    [2.5, 3],
    [1, -1e9],
  ])('counts no tokens by %d and %d', async (prompt, completion) => {
    const usage = { prompt_tokens: prompt, completion_tokens: completion };
    const { text, traffic } = await asked(
      sends(says('a'), says('b'), stop, { choices: [], usage }),
    );
    expect(text).toBe('ab');
    expect(traffic).toMatchObject({ requests: 1, promptTokens: 0, completionTokens: 2, estimated: 1 }); // prettier-ignore
  });

  it('is counted where its answers are empty', async () => {
    expect((await asked(sends(stop))).traffic.requests).toBe(1);
  });

  it('unpacks no bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 2 ** 20, 'a'));
    const headers = { 'Content-Encoding': 'gzip' };
    const before = process.memoryUsage().rss;
    for (const type of ['application/json', 'text/event-stream']) {
      const { error } = await asked((response) => {
        response.writeHead(200, { ...headers, 'Content-Type': type });
        response.end(bomb);
      });
      expect(error, type).toMatch(/longer than any answer/);
    }
    const refused = await asked((response) => {
      response.writeHead(500, headers);
      response.end(bomb);
    });
    expect(refused.error).toMatch(/answered 500/);
    const models = withServer(
      (response) => {
        response.writeHead(200, headers);
        response.end(bomb);
      },
      async (client) => await serverModels(client),
    );
    await expect(models).rejects.toThrow('sent more than any answer has');
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20);
  });

  it('sends headers without end', async () => {
    const { error } = await asked((response) => {
      for (let i = 0; i < 60; i++) response.setHeader(`x-${i}`, 'a'.repeat(4000));
      response.writeHead(200, streamed);
      response.end(event(says('a')) + event(stop));
    });
    expect(error).toMatch(/cannot be reached/);
  });

  it('writes another charset than it must', async () => {
    for (const type of ['text/event-stream; charset=latin1', 'application/json; charset=utf-16']) {
      const { error } = await asked((response) => {
        response.writeHead(200, { 'Content-Type': type });
        const text = JSON.stringify({ choices: [{ message: { content: 'é' }, finish_reason: 'stop' }] }); // prettier-ignore
        response.end(type.includes('event') ? Buffer.from(`data: ${text}\n\n`, 'latin1') : Buffer.from(text, 'latin1')); // prettier-ignore
      });
      expect(error, type).toMatch(/no UTF-8/);
    }
    // A character that is cut between two packets is whole.
    const bytes = Buffer.from(event(says('é')) + event(stop));
    const at = bytes.indexOf(0xc3) + 1;
    const { text } = await asked((response) => {
      response.writeHead(200, streamed);
      response.write(bytes.subarray(0, at));
      setTimeout(() => response.end(bytes.subarray(at)), 20);
    });
    expect(text).toBe('é');
  });

  it('says nothing for ever, in events or in comments', async () => {
    for (const empty of [event({ choices: [] }), event(says('')), ': here\n\n']) {
      const { error } = await asked((response) => {
        response.writeHead(200, streamed);
        response.write(event(says('a')));
        const timer = setInterval(() => response.write(empty), 20);
        response.on('close', () => clearInterval(timer));
      });
      expect(error, empty).toMatch(/wrote nothing behind what it had written within 0\.3 s/);
    }
    // What a model thinks before it answers is something.
    const { text } = await asked((response) => {
      response.writeHead(200, streamed);
      let count = 0;
      const timer = setInterval(() => {
        if (++count < 25)
          response.write(event({ choices: [{ index: 0, delta: { reasoning_content: 'hm' } }] })); // prettier-ignore
        else response.end(event(says('a')) + event(stop));
      }, 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(text).toBe('a');
  });

  it('says the key again, and it stands nowhere', async () => {
    const split = [says('The key is sk-very'), says('-secret.'), stop];
    expect(await asked(sends(...split))).toMatchObject({ text: 'The key is ….' });
    const middle = await asked(sends(says('a'), { error: { message: `bad key ${key}` } }));
    expect(middle.error).toMatch(/bad key …/);
    const status = await asked((response) => response.writeHead(400).end(`key ${key} is bad`));
    expect(status.error).toMatch(/key … is bad/);
    const ids = await withServer(
      (response) => {
        response.end(JSON.stringify({ data: [{ id: key }, { id: 'x'.repeat(5000) }, { id: '' }] }));
      },
      async (client) => await serverModels(client),
    );
    expect(ids.ids).toEqual(['…']);
  });

  it('points elsewhere, and the key does not go along', async () => {
    const headers: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      headers.push(request.headers.authorization);
      response.end('{}');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/v1`;
    for (const status of [301, 302, 303, 307, 308]) {
      const { error } = await asked((response) => response.writeHead(status, { Location: location }).end()); // prettier-ignore
      expect(error).toMatch(`answered ${status}`);
    }
    other.close();
    expect(headers).toEqual([]);
  });
});

it('probabilities beyond bounds are none', () => {
  const content = JSON.parse('[{"token":"a","logprob":1e999,"top_logprobs":[]},{"token":"b","logprob":3},{"token":"c","logprob":-0.5,"top_logprobs":[{"token":"c","logprob":-1e999},{"token":"d","logprob":-2}]}]') as unknown; // prettier-ignore
  expect(tokensIn({ content })).toEqual([
    { token: 'c', logprob: -0.5, top: [{ token: 'd', logprob: -2 }] },
  ]);
  expect(tokensIn({ tokens: ['a'], token_logprobs: [-1], top_logprobs: 'x' })).toEqual([
    { token: 'a', logprob: -1, top: [] },
  ]);
});

it.each([
  [{ price: { prompt: NaN, completion: 1 } }],
  [{ price: { prompt: 1, completion: -1 } }],
  [{ budget: { tokens: NaN } }],
])('no run is held to %o', (given) => {
  expect(() => new Meter(given)).toThrow('expected a number from 0');
});
