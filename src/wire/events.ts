/** The events of a streamed answer, as servers of several makers send them. */
import { createParser } from 'eventsource-parser';
import { brief, errorIn, ServerError } from './errors.js';
import { tokensIn, type TokenProbability } from './logprobs.js';

/** One event of an answer. */
export interface AnswerEvent {
  /** What it adds to the text. */
  text: string;
  /** `stop`, `length`, …; null where the answer goes on. */
  finish: string | null;
  usage: { prompt: number; completion: number } | null;
  /** With their probabilities, where these were asked for and given; else empty. */
  tokens: readonly TokenProbability[];
}

/** No event of an answer is longer. */
const mostEvent = 4 * 2 ** 20;

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
  const decoder = new TextDecoder();
  if (!/event-stream/i.test(response.headers.get('Content-Type') ?? '')) {
    yield* wholeAnswer(await boundedText(response.body, shown), shown);
    return;
  }
  const pending: string[] = [];
  let failed = false;
  const parser = createParser({
    onEvent: ({ data }) => void pending.push(data),
    onError: ({ type }) => (failed ||= type === 'max-buffer-size-exceeded'),
    maxBufferSize: mostEvent,
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
    parser.feed(decoder.decode(bytes, { stream: true }));
    if (failed) throw broken(shown, 'an event longer than any answer');
    yield* drain();
    if (done) return;
  }
  // A last event may lack the empty line behind it.
  parser.feed(`${decoder.decode()}\n\n`);
  yield* drain();
  if (!over && !done) throw broken(shown, 'the answer breaks off');
}

function* wholeAnswer(body: string, shown: string): Generator<AnswerEvent> {
  const event = readEvent(body, shown);
  if (event.finish === null) throw broken(shown, 'the answer breaks off');
  yield event;
}

async function boundedText(body: ReadableStream<Uint8Array>, shown: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > mostEvent) throw broken(shown, 'a body longer than any answer');
  }
  return text + decoder.decode();
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
  const choice: unknown = Array.isArray(event?.choices) ? event.choices[0] : undefined;
  const { text, delta, message, logprobs, finish_reason: finish } = objectOf(choice);
  const written = text ?? objectOf(delta).content ?? objectOf(message).content;
  return {
    text: typeof written === 'string' ? written : '',
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
  return typeof prompt === 'number' && typeof completion === 'number'
    ? { prompt, completion }
    : null;
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
