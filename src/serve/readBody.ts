/** Bodies of requests as their shapes have them. */
import type { z } from 'zod';
import { checked } from '../shape/check.js';
import { reasonOf } from '../text/errorSentence.js';
import { ApiError, badRequest } from './apiError.js';

/** @throws ApiError naming the first places that do not fit. */
export function readBody<T>(shape: z.ZodType<T>, value: unknown): T {
  const found = shape.safeParse(value);
  if (found.success) return found.data;
  const param = found.error.issues[0]?.path.map(String).join('.') ?? '';
  try {
    return checked(shape, value, 'request');
  } catch (error) {
    throw badRequest(reasonOf(error), param === '' ? null : param);
  }
}

/** Only JSON that says so: what a page elsewhere can send without asking does not. */
export async function jsonOf(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new ApiError('request: expected Content-Type: application/json', { status: 415 });
  }
  const text = await request.text();
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badRequest(`request: the body is no JSON (${reasonOf(error).slice(0, 200)})`);
  }
}
