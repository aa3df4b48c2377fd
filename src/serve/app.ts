/** The routes of the server: OpenAI's, those of its page, and those of whoever runs it. */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { randomUUID } from 'node:crypto';
import { ApiError, errorBody, logReason, toApiError } from './apiError.js';
import { handleChat } from './chatRoute.js';
import { serviceInfo } from './info.js';
import { handlePage, readPage, type PageFiles } from './page/files.js';
import { handlePlay } from './play.js';
import {
  checkHost,
  askedModel,
  logAnswer,
  watching,
  type AppContext,
  type AppParts,
  type RequestState,
} from './requests.js';

type App = Hono<{ Variables: { state: RequestState } }>;

export function createApp(parts: AppParts): App {
  const app: App = new Hono();
  const page = readPage();
  app.use(async (c, next) => await observed(c, next, { parts, page }));
  app.onError((error, c) => errorAnswer(c as AppContext, error, parts));
  app.notFound((c) => errorAnswer(c as AppContext, unknownRoute(c as AppContext), parts));
  const limit = bodyLimit({ maxSize: parts.limits.body, onError: () => Promise.reject(tooLarge(parts)) }); // prettier-ignore
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => {
    const why = notReady(parts);
    return c.text(why === null ? 'ready\n' : `${why}\n`, why === null ? 200 : 503);
  });
  app.get('/metrics', async (c) => {
    c.header('Content-Type', parts.metrics.registry.contentType);
    return c.body(await parts.metrics.registry.metrics());
  });
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [modelOf(parts)] }));
  app.get('/v1/models/:model{.+}', (c) => {
    askedModel(c.req.param('model'), parts.service);
    return c.json(modelOf(parts));
  });
  app.post('/v1/chat/completions', limit, (c) => handleChat(c, parts));
  app.get('/api/info', (c) => c.json(serviceInfo(parts)));
  app.post('/api/play', limit, (c) => handlePlay(c, parts));
  for (const [path, file] of page) app.get(path, (c) => handlePage(c, file));
  return app;
}

function modelOf({ service }: AppParts): object {
  return { id: service.name, object: 'model', created: 0, owned_by: 'aligner-lab' };
}

/** Who asks, how often, and what is written down of it. */
async function observed(
  c: AppContext,
  next: () => Promise<void>,
  { parts, page }: { parts: AppParts; page: PageFiles },
): Promise<void> {
  const state: RequestState = {
    id: randomUUID(),
    caller: { id: 'unknown' },
    arrived: parts.service.clock(),
    notes: {},
    streaming: false,
  };
  c.set('state', state);
  c.header('X-Request-Id', state.id);
  c.header('X-Content-Type-Options', 'nosniff');
  try {
    if (!watching.has(c.req.path)) checkHost(c, parts);
    // The page is the same for all, and asks for the key itself.
    if (!watching.has(c.req.path) && !page.has(c.req.path)) {
      state.caller = parts.authenticate(c.req.header('authorization'));
      if (c.req.method === 'POST') parts.rate.take(callerId(c, state));
    }
    await next();
  } catch (error) {
    c.res = errorAnswer(c, error, parts);
  }
  if (!state.streaming) logAnswer(c, c.res.status, parts);
}

/** With keys, the key; without, the address. */
function callerId(c: AppContext, { caller }: RequestState): string {
  const { incoming } = c.env as { incoming?: { socket?: { remoteAddress?: string } } };
  return caller.id === 'anyone' ? (incoming?.socket?.remoteAddress ?? 'anyone') : caller.id;
}

/** An error as the answer, in OpenAI's shape. */
function errorAnswer(c: AppContext, error: unknown, { log }: AppParts): Response {
  const told = toApiError(error);
  const { id, notes } = c.get('state');
  notes.error = logReason(told);
  if (told.status >= 500 && error !== told) {
    const stack = error instanceof Error ? error.stack : undefined;
    log({ level: 'error', event: 'failure', id, error: logReason(told), stack });
  }
  if (told.retryAfter !== null) c.header('Retry-After', String(told.retryAfter));
  // Its body is not read to the end.
  if (told.status === 413) c.header('Connection', 'close');
  if (told.status === 401) c.header('WWW-Authenticate', 'Bearer');
  return c.json(errorBody(told), told.status as 400);
}

function unknownRoute(c: AppContext): ApiError {
  const { method, path } = c.req;
  return new ApiError(`there is no ${method} ${path.slice(0, 200)} here (expected GET /v1/models or POST /v1/chat/completions)`, {
    ...{ status: 404, code: 'unknown_url' },
  }); // prettier-ignore
}

function tooLarge({ limits }: AppParts): ApiError {
  return new ApiError(`request: the body is larger than ${limits.body} bytes; send less`, {
    ...{ status: 413, code: 'request_too_large' },
  });
}

/** Why whoever spreads requests should send none here; null where they are welcome. */
function notReady({ isEnding, service }: AppParts): string | null {
  if (isEnding()) return 'the server is about to end';
  return service.circuits.upstream.state === 'open' ? 'the upstream is out of reach' : null;
}
