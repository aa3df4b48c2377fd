/** What a server sends outside of streams: read as text, and no further than it may be long. */

/** Longest body, in UTF-16 units after unpacking. */
export const longestBody = 4 * 2 ** 20;

/**
 * The text of a body, UTF-8 as JSON is, whatever its headers say.
 * @returns null where it is longer than `most`, or no UTF-8; the rest is then not read
 */
export async function boundedText(
  body: ReadableStream<Uint8Array> | null,
  most = longestBody,
): Promise<string | null> {
  if (!body) return '';
  const read = utf8Reader();
  let text = '';
  for await (const bytes of body) {
    const more = read(bytes);
    if (more === null || text.length + more.length > most) return null;
    text += more;
  }
  const end = read();
  return end === null ? null : text + end;
}

/**
 * Reads bytes piece by piece: of each the whole characters; at last, without bytes, what is left.
 * Null where they are no UTF-8.
 */
export function utf8Reader(): (bytes?: Uint8Array) => string | null {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return (bytes) => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch {
      return null;
    }
  };
}
