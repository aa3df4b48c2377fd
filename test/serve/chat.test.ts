/** `/v1`: OpenAI's shapes, sentence by sentence, and nothing that was not checked. */
import { describe, expect, it, vi } from 'vitest';
import { correctorFromFunction } from '../../src/align/functions.js';
import { fakeCorrector, fakeUpstream, inTurn } from '../align/fakes.js';
import { answerText, errorOf, question, sentences, streamLines, testServer, textOf } from './harness.js'; // prettier-ignore

describe('an answer that is not streamed', () => {
  it('has the correction in its field, usage, audit and totals', async () => {
    await using server = await testServer();
    const response = await server.chat();
    expect(response.status).toBe(200);
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({
      object: 'chat.completion',
      model: 'test-model',
      choices: [
        { index: 0, message: { role: 'assistant', content: answerText }, finish_reason: 'stop' },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 8, total_tokens: 11 },
      aligner: {
        coefficient: 0,
        off: false,
        choices: [
          {
            index: 0,
            reason: 'end-of-answer',
            rounds: [
              { y1: 'One is 1.', y2: 'One is 1.', copied: true, editRatio: 0 },
              { y1: ' Two is 3.', y2: ' Two is 2.', copied: false, editRatio: 1 / 9 },
              { y1: ' Three is 3.', copied: true, unchecked: false },
              { y1: '', y2: '', editRatio: null },
            ],
            totals: { rounds: 4, copied: 2, corrected: 1, unchecked: 0 },
          },
        ],
      },
    });
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({
      'x-aligner-rounds': '4',
      'x-aligner-corrected': '1',
      'x-aligner-edit-ratio': '0.0370',
      'x-aligner-coefficient': '0',
    });
  });

  it('tells less of its rounds where less is asked for, and never more than the server tells', async () => {
    await using server = await testServer({ audit: 'numbers' });
    const full = (await (await server.chat({ aligner: { audit: 'full' } })).json()) as object;
    expect(JSON.stringify(full)).not.toContain('Two is 3');
    expect(full).toHaveProperty('aligner.choices.0.rounds.1.editRatio', 1 / 9);
    const none = (await (await server.chat({ aligner: { audit: 'none' } })).json()) as object;
    expect(none).not.toHaveProperty('aligner');
  });
});

describe('a stream', () => {
  it('has the role first, a sentence a chunk, a finish, usage where asked, and an end', async () => {
    await using server = await testServer();
    const response = await server.chat({ stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const { chunks, other } = await streamLines(response);
    expect(other).toEqual(['data: [DONE]']);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(textOf(chunks)).toBe(answerText);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(['', 'One is 1.', ' Two is 2.', ' Three is 3.', '', undefined, undefined]); // prettier-ignore
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, null, null, null, 'stop', undefined]); // prettier-ignore
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 8 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.every(({ choices }) => Array.isArray(choices))).toBe(true);
    expect(chunks[2]?.aligner?.round).toMatchObject({ y1: ' Two is 3.', y2: ' Two is 2.' });
    expect(chunks.at(-2)?.aligner).toMatchObject({ totals: { rounds: 4, corrected: 1 } });
  });

  it('sends a sentence once it is corrected, and nothing before', async () => {
    const waiting: (() => void)[] = [];
    const corrector = correctorFromFunction({
      name: 'slow',
      correct: async (inputs) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return inputs.map(({ last }) => last.trim().replace('3', '2'));
      },
    });
    await using server = await testServer({ corrector, requests: { keepAlive: 20 } });
    const response = await server.chat({ stream: true });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    const read = async (until: string): Promise<void> => {
      while (!seen.includes(until)) seen += (await reader?.read())?.value ?? '';
    };
    await read(': keep-alive');
    expect(seen).not.toContain('One');
    waiting.shift()?.();
    await read('One is 1.');
    await read(': keep-alive\n\n: keep-alive');
    expect(seen).not.toContain('Two');
    expect(waiting).toHaveLength(1);
    await reader?.cancel();
    waiting.shift()?.();
  });

  it('has several choices side by side', async () => {
    await using server = await testServer();
    const { chunks } = await streamLines(await server.chat({ stream: true, n: 3 }));
    expect([0, 1, 2].map((index) => textOf(chunks, index))).toEqual([answerText, answerText, answerText]); // prettier-ignore
    const ends = chunks.flatMap(({ choices }) => choices).filter((c) => c.finish_reason !== null);
    expect(ends.map(({ index }) => index).sort()).toEqual([0, 1, 2]);
  });

  it('ends in an error of the same shape where a model fails, without an end mark', async () => {
    const corrector = fakeCorrector(({ last }) => {
      if (last.startsWith('Two')) throw new Error('secret reason');
      return last;
    });
    await using server = await testServer({ corrector });
    const { chunks, other } = await streamLines(await server.chat({ stream: true }));
    expect(textOf(chunks)).toBe('One is 1.');
    expect(chunks.at(-1)?.error).toMatchObject({ code: 'internal_error' });
    expect(other).toEqual([]);
    expect(JSON.stringify(chunks)).not.toContain('secret');
    expect(JSON.stringify(server.log)).toContain('secret reason');
  });

  it('lets a sentence through where the corrector fails and the server was told so, and says it', async () => {
    const corrector = fakeCorrector(({ last }) => {
      if (last.startsWith('Two')) throw new Error('no');
      return last;
    });
    await using server = await testServer({ corrector, onFailure: 'pass' });
    const response = await server.chat();
    expect(response.headers.get('x-aligner-unchecked')).toBe('1');
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: sentences.join(' ') } }],
      aligner: {
        choices: [{ rounds: [{ unchecked: false }, { unchecked: true, editRatio: null, copied: false }, {}, {}] }], // prettier-ignore
      },
    });
  });
});

describe('a client that goes', () => {
  it.each([true, false])('ends upstream and corrector (streamed: %s)', async (stream) => {
    const aborted: string[] = [];
    const corrector = correctorFromFunction({
      name: 'slow',
      correct: (inputs, { signal }) =>
        new Promise((resolve, reject) => {
          if (!inputs[0]?.last.includes('Two')) return resolve(inputs.map(({ last }) => last));
          signal?.addEventListener('abort', () => {
            aborted.push('corrector');
            reject(new Error('aborted'));
          });
        }),
    });
    await using server = await testServer({ corrector });
    const leaving = new AbortController();
    const asked = server.chat({ stream }, { signal: leaving.signal }).then((r) => r.text());
    setTimeout(() => leaving.abort(), 100);
    await expect(asked).rejects.toThrow();
    await vi.waitFor(() => expect(aborted).toEqual(['corrector']));
    await vi.waitFor(() => expect(server.log.at(-1)).toMatchObject({ status: 499 }));
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('aligner_answers_in_flight 0');
  });
});

describe('what is asked for', () => {
  it('ends at stop texts, across sentences too, and at its length', async () => {
    await using server = await testServer();
    const text = async (body: object): Promise<unknown> => {
      const [choice] = ((await (await server.chat(body)).json()) as { choices: object[] }).choices;
      return choice;
    };
    expect(await text({ stop: 'is 2' })).toMatchObject({ message: { content: 'One is 1. Two ' }, finish_reason: 'stop' }); // prettier-ignore
    expect(await text({ stop: ['nowhere', '1. T'] })).toMatchObject({ message: { content: 'One is ' } }); // prettier-ignore
    expect(await text({ stop: '. X' })).toMatchObject({ message: { content: answerText } });
    expect(await text({ max_tokens: 3 })).toMatchObject({ message: { content: 'One is 1. Tw' }, finish_reason: 'length' }); // prettier-ignore
    expect(await text({ max_completion_tokens: 100 })).toMatchObject({ finish_reason: 'stop' });
  });

  it('goes to the upstream as a chat, and to the corrector as one text', async () => {
    const upstream = fakeUpstream(inTurn(['Yes.']));
    const corrector = fakeCorrector(({ last }) => last);
    await using server = await testServer({ upstream, corrector });
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      { role: 'assistant', content: 'Hi.' },
      { role: 'user', content: 'Is it so?' },
    ];
    expect((await server.chat({ messages })).status).toBe(200);
    expect(upstream.calls[0]?.[0]?.turns).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hi.' },
      { role: 'user', content: 'Is it so?' },
    ]);
    expect(corrector.calls[0]?.[0]?.question).toBe('System: Be brief.\n\nHuman: Hello\n\nAssistant: Hi.\n\nHuman: Is it so?'); // prettier-ignore
    await using last = await testServer({ upstream, corrector, question: 'last' });
    await last.chat({ messages });
    expect(corrector.calls.at(-1)?.[0]?.question).toBe('Is it so?');
  });

  it('goes on behind an answer that has begun', async () => {
    await using server = await testServer();
    const messages = [...question.messages, { role: 'assistant', content: 'One is 1.' }];
    expect(await (await server.chat({ messages })).json()).toMatchObject({
      choices: [{ message: { content: ' Two is 2. Three is 3.' } }],
    });
  });

  it.each<[object, { status?: number; param: string | null; code?: string }]>([
    [{ model: 'other' }, { status: 404, param: 'model', code: 'model_not_found' }],
    [{ messages: [] }, { param: 'messages' }],
    [{ messages: [{ role: 'system', content: 'x' }] }, { param: 'messages' }],
    [{ messages: [{ role: 'user', content: ' ' }] }, { param: 'messages' }],
    [{ messages: [{ role: 'tool', content: 'x' }] }, { param: 'messages[0]', code: 'unsupported_content' }], // prettier-ignore
    [{ messages: [{ role: '__proto__', content: 'x' }] }, { param: 'messages[0]' }],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }, { param: 'messages[0]', code: 'unsupported_content' }], // prettier-ignore
    [{ tools: [{ type: 'function' }] }, { param: 'tools', code: 'unsupported_parameter' }],
    [{ response_format: { type: 'json_object' } }, { param: 'response_format' }],
    [{ logprobs: true }, { param: 'logprobs' }],
    [{ frequency_penalty: 0.5 }, { param: 'frequency_penalty' }],
    [{ top_k: 5 }, { param: 'top_k', code: 'unknown_parameter' }],
    [{ n: 0 }, { param: 'n' }],
    [{ n: 100 }, { param: 'n' }],
    [{ temperature: 3 }, { param: 'temperature' }],
    [{ stop: '' }, { param: 'stop' }],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, { param: 'stop' }],
    [{ tools: 'x' }, { param: 'tools' }],
    [{ stream: 'yes' }, { param: 'stream' }],
    [{ aligner: { coefficient: 0.5 } }, { param: 'aligner', code: 'not_steerable' }],
    [{ aligner: { off: true } }, { param: 'aligner.off', code: 'off_not_allowed' }],
    [{ aligner: { strength: 1 } }, { param: 'aligner' }],
    [{ aligner: { target: 0.1, coefficient: 1 } }, { param: 'aligner' }],
  ])('is refused by name: %o', async (body, expected) => {
    await using server = await testServer();
    const error = await errorOf(await server.chat(body));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', ...expected });
    expect(error.message).not.toBe('');
  });

  it('may say what asks for nothing', async () => {
    await using server = await testServer();
    const neutral = {
      ...{ tools: [], tool_choice: 'auto', response_format: { type: 'text' }, logprobs: false },
      ...{ frequency_penalty: 0, presence_penalty: 0, logit_bias: {}, user: 'me', metadata: {} },
      ...{ stop: null, seed: 7, temperature: 0, n: null, max_tokens: null, stream_options: null },
    };
    expect((await server.chat(neutral)).status).toBe(200);
  });

  it('may offer tools where the server ignores them, and is told so', async () => {
    await using server = await testServer({ tools: 'ignore' });
    const tools = [{ type: 'function', function: { name: 'search', parameters: {} } }];
    const response = await server.chat({ tools, tool_choice: 'auto', parallel_tool_calls: true });
    expect(response.headers.get('x-aligner-tools')).toBe('ignored');
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: 'One is 1. Two is 2. Three is 3.' }, finish_reason: 'stop' }],
    });
    const without = await server.chat({ tools: [] });
    expect([without.status, without.headers.get('x-aligner-tools')]).toEqual([200, null]);
    const wanted = await errorOf(await server.chat({ tools, tool_choice: 'required' }));
    expect(wanted).toMatchObject({ status: 400, param: 'tool_choice' });
  });

  it('is corrected by nobody where the server allows that, and says so', async () => {
    await using server = await testServer({ rules: { knobs: [], defaults: {}, maxCoefficient: 1, allowOff: true } }); // prettier-ignore
    const response = await server.chat({ model: 'test-model@off' });
    expect(response.headers.get('x-aligner-off')).toBe('true');
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: sentences.join(' ') } }],
      aligner: { off: true },
    });
  });
});

describe('the models', () => {
  it('are one, by its name', async () => {
    await using server = await testServer();
    const list = (await (await fetch(`${server.url}/v1/models`)).json()) as object;
    expect(list).toMatchObject({ object: 'list', data: [{ id: 'test-model', object: 'model' }] });
    expect(await (await fetch(`${server.url}/v1/models/test-model`)).json()).toMatchObject({ id: 'test-model' }); // prettier-ignore
    expect(await errorOf(await fetch(`${server.url}/v1/models/other`))).toMatchObject({ status: 404, code: 'model_not_found' }); // prettier-ignore
  });
});
