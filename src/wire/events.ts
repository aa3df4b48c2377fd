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
  /** Whether it is a part of the answer, and not only of what is counted. */
  isOfAnswer: boolean;
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
  let answered = false;
  const drain = function* (): Generator<AnswerEvent> {
    for (const data of pending.splice(0)) {
      if (data.trim() === '[DONE]') done = true;
      else if (!done) {
        const event = readEvent(data, shown);
        over ||= event.finish !== null;
        answered ||= event.isOfAnswer;
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
    if (done) break;
  }
  // A last event may lack the empty line behind it.
  if (!done) parser.feed('\n\n');
  yield* drain();
  if (!over && !done) throw broken(shown, 'the answer breaks off');
  if (!answered) throw broken(shown, 'nothing in it is an answer');
}

function* wholeAnswer(body: string, shown: string): Generator<AnswerEvent> {
  const event = readEvent(body, shown);
  if (event.finish === null) throw broken(shown, 'the answer breaks off');
  yield event;
}

function readEvent(data: string, shown: string): AnswerEvent {
  const failure = errorIn(data);
  let event: Loose;
  try {
    event = JSON.parse(data) as Loose;
  } catch {
    // Broken JSON may hold what was answered, which logs do not tell.
    const found = /^[[{\s]/.test(data) ? `${data.length} characters` : data.slice(0, 60);
    throw broken(shown, `an event that is not JSON: ${found}`);
  }
  const failed = event?.error !== undefined && event.error !== null;
  if (failure && (failed || !Array.isArray(event?.choices)))
    throw broken(shown, failure.message, failure.code);
  const choices = choicesOf(event, shown);
  // One is asked for; a server that writes several at once must not mix them.
  const choice = choices.find(({ index }) => (index ?? 0) === 0);
  const { text, delta, message, logprobs, finish_reason: finish } = choice ?? {};
  const said = { ...objectOf(message), ...objectOf(delta) };
  return {
    text: writtenIn(text ?? said.content, shown),
    isAlive: Object.entries(objectOf(delta)).some(([key, one]) => key !== 'role' && hasSaid(one)),
    isOfAnswer: choice !== undefined,
    finish: finishIn(finish, said),
    usage: usageOf(event?.usage),
    tokens: tokensIn(logprobs),
  };
}

/** Events without choices count only. @throws where they are something else. */
function choicesOf(event: Loose, shown: string): Record<string, unknown>[] {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw broken(shown, 'an event that is no object');
  }
  const { choices = [] } = event;
  const isList = Array.isArray(choices) && choices.every((one) => typeof one === 'object' && one !== null); // prettier-ignore
  if (choices !== null && !isList) throw broken(shown, 'choices that are no list of objects');
  return (choices ?? []) as Record<string, unknown>[];
}

/** A text, or the texts of its parts. @throws on anything else, which would be read as silence. */
function writtenIn(content: unknown, shown: string): string {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? content.map(objectOf) : [{}];
  const isText = ({ text }: Record<string, unknown>): boolean => typeof text === 'string';
  // What a model thinks is not what it answers.
  const told = parts.filter(({ type }) => type !== 'thinking' && type !== 'reasoning');
  if (!told.every(isText)) throw broken(shown, 'content that is no text');
  return told.map(({ text }) => text as string).join('');
}

/** Why it ended. A refusal and a call of a tool end an answer, whatever the server says. */
function finishIn(finish: unknown, said: Record<string, unknown>): string | null {
  if (hasSaid(said.refusal)) return 'refusal';
  const calls = said.tool_calls;
  if (Array.isArray(calls) && calls.length > 0) return 'tool_calls';
  return typeof finish === 'string' && finish !== '' ? finish : null;
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
