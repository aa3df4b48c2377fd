/** Readers of what servers answer, of their addresses, and of answers that were paid for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAnnotation } from '../../../src/align/served/annotation.js';
import { openPaidAnswers } from '../../../src/record/paidAnswers.js';
import {
  callUrl,
  isServerName,
  keyVariable,
  parseAddress,
  shownName,
} from '../../../src/wire/address.js';
import { errorIn, refused, ServerError } from '../../../src/wire/errors.js';
import { answerEvents } from '../../../src/wire/events.js';
import { bytesOf, json, lines, type Reader, type Specimen } from './reader.js';

const shown = 'http://server.test/v1';
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const probabilities = {
  content: [{ token: 'a', logprob: -0.1, top_logprobs: [{ token: 'a', logprob: -0.1 }] }],
};
const chat = [
  { choices: [{ delta: { role: 'assistant', content: '' }, finish_reason: null }] },
  { choices: [{ delta: { content: 'It is é' }, logprobs: probabilities, finish_reason: null }] },
  { choices: [{ delta: {}, finish_reason: 'stop' }] },
  { choices: [], usage },
];
const completion = [
  { choices: [{ text: 'It ' }] },
  { choices: [{ text: 'is.', finish_reason: 'length' }], usage },
];
const stream = (events: readonly unknown[], end = '\n\n'): string =>
  events.map((event) => `data: ${JSON.stringify(event)}${end}`).join(': still here\n\n');
const bytes = (file: string, text: string): Specimen => {
  return { file, bytes: bytesOf(text), format: 'bytes' };
};

/** What an answer is, in portions of so many bytes; in words where it is none. */
async function answerOf(content: Uint8Array, how: { type: string; size: number }): Promise<string> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < content.length; at += how.size) {
        controller.enqueue(new Uint8Array(content.subarray(at, at + how.size)));
      }
      controller.close();
    },
  });
  const response = new Response(body, { headers: { 'Content-Type': how.type } });
  let text = '';
  try {
    for await (const event of answerEvents(response, shown)) text += event.text;
    return `read: ${text}`;
  } catch (error) {
    if (error instanceof ServerError && error.passing) return error.message;
    throw error;
  }
}

/** An answer does not depend on the portions in which it comes. */
async function readAnswer(folder: string, file: string): Promise<void> {
  const raw = readFileSync(join(folder, file));
  const events = raw.toString('utf8').split('\n').filter((line) => line !== ''); // prettier-ignore
  const content = file.endsWith('.jsonl')
    ? bytesOf(events.map((event) => `data: ${event}\n\n`).join(''))
    : raw;
  const type = file.endsWith('.json') ? 'application/json' : 'text/event-stream; charset=utf-8';
  const whole = await answerOf(content, { type, size: content.length + 1 });
  const pieces = await answerOf(content, { type, size: 3 });
  if (whole !== pieces) throw new TypeError(`whole "${whole}", in pieces "${pieces}"`);
  if (!whole.startsWith('read: ')) throw new Error(whole);
}

function readRefusal(folder: string, file: string): Promise<never> {
  const body = readFileSync(join(folder, file), 'utf8');
  const said = errorIn(body);
  if (said && typeof said.message !== 'string') throw new TypeError('a message that is none');
  const headers = new Headers({ 'Retry-After': body.replace(/[^\x20-\x7e]/g, '').slice(0, 40) });
  const error = refused(shown, { status: body.length % 2 ? 429 : 400, headers }, body);
  // Sound answers are read; so the sound test of this reader sees its error.
  return body === sound ? Promise.resolve<never>(undefined as never) : Promise.reject(error);
}
const refusal = { error: { message: 'no such model', type: 'invalid_request_error', code: 404 } };
const sound = new TextDecoder().decode(json('body.json', refusal).bytes);

/** What stands in the query may be a key: it is told by nobody. */
function readAddress(folder: string, file: string): Promise<void> {
  const name = readFileSync(join(folder, file), 'utf8');
  const hidden = isServerName(name) && !/secret/.test(name.replace(/^([^?#]*)\?[^#]*/, '$1'));
  const check = (told: string): void => {
    if (hidden && told.includes('secret')) throw new TypeError(`a key is shown: ${told}`);
  };
  try {
    const address = parseAddress(name);
    check([address.shown, shownName(name), keyVariable(address.url)].join(' '));
    if (callUrl(address, 'models').origin !== address.url.origin) throw new TypeError('elsewhere');
  } catch (error) {
    check(error instanceof Error ? error.message : '');
    throw error;
  }
  return Promise.resolve();
}

const sha256 = 'ab'.repeat(32);
const paid = `${sha256.slice(0, 16)}-1.jsonl`;

async function readPaid(folder: string): Promise<void> {
  const answers = await openPaidAnswers(folder, { sha256 });
  const found = answers.get('k1');
  await answers.close?.();
  if (found && typeof found.text !== 'string') throw new TypeError('an answer without its text');
}

function readWord(folder: string, file: string): Promise<void> {
  const read = readAnnotation(readFileSync(join(folder, file), 'utf8'));
  if (read && typeof read.revision !== 'string') throw new TypeError('no revision');
  return Promise.resolve();
}

export const wireReaders: readonly Reader[] = [
  {
    name: 'events of a server',
    names: [shown],
    specimens: [
      bytes('chat.txt', `${stream(chat)}data: [DONE]\n\n`),
      bytes('completion.txt', stream(completion, '\r\n\r\n')),
      lines('chat.jsonl', chat),
      lines('completion.jsonl', completion),
      json('whole.json', { choices: [{ message: { content: 'So.' }, finish_reason: 'stop' }] }),
    ],
    read: readAnswer,
  },
  {
    name: 'refusals of a server',
    names: [shown],
    specimens: [json('body.json', refusal)],
    read: readRefusal,
  },
  {
    name: 'addresses of servers',
    names: ['server: '],
    specimens: ['http://localhost:8080/v1#org/model', 'https://h.test/v1/?key=secret#m%20x%C3%A9'].map(
      (name) => bytes('address.txt', name),
    ), // prettier-ignore
    read: readAddress,
  },
  {
    name: 'paid answers',
    specimens: [
      lines(paid, [
        { key: 'k1', text: 'It is', finish: null },
        { key: 'k1', text: 'It is so.', finish: 'stop', probabilities: { A: 0.5 } },
      ]),
    ],
    read: readPaid,
  },
  {
    name: 'annotations',
    specimens: [json('word.json', { quality: 'good', revision: 'So.', end: false })],
    read: readWord,
  },
];
