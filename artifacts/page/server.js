/** What the page asks of its server: what is served, and answers as they are written. */

/** @import { Info } from '../../src/serve/info.js' */
/** @import { PlayEvent, PlayRequest } from '../../src/serve/play.js' */

/** What the server said, or why nothing could be heard of it, as a sentence. */
export class Refusal extends Error {
  /** @param {string} message @param {number} [status] */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

let key = '';

/** @param {string} given for `Authorization`; kept in this window alone */
export function useKey(given) {
  key = given.trim();
}

/** @returns {Promise<Info>} @throws {Refusal} */
export async function getInfo() {
  const response = await asked('/api/info', {});
  return /** @type {Info} */ (await response.json());
}

/**
 * @param {Partial<PlayRequest>} request
 * @param {{ signal: AbortSignal, onEvent: (event: PlayEvent) => void }} how
 * @throws {Refusal}, and AbortError once the signal is aborted
 */
export async function play(request, { signal, onEvent }) {
  const response = await asked('/api/play', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
  if (!response.body) throw new Refusal('The server sent nothing.');
  let over = false;
  try {
    for await (const event of eventsOf(response.body.getReader())) {
      if (event.kind === 'error') throw new Refusal(sentence(event.error.message));
      over ||= event.kind === 'end';
      onEvent(event);
    }
  } catch (error) {
    if (error instanceof Refusal || signal.aborted) throw error;
    throw new Refusal('The connection broke off in the middle of the answer.');
  }
  if (!over) throw new Refusal('The server ended in the middle of the answer.');
}

/** @param {string} path @param {RequestInit & { headers?: Record<string, string> }} init */
async function asked(path, init) {
  const headers = { ...init.headers, ...(key !== '' && { Authorization: `Bearer ${key}` }) };
  let response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Refusal('The server cannot be reached. Is it still running?');
  }
  if (response.ok) return response;
  throw new Refusal(await reasonOf(response), response.status);
}

/** @param {Response} response */
async function reasonOf(response) {
  try {
    const { error } = /** @type {{ error: { message: string } }} */ (await response.json());
    return sentence(error.message);
  } catch {
    return `The server answered ${response.status}.`;
  }
}

/** @param {string} message */
function sentence(message) {
  const first = message.slice(0, 1).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @returns {AsyncGenerator<PlayEvent>} */
async function* eventsOf(reader) {
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      // Lines that begin with a colon keep the connection alive.
      if (block.startsWith('data: ')) yield /** @type {PlayEvent} */ (JSON.parse(block.slice(6)));
    }
  }
}
