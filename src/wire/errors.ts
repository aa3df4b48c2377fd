/** What goes wrong between the lab and a server, in sentences. */
import { retryAfter } from '../runtime/hub/retry.js';
import { show } from '../text/show.js';
import { fieldOf } from './field.js';

/** A call that failed. */
export class ServerError extends Error {
  /** HTTP status; null where none came. */
  readonly status: number | null;
  /** Whether it may pass by itself. */
  readonly passing: boolean;
  /** Milliseconds that the server asks to wait for. */
  readonly wait: number;
  /** `code` or `type` of the server's error. */
  readonly code: string | null;

  constructor(
    message: string,
    how: {
      status?: number | null;
      passing: boolean;
      wait?: number;
      code?: string | null;
      cause?: unknown;
    },
  ) {
    super(message, { cause: how.cause });
    this.name = 'ServerError';
    this.status = how.status ?? null;
    this.passing = how.passing;
    this.wait = how.wait ?? 0;
    this.code = how.code ?? null;
  }

  /** The same in other words. */
  with(message: string): ServerError {
    if (message === this.message) return this;
    const { status, passing, wait, code } = this;
    return new ServerError(message, { status, passing, wait, code });
  }
}

/** 529 is how some services say that they are overloaded. */
const passing: ReadonlySet<number> = new Set([408, 409, 425, 429, 500, 502, 503, 504, 529]);

/** What a refused call says. Redirects are not followed: the key would go along. */
export function refused(
  shown: string,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  body: string,
): ServerError {
  const said = errorIn(body);
  const words = said?.message ?? (body.trim() === '' ? 'it said no more' : body.trim());
  const wait = retryAfter(headers.get('Retry-After'));
  const how = { status, passing: passing.has(status), wait, code: said?.code ?? null };
  return new ServerError(
    `server: ${shown} answered ${status} (${brief(words)}); ${remedy(status)}`,
    how,
  );
}

function remedy(status: number): string {
  if (status === 401 || status === 403) return 'check the key and what it may do';
  if (status === 404) return 'check the address (it mostly ends in /v1) and the name of the model';
  if (status === 429) return 'ask for less at once (--concurrency), or later';
  if (status >= 300 && status < 400) return 'give the address that it points to';
  return status >= 500 ? 'see the log of the server' : 'see what the server supports';
}

/** An error that came in place of, or within, an answer. */
export function errorIn(text: string): { message: string; code: string | null } | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const error = fieldOf(value, 'error') ?? fieldOf(value, 'detail') ?? fieldOf(value, 'message');
  if (typeof error === 'string') return { message: error, code: null };
  if (typeof error !== 'object' || error === null) return null;
  const code = fieldOf(error, 'code') ?? fieldOf(error, 'type');
  const message = textOf(fieldOf(error, 'message') ?? error);
  return { message, code: code == null ? null : textOf(code) };
}

/** What is nested too deeply is read by the language and not written by it. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    return 'an error nested too deeply to be shown';
  }
}

/** A connection that failed, or was cut. */
export function unreachable(shown: string, cause: unknown): ServerError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  const why = reasons[code] ?? (inner instanceof Error ? inner.message : String(inner));
  return new ServerError(
    `server: ${shown} cannot be reached (${brief(why)}); start it, or check the address`,
    { passing: true, cause },
  );
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'nobody answered',
  UND_ERR_HEADERS_TIMEOUT: 'nobody answered',
};

/** One line of what a server said, shortened. */
export function brief(text: string): string {
  return show(text.length > 300 ? `${text.slice(0, 299)}…` : text).replace(/\s+/g, ' ');
}

const withheld: Readonly<Record<string, string>> = {
  content_filter: 'withheld its answer (content_filter)',
  refusal: 'refused to answer',
  tool_calls: 'called a tool in place of an answer',
  function_call: 'called a function in place of an answer',
};

/** Whether the server is well and keeps back this answer alone. */
export function isWithheld({ code }: ServerError): boolean {
  return code !== null && Object.hasOwn(withheld, code);
}

/** Of an answer that ended so, what is not there was not left out by the model: it is no silence. */
export function withheldAnswer(shown: string, finish: string | null): ServerError | null {
  const what = finish !== null && Object.hasOwn(withheld, finish) ? withheld[finish] : undefined;
  if (what === undefined) return null;
  return new ServerError(`server: ${shown} ${what}; ask it otherwise, or leave this question out`, {
    ...{ passing: false, code: finish },
  });
}
