/** Files that come in deduplicated chunks (Xet), as the hub's client gives them. */
import type { ReadableStream } from 'node:stream/web';
import { HubUnreachable, networkReason } from './errors.js';

/**
 * The pieces of a blob.
 * @throws {HubUnreachable} whatever its stream fails with: the connection failed
 */
export async function* xetPieces(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = (blob.stream() as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new HubUnreachable(networkReason(error), { cause: error });
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
