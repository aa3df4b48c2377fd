/**
 * An OpenAI-compatible server that misbehaves on purpose. Its model has answers by heart; behind any
 * other prefix it writes sentences that follow from that prefix.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pLimit, { type LimitFunction } from 'p-limit';

/** What goes wrong with one request. */
export type Trouble =
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** Nothing more is sent after so many events. */
  | { kind: 'stall'; after: number }
  /** The socket is cut after so many events. */
  | { kind: 'cut'; after: number }
  | { kind: 'error event'; after: number }
  /** The answer ends there, as a content filter ends it. */
  | { kind: 'filter'; after: number }
  | { kind: 'not json'; after: number };

export interface Behaviour {
  /** By question; a question that is not there gets sentences of its own. */
  answers?: Readonly<Record<string, string>>;
  /** To questions that are not there; undefined: a sentence of its own. */
  reply?: (question: string) => string | undefined;
  /** What each way of going on does. Default: all new turns, no completions. */
  trailing?: Going;
  continueFinal?: Going;
  prefixField?: Going;
  completions?: boolean;
  /** llama.cpp's call. Default: there is none. */
  applyTemplate?: boolean;
  /** Default true. */
  chat?: boolean;
  usage?: 'chunk' | 'last' | 'none';
  done?: boolean;
  comments?: boolean;
  /** Whether `stream` is passed over. */
  whole?: boolean;
  /** Fields that are refused with 422. */
  unknown?: readonly string[];
  key?: string;
  models?: readonly string[];
  /** For each request for an answer, in order; null: none. */
  trouble?: (count: number, body: Body) => Trouble | null;
  /** Milliseconds before each event. */
  pace?: number;
  /** Answers that are written at once; others wait. Default: all. */
  slots?: number;
  /** What becomes of a request for probabilities. Default: it is passed over. */
  logprobs?: 'real' | 'shifted' | 'refuse';
}

type Going = 'continue' | 'repeat' | 'new turn' | 'refuse';

export interface Body {
  model?: string;
  prompt?: string;
  messages?: { role: string; content: string; prefix?: boolean }[];
  continue_final_message?: boolean;
  max_tokens?: number;
  stream?: boolean;
  [other: string]: unknown;
}

export interface FakeServer extends AsyncDisposable {
  /** `http://127.0.0.1:…/v1` */
  url: string;
  /** Bodies of requests for answers, in order. */
  asked: Body[];
  headers: IncomingMessage['headers'][];
  /** Answers whose client went before the end. */
  aborted: number;
  /** Most answers that were written at once. */
  most: number;
}

export async function fakeServer(behaviour: Behaviour = {}): Promise<FakeServer> {
  const turns = pLimit(behaviour.slots ?? Infinity);
  const state = { asked: [] as Body[], headers: [] as IncomingMessage['headers'][], aborted: 0, open: 0, most: 0, turns }; // prettier-ignore
  const server = createServer((request, response) => {
    void handle(request, response, behaviour, state).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}/v1`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** The whole answer to a question. */
export function answerTo(question: string, { answers = {}, reply }: Behaviour = {}): string {
  const known = answers[question] ?? reply?.(question);
  if (known !== undefined) return known;
  const n = [...question].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7);
  return `First, take ${n} of them.\nThen there are ${n + 1} in all!  What is left? Nothing but ${n - 1}.\n\n#### ${n}\n`;
}

/** What follows a prefix. */
export function writeBehind(question: string, prefix: string, behaviour: Behaviour = {}): string {
  const answer = answerTo(question, behaviour);
  if (answer.startsWith(prefix)) return answer.slice(prefix.length);
  // The same whether it is asked once or sentence by sentence.
  const base = /^[^.]*\./u.exec(prefix)?.[0] ?? prefix;
  const whole = `${base} After ${base.length} letters it goes on. And on.`;
  return whole.startsWith(prefix) ? whole.slice(prefix.length) : '';
}

interface State {
  asked: Body[];
  headers: IncomingMessage['headers'][];
  aborted: number;
  open: number;
  most: number;
  turns: LimitFunction;
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  behaviour: Behaviour,
  state: State,
): Promise<void> {
  let text = '';
  for await (const part of request) text += String(part);
  const body = (text === '' ? {} : JSON.parse(text)) as Body;
  const json = (status: number, value: unknown, headers = {}): void => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
  const refuse = (status: number, message: string): void => json(status, { error: { message, type: 'invalid_request_error' } }); // prettier-ignore
  if (behaviour.key && request.headers.authorization !== `Bearer ${behaviour.key}`) {
    refuse(401, 'invalid key');
    return;
  }
  if (request.url === '/v1/models') {
    json(200, { data: (behaviour.models ?? ['fake']).map((id) => ({ id, owned_by: 'fake' })) });
    return;
  }
  if (request.url === '/apply-template' && behaviour.applyTemplate) {
    json(200, { prompt: `<user>${body.messages?.[0]?.content}<assistant>` });
    return;
  }
  const written = textFor(request.url ?? '', body, behaviour);
  if (typeof written !== 'string') {
    refuse(written.status, written.message);
    return;
  }
  if (body.logprobs !== undefined && behaviour.logprobs === 'refuse') {
    refuse(400, 'logprobs are not supported');
    return;
  }
  const unknown = behaviour.unknown?.find((field) => field in body);
  if (unknown !== undefined) {
    refuse(422, `unknown field ${unknown}`);
    return;
  }
  state.asked.push(body);
  state.headers.push(request.headers);
  const trouble = behaviour.trouble?.(state.asked.length - 1, body) ?? null;
  if (trouble?.kind === 'status') {
    json(trouble.status, { error: { message: trouble.body ?? 'busy' } }, trouble.headers);
    return;
  }
  response.on('close', () => {
    if (!response.writableFinished) state.aborted++;
  });
  await state.turns(async () => {
    state.most = Math.max(state.most, ++state.open);
    try {
      await stream(response, {
        written,
        body,
        behaviour,
        trouble,
        chat: request.url !== '/v1/completions',
      });
    } finally {
      state.open--;
    }
  });
}

function textFor(
  url: string,
  body: Body,
  behaviour: Behaviour,
): string | { status: number; message: string } {
  if (url === '/v1/completions' && behaviour.completions) {
    const [, question = '', prefix = ''] = /^<user>([\s\S]*)<assistant>([\s\S]*)$/u.exec(body.prompt ?? '') ?? []; // prettier-ignore
    return writeBehind(question, prefix, behaviour);
  }
  if (url !== '/v1/chat/completions' || behaviour.chat === false) {
    return { status: 404, message: 'not found' };
  }
  const [user, begun] = body.messages ?? [];
  const question = user?.content ?? '';
  if (!begun) return answerTo(question, behaviour);
  const going = (begun.prefix ? behaviour.prefixField : body.continue_final_message ? behaviour.continueFinal : behaviour.trailing) ?? 'new turn'; // prettier-ignore
  const rest = writeBehind(question, begun.content, behaviour);
  switch (going) {
    case 'continue':
      return rest;
    case 'repeat':
      return begun.content + rest;
    case 'new turn':
      return answerTo(question, behaviour);
    case 'refuse':
      return { status: 422, message: 'unknown field' };
  }
}

interface Probability {
  token: string;
  logprob: number;
  top_logprobs: { token: string; logprob: number }[];
}

/**
 * What is said of one token: likely, beside the letters that verdicts are made of. A verdict's letter
 * comes to the front as often as its place in the alphabet says: A 0.6, B 0.3, C 0.1.
 */
function probabilityOf(token: string): Probability {
  const letter = /[ABC](?=\]\])/u.exec(token)?.[0];
  const others = letter ? ['A', 'B', 'C'].map((other) => token.replace(`${letter}]]`, `${other}]]`)) : [token, '~', '_']; // prettier-ignore
  const sorted = [token, ...others.filter((other) => other !== token)];
  const top = sorted.map((other, i) => ({ token: other, logprob: Math.log([0.6, 0.3, 0.1][i] ?? 0) + (token.length % 3) * -1e-2 })); // prettier-ignore
  return { token, logprob: top[0]?.logprob ?? 0, top_logprobs: top };
}

/** The same as answers to prompts have it. */
function classic(content: readonly Probability[]): object {
  return {
    tokens: content.map(({ token }) => token),
    token_logprobs: content.map(({ logprob }) => logprob),
    top_logprobs: content.map(({ top_logprobs: top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
  };
}

/** Pieces of one to six letters, as tokens are. */
function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,6}/gu) ?? [];
}

async function stream(
  response: ServerResponse,
  how: {
    written: string;
    body: Body;
    behaviour: Behaviour;
    trouble: Trouble | null;
    chat: boolean;
  },
): Promise<void> {
  const { written, body, behaviour, trouble, chat } = how;
  const { usage = 'chunk', done = true, comments = false, whole = false, pace = 0 } = behaviour;
  const tokens = pieces(written).slice(0, body.max_tokens ?? Infinity);
  const finish = tokens.length < pieces(written).length ? 'length' : 'stop';
  const counts = { prompt_tokens: JSON.stringify(body.messages ?? body.prompt ?? '').length, completion_tokens: tokens.length }; // prettier-ignore
  const choice = (text: string, reason: string | null): object => {
    return chat
      ? { index: 0, delta: { content: text }, finish_reason: reason }
      : { index: 0, text, finish_reason: reason };
  };
  if (whole) {
    const text = tokens.join('');
    const all = chat
      ? { message: { role: 'assistant', content: text }, finish_reason: finish }
      : { text, finish_reason: finish };
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ choices: [all], usage: counts }));
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const send = (value: object): void => void response.write(`data: ${JSON.stringify(value)}\n\n`);
  if (chat) send({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] });
  for (const [i, token] of tokens.entries()) {
    if (response.destroyed) return;
    if (trouble && 'after' in trouble && i >= trouble.after) {
      if (trouble.kind === 'stall') return;
      if (trouble.kind === 'cut') response.destroy();
      else if (trouble.kind === 'filter') send({ choices: [choice('', 'content_filter')] });
      else if (trouble.kind === 'error event')
        send({ error: { message: 'out of memory', code: 500 } });
      else response.write('data: {"choices": [{"delta"\n\n');
      if (trouble.kind !== 'cut') response.end();
      return;
    }
    if (comments && i % 3 === 0) response.write(': still here\n\n');
    if (i % 4 === 2) send({ choices: [] });
    const said = tokens[behaviour.logprobs === 'shifted' ? i - 1 : i] ?? token;
    const asked =
      behaviour.logprobs && (body.logprobs === true || typeof body.logprobs === 'number');
    const content = [{ ...probabilityOf(said), ...(said !== token && { token }) }];
    const logprobs = chat ? { content } : classic(content);
    send({ choices: [{ ...choice(token, null), ...(asked && { logprobs }) }] });
    if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
  }
  const last = { choices: [choice('', finish)] };
  send(usage === 'last' ? { ...last, usage: counts } : last);
  if (usage === 'chunk') send({ choices: [], usage: counts });
  if (done) response.write('data: [DONE]\n\n');
  response.end();
}
