/** A server over scripted models, and calls to it. */
import type { Corrector } from '../../src/align/corrector.js';
import type { Upstream } from '../../src/align/upstream.js';
import type { LogEntry } from '../../src/serve/log.js';
import { startServer, type RunningServer, type ServeOptions } from '../../src/serve/start.js';
import { fakeCorrector, fakeUpstream, inTurn } from '../align/fakes.js';

export const sentences = ['One is 1.', 'Two is 3.', 'Three is 3.'] as const;
/** What stands in the answers: the second sentence is rewritten. */
export const answerText = 'One is 1. Two is 2. Three is 3.';

export function threeSentences(): Upstream {
  return fakeUpstream(inTurn(sentences));
}

export function mending(): Corrector {
  return fakeCorrector(({ last }) => last.replace('Two is 3', 'Two is 2'));
}

export interface TestServer extends RunningServer, AsyncDisposable {
  log: LogEntry[];
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  chat(body?: object, init?: RequestInit): Promise<Response>;
}

/** @param options default: three sentences, the second of which is mended; nothing can be steered */
export async function testServer(options: Partial<ServeOptions> = {}): Promise<TestServer> {
  const log: LogEntry[] = [];
  const server = await startServer({
    upstream: threeSentences(),
    corrector: mending(),
    name: 'test-model',
    log: (entry) => log.push(entry),
    ...options,
    rules: { knobs: [], defaults: {}, maxCoefficient: 1, allowOff: false, ...options.rules },
  });
  const post: TestServer['post'] = (path, body, init = {}) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      ...init,
      headers: { 'Content-Type': 'application/json', ...init.headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body), // prettier-ignore
    });
  return {
    ...server,
    log,
    post,
    chat: (body = {}, init) => post('/v1/chat/completions', { ...question, ...body }, init),
    [Symbol.asyncDispose]: () => server.end(AbortSignal.timeout(5_000)),
  };
}

export const question = {
  model: 'test-model',
  messages: [{ role: 'user', content: 'How many?' }],
};

export interface Chunk {
  id: string;
  object: string;
  choices: {
    index: number;
    delta: { role?: string; content?: string };
    finish_reason: string | null;
  }[];
  usage?: Record<string, number> | null;
  aligner?: { choice: number; round?: { y1?: string; y2?: string; copied: boolean } } & Record<string, unknown>; // prettier-ignore
  error?: { message: string; code: string | null };
}

/** The lines of a stream: chunks as JSON, everything else as it stands there. */
export async function streamLines(
  response: Response,
): Promise<{ chunks: Chunk[]; other: string[] }> {
  const lines = (await response.text()).split('\n\n').filter((line) => line !== '');
  const data = lines.filter((line) => line.startsWith('data: {'));
  return {
    chunks: data.map((line) => JSON.parse(line.slice(6)) as Chunk),
    other: lines.filter((line) => !line.startsWith('data: {')),
  };
}

export function textOf(chunks: readonly Chunk[], index = 0): string {
  return chunks
    .flatMap(({ choices = [] }: Partial<Chunk>) => choices)
    .filter((choice) => choice.index === index)
    .map(({ delta }) => delta.content ?? '')
    .join('');
}

export interface ApiErrorAnswer {
  error: { message: string; type: string; param: string | null; code: string | null };
}

/** Status and error of an answer. */
export async function errorOf(
  response: Response,
): Promise<ApiErrorAnswer['error'] & { status: number }> {
  const { error } = (await response.json()) as ApiErrorAnswer;
  return { status: response.status, ...error };
}
