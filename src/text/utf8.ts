/** Bytes as text, and nothing else as text. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Text in UTF-8. Node's own decoding makes a replacement character of a damaged byte, and goes on
 * with another text in silence. A mark of the byte order stays.
 * @throws where the bytes are no UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new Error('not a text in UTF-8; save it as UTF-8, or make it anew', { cause });
  }
}
