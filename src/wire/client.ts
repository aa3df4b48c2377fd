/**
 * A client of one OpenAI-compatible server: calls are retried where that helps, counted, held to a
 * budget, and as many run at once as the server is given.
 */
import pLimit, { type LimitFunction } from 'p-limit';
import pRetry from 'p-retry';
import { callUrl, type ServerAddress } from './address.js';
import { boundedText } from './body.js';
import { refused, ServerError, unreachable } from './errors.js';
import { answerEvents, type AnswerEvent } from './events.js';
import { Meter } from './meter.js';
import { defaultDeadlines, StreamedReply, type Deadlines, type Reply } from './reply.js';

export interface ClientOptions {
  address: ServerAddress;
  /** Sent as a bearer token; never kept, shown or recorded. */
  key?: string | null;
  meter?: Meter;
  deadlines?: Partial<Deadlines>;
  /** Requests at once. Default 16. */
  concurrency?: number;
  retries?: Partial<Retries>;
  fetch?: typeof fetch;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
}

export interface Retries {
  /** Further tries. Default 6. */
  most: number;
  /** Milliseconds before the first of them, twice as many before each next, with jitter. Default 500. */
  pause: number;
  /** A server that asks for a longer pause than these milliseconds is not waited for. Default 120,000. */
  longestPause: number;
}

const defaultRetries: Retries = { most: 6, pause: 500, longestPause: 120_000 };

export interface Client {
  readonly address: ServerAddress;
  readonly meter: Meter;
  /** A small call that is answered at once with JSON. @throws {@link ServerError} */
  json(path: string, body?: unknown, signal?: AbortSignal): Promise<unknown>;
  /**
   * Asks for an answer and uses it; where that fails in passing, asks again from the beginning.
   * @param use what is wanted of the reply; the reply may be kept open beyond it.
   * @throws {@link ServerError}, `BudgetSpent`, the signal's reason
   */
  answer<T>(request: AnswerRequest, use: (reply: Reply) => Promise<T>): Promise<T>;
}

export interface AnswerRequest {
  path: string;
  body: Readonly<Record<string, unknown>>;
  signal?: AbortSignal;
}

export function createClient(options: ClientOptions): Client {
  const { address, meter = new Meter(), concurrency = 16 } = options;
  const connection: Connection = {
    ...{ address, meter, key: options.key ?? null },
    fetch: options.fetch ?? fetch,
    deadlines: { ...defaultDeadlines, ...options.deadlines },
    retries: { ...defaultRetries, ...options.retries },
    slots: pLimit(concurrency),
    clock: options.clock ?? ((): number => performance.now()),
  };
  return {
    address,
    meter,
    json: (path, body, signal) =>
      retrying(connection, signal, async () => {
        const timeout = AbortSignal.timeout(connection.deadlines.firstText);
        const ending = signal ? AbortSignal.any([signal, timeout]) : timeout;
        const response = await send(connection, { path, body, signal: ending });
        return readJson(await textOf(response, connection), address.shown);
      }),
    answer: (request, use) =>
      retrying(connection, request.signal, async () => {
        const reply = await openReply(connection, request);
        try {
          return await use(reply);
        } catch (error) {
          reply.close();
          throw error;
        }
      }),
  };
}

interface Connection {
  address: ServerAddress;
  meter: Meter;
  key: string | null;
  fetch: typeof fetch;
  deadlines: Deadlines;
  retries: Retries;
  slots: LimitFunction;
  clock: () => number;
}

/** A reply whose place among those at once is free when it is over. */
function openReply(connection: Connection, request: AnswerRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    void connection.slots(async () => {
      try {
        request.signal?.throwIfAborted();
        connection.meter.admit(connection.address.shown);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      const reply = new StreamedReply({
        open: (signal) => events(connection, request, signal),
        deadlines: connection.deadlines,
        shown: connection.address.shown,
        clock: connection.clock,
        ...(connection.key !== null && { hide: (text: string) => hidden(text, connection) }),
      });
      resolve(reply);
      await reply.over;
      count(connection.meter, reply);
    });
  });
}

async function* events(
  connection: Connection,
  { path, body }: AnswerRequest,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const response = await send(connection, { path, body, signal });
  try {
    yield* answerEvents(response, connection.address.shown);
  } catch (error) {
    if (signal.aborted) throw error;
    if (!(error instanceof ServerError)) throw unreachable(connection.address.shown, error);
    throw error.with(hidden(error.message, connection));
  }
}

/** One request. Redirects are not followed, since the key would go along. */
async function send(
  { address, key, fetch }: Connection,
  { path, body, signal }: { path: string; body?: unknown; signal: AbortSignal },
): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json, text/event-stream' };
  if (key !== null) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(callUrl(address, path), {
      method: body === undefined ? 'GET' : 'POST',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...{ headers, signal, redirect: 'manual' },
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw unreachable(address.shown, error);
  }
  if (response.ok) return response;
  const said = (await boundedText(response.body).catch(() => null)) ?? '';
  throw refused(address.shown, response, hidden(said, { key }).slice(0, 10_000));
}

/** A body, without the key. */
async function textOf(response: Response, { address, key }: Connection): Promise<string> {
  const text = await boundedText(response.body);
  if (text !== null) return hidden(text, { key });
  throw new ServerError(
    `server: ${address.shown} sent more than any answer has, or no UTF-8; see its log`,
    { passing: false },
  );
}

/** A server that says the key again writes it into no file of ours. */
function hidden(text: string, { key }: Pick<Connection, 'key'>): string {
  return key === null ? text : text.replaceAll(key, '…');
}

/** As often as it may help; pauses as the server asks. */
async function retrying<T>(
  { retries, meter }: Connection,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  const mayPass = (error: unknown): boolean =>
    error instanceof ServerError && error.passing && error.wait <= retries.longestPause;
  return await pRetry(call, {
    retries: retries.most,
    ...{ minTimeout: retries.pause, factor: 2, randomize: true, maxTimeout: 30_000 },
    ...(signal && { signal }),
    shouldRetry: ({ error }) => mayPass(error),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (!mayPass(error) || retriesLeft === 0) return;
      meter.retried();
      if (error instanceof ServerError) await pause(error.wait, signal);
    },
  });
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (milliseconds === 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function count(meter: Meter, reply: Reply): void {
  const { usage, events, text, finish, firstTextMilliseconds } = reply;
  // A request that failed before anything came is none that was answered.
  if (usage === null && text === '' && finish === null) return;
  meter.answered({
    promptTokens: usage?.prompt ?? null,
    completionTokens: usage?.completion ?? events,
    estimated: usage === null,
    firstTextMilliseconds,
  });
}

function readJson(text: string, shown: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServerError(
      `server: ${shown} did not answer with JSON; check the address (it mostly ends in /v1)`,
      { passing: false, cause },
    );
  }
}
