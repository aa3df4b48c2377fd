/** The events of a streamed answer, as servers of several makers send them. */
import { createParser } from 'eventsource-parser';
import { boundedText, longestBody, utf8Reader } from './body.js';
import { brief, errorIn, ServerError } from './errors.js';
import { tokensIn, type TokenProbability } from './logprobs.js';

/** One event of an answer. */
export interface AnswerEvent {
  /** What it adds to the text. */
  text: string;
  /** `stop`, `length`, …; null where the answer goes on. */
  finish: string | null;
  /** Whether it says anything at all, e.g. what a model thinks before it answers. */
  isAlive: boolean;
  usage: { prompt: number; completion: number } | null;
  /** With their probabilities, where these were asked for and given; else empty. */
  tokens: readonly TokenProbability[];
}

/**
 * The events of a body. Comments are passed over; `[DONE]` may be missing; `choices` may be empty. A
 * server that does not stream sends the whole answer as one JSON object.
 * @throws {@link ServerError} on an error in mid-stream, on what is no event, and where the answer
 *   breaks off.
 */
export async function* answerEvents(
  response: Response,
  shown: string,
): AsyncGenerator<AnswerEvent, void> {
  if (!response.body) throw broken(shown, 'an answer without a body');
  if (!/event-stream/i.test(response.headers.get('Content-Type') ?? '')) {
    const text = await boundedText(response.body);
    if (text === null) throw broken(shown, 'a body that is longer than any answer, or no UTF-8');
    yield* wholeAnswer(text, shown);
    return;
  }
  const read = utf8Reader();
  const pending: string[] = [];
  let failed = false;
  const parser = createParser({
    onEvent: ({ data }) => void pending.push(data),
    onError: ({ type }) => (failed ||= type === 'max-buffer-size-exceeded'),
    maxBufferSize: longestBody,
  });
  let over = false;
  let done = false;
  const drain = function* (): Generator<AnswerEvent> {
    for (const data of pending.splice(0)) {
      if (data.trim() === '[DONE]') done = true;
      else if (!done) {
        const event = readEvent(data, shown);
        over ||= event.finish !== null;
        yield event;
      }
    }
  };
  const body: ReadableStream<Uint8Array> = response.body;
  for await (const bytes of body) {
    const text = read(bytes);
    if (text === null) throw broken(shown, 'a stream that is no UTF-8');
    parser.feed(text);
    if (failed) throw broken(shown, 'an event longer than any answer');
    yield* drain();
    if (done) return;
  }
  // A last event may lack the empty line behind it.
  parser.feed('\n\n');
  yield* drain();
  if (!over && !done) throw broken(shown, 'the answer breaks off');
}

function* wholeAnswer(body: string, shown: string): Generator<AnswerEvent> {
  const event = readEvent(body, shown);
  if (event.finish === null) throw broken(shown, 'the answer breaks off');
  yield event;
}

function readEvent(data: string, shown: string): AnswerEvent {
  const said = errorIn(data);
  let event: Loose;
  try {
    event = JSON.parse(data) as Loose;
  } catch {
    throw broken(shown, `an event that is not JSON: ${data.slice(0, 60)}`);
  }
  const failed = event?.error !== undefined && event.error !== null;
  if (said && (failed || !Array.isArray(event?.choices)))
    throw broken(shown, said.message, said.code);
  const choices: unknown[] = Array.isArray(event?.choices) ? event.choices : [];
  // One is asked for; a server that writes several at once must not mix them.
  const choice = choices.find((one) => (objectOf(one).index ?? 0) === 0);
  const { text, delta, message, logprobs, finish_reason: finish } = objectOf(choice);
  const written = text ?? objectOf(delta).content ?? objectOf(message).content;
  return {
    text: typeof written === 'string' ? written : '',
    isAlive: Object.entries(objectOf(delta)).some(([key, said]) => key !== 'role' && hasSaid(said)),
    finish: typeof finish === 'string' && finish !== '' ? finish : null,
    usage: usageOf(event?.usage),
    tokens: tokensIn(logprobs),
  };
}

type Loose = { choices?: unknown; usage?: unknown; error?: unknown } | null;

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function usageOf(value: unknown): AnswerEvent['usage'] {
  const { prompt_tokens: prompt, completion_tokens: completion } = objectOf(value);
  return isCount(prompt) && isCount(completion) ? { prompt, completion } : null;
}

/** What a budget can be held to. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function hasSaid(value: unknown): boolean {
  return value !== null && value !== '' && value !== undefined;
}

function broken(shown: string, what: string, code: string | null = null): ServerError {
  return new ServerError(
    `server: ${shown} did not send a whole answer (${brief(what)}); see its log`,
    {
      passing: true,
      code,
    },
  );
}
