/** Bodies of answers: they end at a limit, and in silence. */
import { HubUnreachable, networkReason } from './errors.js';

export async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield await Promise.resolve(bytes);
}

export async function* nothing(): AsyncGenerator<Uint8Array> {
  // An answer without a body.
}

/** Fewer bytes than these count as silence: what drips would never end. */
const leastBytes = 1024;

/** The pieces of a body. @throws {HubUnreachable} where it breaks, or falls silent; at the limit */
export async function* pieces(
  body: ReadableStream<Uint8Array>,
  { limit, quiet }: { limit: number; quiet: number },
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let count = 0;
  // Milliseconds of waiting that are left, and the bytes that have come since they were renewed.
  let [left, since] = [quiet, 0];
  try {
    for (;;) {
      const start = performance.now();
      const { done, value } = await within(reader.read(), { left, quiet });
      if (done) return;
      count += value.length;
      since += value.length;
      left -= performance.now() - start;
      if (since >= leastBytes) [left, since] = [quiet, 0];
      if (count > limit) {
        throw new Error(
          `hub: an answer is longer than it may be (expected at most ${limit} bytes); check HF_ENDPOINT`,
        );
      }
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function within<T>(
  read: Promise<T>,
  { left, quiet }: { left: number; quiet: number },
): Promise<T> {
  let wait: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    wait = setTimeout(() => reject(silent(quiet)), Math.max(1, left));
  });
  try {
    return await Promise.race([read, silence]);
  } catch (error) {
    if (error instanceof HubUnreachable) throw error;
    throw new HubUnreachable(networkReason(error), { cause: error });
  } finally {
    clearTimeout(wait);
  }
}

/** The error of a connection where nothing, or next to nothing, came for so long. */
export function silent(milliseconds: number): HubUnreachable {
  return new HubUnreachable(`hardly anything came for ${milliseconds / 1000} s`);
}
