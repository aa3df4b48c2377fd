/** What a client is told when something goes wrong, in the shape that OpenAI's clients read. */
import { NoRoom } from '../align/stream.js';
import { reasonOf } from '../text/errorSentence.js';
import { isWithheld, ServerError } from '../wire/errors.js';

/** `type` of an error, as OpenAI names them. */
export type ApiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'upstream_error'
  | 'server_error';

/** An error that is meant for the client. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: ApiErrorType;
  readonly code: string | null;
  /** The field of the request that is at fault. */
  readonly param: string | null;
  /** Seconds after which the same request may do; null: not by waiting. */
  readonly retryAfter: number | null;

  constructor(
    message: string,
    how: {
      status: number;
      type?: ApiErrorType;
      code?: string | null;
      param?: string | null;
      retryAfter?: number | null;
      cause?: unknown;
    },
  ) {
    super(message, { cause: how.cause });
    this.name = 'ApiError';
    this.status = how.status;
    this.type = how.type ?? 'invalid_request_error';
    this.code = how.code ?? null;
    this.param = how.param ?? null;
    this.retryAfter = how.retryAfter ?? null;
  }
}

/** Nobody reads the answer: for the log, under the number that nginx has for it. */
export class ClientGone extends ApiError {
  constructor() {
    super('serve: the client went away', { status: 499 });
    this.name = 'ClientGone';
  }
}

/** A field that the request must not have, or not so. */
export function badRequest(message: string, param: string | null = null, code?: string): ApiError {
  return new ApiError(message, { status: 400, param, code });
}

/** The body of an answer that is an error. */
export interface ErrorBody {
  error: { message: string; type: ApiErrorType; param: string | null; code: string | null };
}

export function errorBody({ message, type, param, code }: ApiError): ErrorBody {
  return { error: { message, type, param, code } };
}

/**
 * Any error as one for the client. What a server behind this one said, or a fault of our own, is for
 * the log: a client learns of which kind it is.
 */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof NoRoom) {
    const code = 'context_length_exceeded';
    return new ApiError(error.message, { status: 400, param: 'messages', code, cause: error });
  }
  if (error instanceof ServerError) return ofServer(error, 'upstream');
  return new ApiError('serve: the request failed; the log of the server says why', {
    ...{ status: 500, type: 'server_error', code: 'internal_error', cause: error },
  });
}

/** What became of a server behind this one, in the words that a client may read. */
export function ofServer(error: ServerError, who: 'upstream' | 'corrector'): ApiError {
  const { status, wait, passing, code } = error;
  if (status === 429) {
    return new ApiError(`${who}: it takes no more requests at the moment; try again later`, {
      ...{ status: 429, type: 'rate_limit_error', code: `${who}_busy`, cause: error },
      retryAfter: Math.max(1, Math.ceil(wait / 1000)),
    });
  }
  if (isWithheld(error)) {
    return new ApiError(`${who}: it withheld the answer (${code})`, {
      ...{ status: 502, type: 'upstream_error', code: `${who}_withheld`, cause: error },
    });
  }
  const refusal = status === 400 || status === 413 || status === 422;
  if (refusal) {
    return new ApiError(`${who}: it refused the request (${status}); see its log`, {
      ...{ status: 400, code: `${who}_refused`, cause: error },
    });
  }
  const said = status === null ? 'it cannot be reached, or sent no whole answer' : `it answered ${status}`; // prettier-ignore
  const remedy = passing ? 'try again later' : 'the log of the server says what to do';
  return new ApiError(`${who}: ${said}; ${remedy}`, {
    ...{ status: 502, type: 'upstream_error', code: `${who}_failed`, cause: error },
  });
}

/** What a log says of an error: its reason, and that of its cause. */
export function logReason(error: unknown): string {
  const cause = error instanceof ApiError ? error.cause : undefined;
  return cause === undefined ? reasonOf(error) : `${reasonOf(error)} (${reasonOf(cause)})`;
}
