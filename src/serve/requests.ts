/** What the routes work with, and what is done for every request. */
import type { Context } from 'hono';
import { setMaxListeners } from 'node:events';
import { ApiError, ClientGone } from './apiError.js';
import { hundredths } from './audit.js';
import type { Caller, RateLimit } from './callers.js';
import { serverEnds, type Gate } from './gate.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { Service } from './service.js';
import { strengthOfModel, type StrengthAsked } from './strength.js';
import type { TargetLedger } from './targets.js';

/** What every route works with. */
export interface AppParts {
  service: Service;
  gate: Gate;
  metrics: Metrics;
  targets: TargetLedger;
  authenticate: (header: string | undefined) => Caller;
  rate: RateLimit;
  log: Log;
  limits: RequestLimits;
  /** Whether logs say what was asked and answered. */
  logContent: boolean;
  /** Whether `Authorization` is wanted, for the page. */
  keyRequired: boolean;
  /** Whether only this machine can ask, and nobody else is meant to. */
  local: boolean;
  /** Whether the server is about to end, and takes no request any more. */
  isEnding: () => boolean;
  version: string;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface RequestLimits {
  /** Bytes of a body. */
  body: number;
  /** Milliseconds from a request to the end of its answer. */
  deadline: number;
  /** Milliseconds without a line after which a comment is sent. */
  keepAlive: number;
}

/** What is known of a request while it is answered. */
export interface RequestState {
  id: string;
  caller: Caller;
  /** By the service's clock. */
  arrived: number;
  /** For the log. */
  notes: Record<string, unknown>;
  /** Whether the answer is logged when its stream ends. */
  streaming: boolean;
}

export type AppContext = Context<{ Variables: { state: RequestState } }>;

/** Routes that say nothing of anyone's texts, for whoever watches the server. */
export const watching = new Set(['/healthz', '/readyz']);

/**
 * What a request asks for behind the model's name.
 * @throws ApiError 404 where it names another model, 400 where the strength is none.
 */
export function askedModel(given: string, { name }: Service): StrengthAsked {
  if (given === name) return {};
  const { model, asked } = strengthOfModel(given);
  if (model === name) return asked;
  throw new ApiError(`model: there is no ${JSON.stringify(given.slice(0, 100))} here (expected ${name}, or ${name}@0.5 with a strength)`, {
    ...{ status: 404, param: 'model', code: 'model_not_found' },
  }); // prettier-ignore
}

/** @throws ApiError where the server is about to end. */
export function checkReady({ isEnding }: AppParts): void {
  if (isEnding()) throw serverEnds();
}

/** Waits for its turn. */
export async function enter(
  { gate, metrics, service }: AppParts,
  weight: number,
  ending: AbortController,
): Promise<() => void> {
  const since = service.clock();
  try {
    return await gate.enter(weight, ending.signal);
  } catch (error) {
    ending.abort(error);
    throw error;
  } finally {
    metrics.queued(service.clock() - since);
  }
}

/** Aborts when the client goes, and at the deadline. */
export function endingOf(client: AbortSignal, deadline: number): AbortController {
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const gone = (): void => ending.abort(new ClientGone());
  if (client.aborted) gone();
  else client.addEventListener('abort', gone, { once: true });
  const timer = setTimeout(() => {
    const message = `serve: the answer took longer than ${deadline / 1000} s; ask for less, or later`;
    ending.abort(new ApiError(message, { status: 504, type: 'server_error', code: 'timeout' }));
  }, deadline);
  timer.unref();
  ending.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return ending;
}

/** Why a request failed: what ended it, where something did, else what was thrown. */
export function failureOf({ signal }: AbortController, error: unknown): unknown {
  return signal.aborted ? signal.reason : error;
}

/** The line of a request that is over, and its numbers. */
export function logAnswer(
  c: AppContext,
  status: number,
  { metrics, service, log }: AppParts,
): void {
  const { id, caller, arrived, notes } = c.get('state');
  const milliseconds = hundredths(service.clock() - arrived);
  const route = routeOf(c);
  metrics.answered({ status, route, milliseconds });
  if (watching.has(c.req.path) || route === '/metrics') return;
  const level = status >= 500 ? 'error' : 'info';
  log({ level, event: 'request', id, caller: caller.id, route, status, milliseconds, ...notes });
}

/** A route, not a path: paths are whatever clients make up. */
function routeOf(c: AppContext): string {
  const { path } = c.req;
  if (path.startsWith('/v1/models')) return '/v1/models';
  if (path.startsWith('/page/')) return '/page';
  const known = ['/v1/chat/completions', '/metrics', '/healthz', '/readyz', '/api/info', '/api/play', '/']; // prettier-ignore
  return known.find((one) => one === path) ?? 'other';
}

/** Names under which a machine knows itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

/**
 * A page of another site can have its name lead to this machine (DNS rebinding) and then ask without a
 * key; its requests still name that site.
 * @throws ApiError 403
 */
export function checkHost(c: AppContext, { local, keyRequired }: AppParts): void {
  if (!local || keyRequired) return;
  const { hostname } = new URL(c.req.url);
  if (isLoopback(hostname)) return;
  throw new ApiError('serve: without keys it answers to localhost alone; give --api-key-file', {
    ...{ status: 403, type: 'permission_error', code: 'host_not_allowed' },
  });
}
