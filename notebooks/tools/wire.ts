/**
 * Messages between Jupyter and a kernel, as parts of a ZeroMQ message: routing ids, delimiter,
 * signature, then header, parent header, metadata and content as JSON.
 * After https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol.
 */
import { createHmac, randomUUID } from 'node:crypto';

/** What is used of a message. */
export interface Message {
  id: string;
  type: string;
  /** Id of the request that it belongs to; empty for a request. */
  parent: string;
  content: Readonly<Record<string, unknown>>;
}

const delimiter = '<IDS|MSG>';

/** A request of a session, ready to be sent, signed with the connection's key. */
export function writeRequest(
  type: string,
  content: object,
  of: { key: string; session: string },
): { id: string; parts: string[] } {
  const id = randomUUID();
  const header = {
    msg_id: id,
    msg_type: type,
    session: of.session,
    username: 'notebooks',
    date: new Date().toISOString(),
    version: '5.3',
  };
  const body = [header, {}, {}, content].map((part) => JSON.stringify(part));
  return { id, parts: [delimiter, sign(body, of.key), ...body] };
}

/** @throws where the delimiter or a part is missing, or the signature is not the key's. */
export function readMessage(parts: readonly Buffer[], key: string): Message {
  const texts = parts.map((part) => part.toString('utf8'));
  const at = texts.indexOf(delimiter);
  const [signature, ...body] = at < 0 ? [] : texts.slice(at + 1, at + 6);
  if (signature === undefined || body.length < 4) {
    throw new Error(
      `kernel: a message has ${texts.length} parts (expected a delimiter, a signature and 4 parts)`,
    );
  }
  if (signature !== sign(body, key))
    throw new Error('kernel: a message is signed with another key');
  const [header, parent, , content] = body.map((text) => JSON.parse(text) as Message['content']);
  return {
    id: String(header?.msg_id),
    type: String(header?.msg_type),
    parent: typeof parent?.msg_id === 'string' ? parent.msg_id : '',
    content: content ?? {},
  };
}

function sign(body: readonly string[], key: string): string {
  const hash = createHmac('sha256', key);
  for (const part of body) hash.update(part);
  return hash.digest('hex');
}
