/**
 * How a server can be made to go on with an answer that has begun. Servers ignore fields that they do
 * not know and begin a new turn in silence, so that none is trusted: each way is tried on the
 * beginning of an answer of the server's own, and must write what that answer went on with.
 */
import type { Client } from './client.js';
import { ServerError } from './errors.js';
import type { Reply } from './reply.js';
import type { Render } from './template.js';
import {
  chatRequest,
  continuingRequest,
  wayNames,
  type Asking,
  type Begun,
  type WayName,
} from './ways.js';

export interface Probed {
  /** Null where none goes on; then only answers from their beginning can be asked for. */
  way: WayName | null;
  /** Whether the prefix is said again in front of what follows. */
  repeats: boolean;
  /** Whether white space in front of what follows is lost. */
  trims: boolean;
  /** As the server takes it. */
  asking: Asking;
  /** Of the way `completions`. */
  render: Render | null;
  /** What the server answered from the beginning: tells one model from another. */
  opening: string;
  /** What came of each way that was tried, in words. */
  tried: Partial<Record<WayName, string>>;
  warnings: string[];
}

export interface ProbeOptions {
  client: Client;
  asking: Asking;
  /** Templates to render prompts in, the first one preferred. */
  templates: readonly Render[];
  /** Default: all, in this order. */
  ways?: readonly WayName[];
  signal?: AbortSignal | undefined;
}

/** Whatever a model makes of them: most answers have several words that do not repeat each other. */
const questions = [
  'Tom has 3 apples and buys 4 more. He gives 2 of them to Ann. How many apples has Tom now?',
  'Write two sentences about the sea.',
  'How do I make tea?',
];

/** Tokens of what a way writes. */
const probeTokens = 24;
/** Characters that must agree. */
const enough = 12;

/** @throws {@link ServerError} where the server answers nothing at all. */
export async function probeServer(options: ProbeOptions): Promise<Probed> {
  const accepted = await acceptedAsking(options);
  // Drawn answers would not repeat themselves.
  const greedy: Asking = { ...accepted, sampling: undefined };
  const asked = { ...options, asking: greedy };
  const tried: Probed['tried'] = {};
  const warnings: string[] = [];
  const opening = await openingOf(asked);
  const templates = await fittingTemplates(asked, opening, warnings);
  for (const way of options.ways ?? wayNames) {
    const renders = way === 'completions' ? templates : [null];
    for (const render of renders) {
      const { found, trims } = await tryWay({ ...asked, way, render, opening });
      tried[way] = words[found];
      if (found !== 'goes on' && found !== 'repeats') continue;
      if (way === 'completions' && opening.from === 'completions') {
        warnings.push('the server has no chat of its own to hold the chat template against');
      }
      const how = { way, repeats: found === 'repeats', trims, render };
      return { ...how, asking: accepted, opening: opening.text, tried, warnings };
    }
  }
  const none = { way: null, repeats: false, trims: false, render: null };
  return { ...none, asking: accepted, opening: opening.text, tried, warnings };
}

type Found = 'goes on' | 'repeats' | 'new turn' | 'other' | 'refused';

const words: Record<Found, string> = {
  'goes on': 'goes on',
  repeats: 'says the prefix again and goes on',
  'new turn': 'begins a new turn',
  other: 'writes something else',
  refused: 'is refused',
};

/** An answer from its beginning, and a place in it from which a way should go on. */
interface Opening extends Begun {
  text: string;
  from: 'chat' | 'completions';
  /** What follows the prefix. */
  rest: string;
}

async function openingOf(options: ProbeOptions): Promise<Opening> {
  let longest: Opening | null = null;
  for (const question of questions) {
    const found = await firstAnswer(question, options);
    const opening = { question, ...found, ...cutInMiddle(found.text) };
    // Where nothing has to go on, any answer will do.
    if (options.ways?.length === 0) return opening;
    if (isTelling(opening)) return opening;
    if (!longest || opening.text.length > longest.text.length) longest = opening;
  }
  if (longest && longest.rest.trim() !== '') return longest;
  const { shown } = options.client.address;
  throw new ServerError(
    `server: ${shown} answers hardly a word; see whether it serves a chat model`,
    { passing: false },
  );
}

/** From the chat, or where there is none from the first template. */
async function firstAnswer(
  question: string,
  options: ProbeOptions,
): Promise<Pick<Opening, 'text' | 'from'>> {
  const { client, asking, templates, signal } = options;
  const [render] = templates;
  try {
    const request = chatRequest({ question }, { ...asking, maxTokens: 2 * probeTokens });
    return { text: await client.answer({ ...request, signal }, wholeText(signal)), from: 'chat' };
  } catch (error) {
    if (!render || !isRefusal(error)) throw error;
    const text = await askOn('completions', { question, prefix: '' }, { ...options, render });
    return { text, from: 'completions' };
  }
}

/**
 * The templates whose prompt has as many tokens as that of the server's own chat: a token that begins
 * a text may be added by the server, or must not be. All of them, with a warning, where none has.
 */
async function fittingTemplates(
  options: ProbeOptions,
  { question, from }: Opening,
  warnings: string[],
): Promise<readonly Render[]> {
  const { client, templates, signal } = options;
  if (from === 'completions' || templates.length === 0) return templates;
  const asking: Asking = { ...options.asking, maxTokens: 1 };
  const tokens = (request: ReturnType<typeof chatRequest>): Promise<number | null> =>
    client.answer({ ...request, signal }, async (reply) => {
      await reply.until(() => false, signal);
      return reply.usage?.prompt ?? null;
    });
  const own = await tokens(chatRequest({ question }, asking));
  if (own === null) return templates;
  const counts: number[] = [];
  for (const render of templates) {
    const prompt = await render({ question }, signal);
    const place = { question, prefix: '' };
    try {
      const count = await tokens(continuingRequest('completions', place, { asking, prompt }));
      if (count === own) return [render];
      if (count !== null) counts.push(count);
    } catch (error) {
      if (isRefusal(error)) return templates;
      throw error;
    }
  }
  if (counts.length > 0) {
    warnings.push(
      `the chat template makes ${counts.join(' or ')} tokens of a question of which the server’s own chat makes ${own}; its answers may be others`,
    );
  }
  return templates;
}

/** Near the middle, in front of white space. */
function cutInMiddle(text: string): Pick<Opening, 'prefix' | 'rest'> {
  const half = Math.floor(text.trimEnd().length / 2);
  const found = /^[\s\S]*\S(?=\s)/u.exec(text.slice(0, half + 1))?.[0].length ?? half;
  return { prefix: text.slice(0, found), rest: text.slice(found) };
}

/** Whether going on, a new turn and a repetition would look different. */
function isTelling({ text, prefix, rest }: Opening): boolean {
  const long = rest.trim().length >= enough && prefix.trim().length >= enough;
  return long && !agrees(rest, text) && !agrees(rest, prefix);
}

async function tryWay(
  options: ProbeOptions & { way: WayName; render: Render | null; opening: Opening },
): Promise<{ found: Found; trims: boolean }> {
  const { way, opening } = options;
  let text: string;
  try {
    text = await askOn(way, opening, options);
  } catch (error) {
    if (isRefusal(error)) return { found: 'refused', trims: false };
    throw error;
  }
  const { prefix, rest } = opening;
  const trims = /^\s/u.test(rest) && !/^\s/u.test(text);
  if (agrees(text, rest)) return { found: 'goes on', trims };
  if (!agrees(text, opening.text)) return { found: 'other', trims: false };
  // A repetition and a new turn both begin as the opening does; behind a strange prefix they differ.
  const strange = await askOn(way, { ...opening, prefix: strangePrefix }, options);
  const repeats = strange.startsWith(strangePrefix) && text.startsWith(prefix);
  return { found: repeats ? 'repeats' : 'new turn', trims: false };
}

/** No model begins an answer so. */
const strangePrefix = 'Zq 7, xylem. Vow:';

async function askOn(
  way: WayName,
  place: Begun,
  { client, asking, render, signal }: ProbeOptions & { render: Render | null },
): Promise<string> {
  const prompt = (await render?.(place, signal)) ?? null;
  const maxTokens = probeTokens + place.prefix.length;
  const request = continuingRequest(way, place, { asking: { ...asking, maxTokens }, prompt });
  return await client.answer({ ...request, signal }, async (reply) => {
    // More than the prefix, which may come again.
    await reply.until((text) => text.length >= place.prefix.length + 4 * enough, signal);
    reply.close();
    return reply.text;
  });
}

/** White space in front aside: some servers trim what a chat says. */
function agrees(one: string, other: string): boolean {
  const [a, b] = [one.trimStart(), other.trimStart()];
  const length = Math.min(enough, a.length, b.length);
  return length > 0 && a.slice(0, length) === b.slice(0, length);
}

/** What a server takes of the fields that most take. */
async function acceptedAsking({ client, asking, signal }: ProbeOptions): Promise<Asking> {
  const without: NonNullable<Asking['without']>[number][] = [];
  for (const field of ['stream_options', 'max_tokens'] as const) {
    const request = chatRequest({ question: 'Hello.' }, { ...asking, without, maxTokens: 1 });
    try {
      await client.answer({ ...request, signal }, wholeText(signal));
      break;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (error.message.includes(field)) without.push(field);
    }
  }
  return without.length === 0 ? asking : { ...asking, without };
}

function wholeText(signal: AbortSignal | undefined): (reply: Reply) => Promise<string> {
  return async (reply) => {
    await reply.until(() => false, signal);
    return reply.text;
  };
}

/** The server understood the request and does not take it. */
function isRefusal(error: unknown): error is ServerError {
  const status = error instanceof ServerError ? error.status : null;
  return status !== null && [400, 404, 405, 415, 422, 501].includes(status);
}
