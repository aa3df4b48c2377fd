/**
 * What a client asks for: `POST /v1/chat/completions`, checked. What would change the answer and is
 * not done here is refused by name; what changes nothing is taken and left alone.
 */
import { z } from 'zod';
import type { Turn } from '../data/types.js';
import { shownName } from '../text/given.js';
import { badRequest } from './apiError.js';
import { readBody } from './readBody.js';
import { strengthAsked, type StrengthAsked } from './strength.js';

/** More choices than anyone compares, and few enough that one request is no flood. */
export const mostChoices = 8;
/** As OpenAI has it. */
const mostStops = 4;

const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(part)]).nullish();
const message = z.looseObject({ role: z.string(), content });

const orNull = <T extends z.ZodType>(shape: T): z.ZodOptional<z.ZodNullable<T>> => shape.nullish();

const known = {
  model: z.string().min(1),
  messages: z.array(message).min(1),
  stream: orNull(z.boolean()),
  stream_options: orNull(z.looseObject({ include_usage: orNull(z.boolean()) })),
  n: orNull(z.int().min(1).max(mostChoices)),
  max_tokens: orNull(z.int().min(1)),
  max_completion_tokens: orNull(z.int().min(1)),
  stop: orNull(z.union([z.string(), z.array(z.string())])),
  temperature: orNull(z.number().min(0).max(2)),
  top_p: orNull(z.number().gt(0).max(1)),
  seed: orNull(z.int()),
  aligner: orNull(
    strengthAsked.extend({
      audit: z.enum(['full', 'numbers', 'none']).optional().describe('how much is said of rounds'),
    }),
  ),
};

/** They say nothing of the text. */
const ignored = [
  ...['user', 'metadata', 'store', 'service_tier', 'safety_identifier'],
  ...['prompt_cache_key', 'prompt_cache_retention', 'parallel_tool_calls', 'prediction'],
] as const;

/** Fields that ask for what is not done here, and the values that ask for nothing. */
const unsupported: Readonly<Record<string, (value: unknown) => boolean>> = {
  tools: isEmpty,
  tool_choice: (value) => value === 'none' || value === 'auto',
  functions: isEmpty,
  function_call: (value) => value === 'none' || value === 'auto',
  response_format: (value) => typeOf(value) === 'text',
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  logit_bias: (value) => typeof value === 'object' && Object.keys(value ?? {}).length === 0,
  frequency_penalty: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  modalities: (value) => JSON.stringify(value) === '["text"]',
  audio: () => false,
  reasoning_effort: (value) => value === 'none',
  verbosity: (value) => value === 'medium',
  web_search_options: () => false,
};

/** What offers tools and leaves it to the model whether any is called. */
const toolFields = ['tools', 'functions'];

const body = z.looseObject(known);
type Body = z.infer<typeof body>;

/** How much of the rounds is told: with texts, without, or nothing. */
export type AuditLevel = 'full' | 'numbers' | 'none';

export interface ChatRequest {
  /** As it was asked for, a strength behind its name included. */
  model: string;
  /** The conversation up to the answer; the last turn is the user's. */
  turns: readonly Turn[];
  /** The answer's beginning, where the last message was the assistant's: it goes on behind it. */
  prefix: string;
  stream: boolean;
  includeUsage: boolean;
  choices: number;
  /** Null: as many as the loop writes. */
  maxTokens: number | null;
  stop: readonly string[];
  /** Null: as the server draws, which is greedily where nothing else was said. */
  sampling: { temperature: number; topP?: number } | null;
  seed: number | null;
  strength: StrengthAsked;
  audit: AuditLevel | null;
  /** Whether tools were offered, none of which is called. */
  ignoresTools: boolean;
}

/** What becomes of tools that are offered: the request is refused, or they are never called. */
export type ToolRule = 'refuse' | 'ignore';

/** @throws ApiError naming the field that is at fault. */
export function readChatRequest(
  value: unknown,
  { tools = 'refuse' }: { tools?: ToolRule } = {},
): ChatRequest {
  const given = readBody(body, value);
  const offered = toolFields.filter((key) => isAskedFor(key, given[key]));
  const strange = offered.find((key) => !Array.isArray(given[key]));
  if (strange !== undefined) throw badRequest(`${strange} is no list`, strange);
  refuseOthers(given, tools === 'ignore' ? offered : []);
  const { turns, prefix } = conversation(given.messages);
  const { audit = null, ...strength } = given.aligner ?? {};
  return {
    ...{ model: given.model, turns, prefix },
    stream: given.stream ?? false,
    includeUsage: given.stream_options?.include_usage ?? false,
    choices: given.n ?? 1,
    maxTokens: given.max_completion_tokens ?? given.max_tokens ?? null,
    stop: stopsOf(given.stop),
    sampling: samplingOf(given),
    ...{ seed: given.seed ?? null, strength, audit, ignoresTools: offered.length > 0 },
  };
}

function refuseOthers(given: Body, taken: readonly string[]): void {
  for (const [key, value] of Object.entries(given)) {
    if (key in known || ignored.some((name) => name === key) || taken.includes(key)) continue;
    if (!(key in unsupported)) {
      throw badRequest(`unknown field ${shownName(key)}; leave it out`, key, 'unknown_parameter');
    }
    if (!isAskedFor(key, value)) continue;
    const remedy = toolFields.includes(key) ? ', or start the server with --tools ignore' : '';
    throw badRequest(`${key} is not supported, since what it changes would not be corrected; leave it out${remedy}`, key, 'unsupported_parameter'); // prettier-ignore
  }
}

function isAskedFor(key: string, value: unknown): boolean {
  const asksNothing = unsupported[key];
  return asksNothing !== undefined && value != null && !asksNothing(value);
}

type Message = z.infer<typeof message>;

function conversation(messages: readonly Message[]): Pick<ChatRequest, 'turns' | 'prefix'> {
  const all = messages.map(turnOf);
  const last = all.at(-1);
  const begun = last?.role === 'assistant';
  const turns = begun ? all.slice(0, -1) : all;
  if (turns.at(-1)?.role !== 'user') {
    throw badRequest('messages: nothing is asked (expected a message of the user at the end, or before the beginning of its answer)', 'messages'); // prettier-ignore
  }
  if (turns.at(-1)?.content.trim() === '') {
    throw badRequest('messages: the question is empty', 'messages');
  }
  return { turns, prefix: begun ? last.content : '' };
}

/** Newer clients call the system the developer. */
const roles: Readonly<Record<string, Turn['role']>> = {
  ...{ system: 'system', developer: 'system', user: 'user', assistant: 'assistant' },
};

function turnOf(given: Message, index: number): Turn {
  const role = Object.hasOwn(roles, given.role) ? roles[given.role] : undefined;
  if (!role || !isPlain(given)) {
    throw badRequest(`messages[${index}]: ${role ? 'only text is supported' : `role ${JSON.stringify(given.role.slice(0, 40))} is not supported (expected system, developer, user or assistant)`}`, `messages[${index}]`, 'unsupported_content'); // prettier-ignore
  }
  return { role, content: textOf(given) };
}

/** Text alone, and no call of a tool. */
function isPlain({ role, content: said, ...others }: Message): boolean {
  if (!Object.hasOwn(roles, role)) return false;
  if (!isEmpty(others.tool_calls ?? []) || others.function_call != null || others.audio != null) {
    return false;
  }
  return typeof said === 'string' || (said?.every(({ type, text }) => type === 'text' && text !== undefined) ?? false); // prettier-ignore
}

function textOf({ content: said }: Message): string {
  return typeof said === 'string' ? said : (said ?? []).map(({ text }) => text ?? '').join('');
}

function stopsOf(stop: Body['stop']): string[] {
  const stops = typeof stop === 'string' ? [stop] : (stop ?? []);
  if (stops.length > mostStops) throw badRequest(`stop: at most ${mostStops} texts, not ${stops.length}`, 'stop'); // prettier-ignore
  if (stops.includes('')) throw badRequest('stop: an empty text stops nothing', 'stop');
  return stops;
}

function samplingOf({ temperature, top_p: topP }: Body): ChatRequest['sampling'] {
  if (temperature == null && topP == null) return null;
  return { temperature: temperature ?? 1, ...(topP != null && { topP }) };
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
}
