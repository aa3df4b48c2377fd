/** Bodies of requests as their shapes have them. */
import type { z } from 'zod';
import { checked } from '../shape/check.js';
import { reasonOf } from '../text/errorSentence.js';
import { decodeUtf8 } from '../text/utf8.js';
import { ApiError, badRequest } from './apiError.js';

/** @throws ApiError naming the first places that do not fit. */
export function readBody<T>(shape: z.ZodType<T>, value: unknown): T {
  try {
    const found = shape.safeParse(value);
    if (found.success) return found.data;
    const param = found.error.issues[0]?.path.map(String).join('.') ?? '';
    return orBadRequest(() => checked(shape, value, 'request'), param === '' ? null : param);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw badRequest('request: the body is nested too deeply; send it flatter');
  }
}

function orBadRequest<T>(read: () => T, param: string | null): T {
  try {
    return read();
  } catch (error) {
    // What is nested too deeply is read by the language and not shown by it.
    if (error instanceof RangeError) throw error;
    throw badRequest(reasonOf(error), param);
  }
}

/** Only JSON that says so: what a page elsewhere can send without asking does not. */
export async function jsonOf(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new ApiError('request: expected Content-Type: application/json', { status: 415 });
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  try {
    return JSON.parse(decodeUtf8(bytes)) as unknown;
  } catch (error) {
    if (error instanceof RangeError) throw badRequest('request: the body is nested too deeply; send it flatter'); // prettier-ignore
    throw badRequest(`request: the body is no JSON (${reasonOf(error).slice(0, 200)})`);
  }
}
