/** How an answer is asked for, and how one that has begun is made to go on. */
import type { AnswerRequest } from './client.js';

/** One turn of a chat. */
export interface ChatTurn {
  role: string;
  content: string;
}

/** What is asked. */
export interface Asked {
  question: string;
  /** Of a conversation: its turns; the question is then not sent. */
  turns?: readonly ChatTurn[] | undefined;
}

/** Where an answer stands. */
export interface Begun extends Asked {
  /** Empty: the answer is still to begin. */
  prefix: string;
}

/**
 * `completions`: the prompt is rendered here and the prefix stands behind it; the others are chat
 * completions: a last message of the assistant's, alone; with vLLM's `continue_final_message`; with
 * `prefix: true` as Mistral and DeepSeek have it.
 */
export const wayNames = [
  'completions',
  'continue-final-message',
  'prefix-field',
  'trailing-message',
] as const;
export type WayName = (typeof wayNames)[number];

/** What is the same for all requests of a server. */
export interface Asking {
  model: string;
  /** Most tokens of an answer. */
  maxTokens: number;
  /** Default: greedy (temperature 0). */
  sampling?: ServedSampling;
  /** What the server does not take: `stream_options`, or `max_tokens` under that name. */
  without?: readonly ('stream_options' | 'max_tokens')[];
  /** Sent with every request for completions. */
  extra?: Readonly<Record<string, unknown>>;
}

export interface ServedSampling {
  temperature: number;
  topP?: number;
  /** Sample k is drawn with `seed + k`. */
  seed: number;
}

type Request = Pick<AnswerRequest, 'path' | 'body'>;

/** The messages of a chat: a question is a user's only one. */
export function messagesOf({ question, turns }: Asked): readonly ChatTurn[] {
  return turns ?? [{ role: 'user', content: question }];
}

/** A user's message, or a conversation that ends with one, answered from its beginning. */
export function chatRequest(asked: Asked, asking: Asking, sample = 0): Request {
  const messages = messagesOf(asked);
  return { path: 'chat/completions', body: { ...common(asking, sample), messages } };
}

/**
 * An answer that goes on behind its prefix.
 * @param render of the way `completions`: the question in the model's chat template
 */
export function continuingRequest(
  way: WayName,
  begun: Begun,
  how: { asking: Asking; sample?: number; prompt: string | null },
): Request {
  const { asking, sample = 0, prompt } = how;
  const { prefix } = begun;
  if (way === 'completions' && prompt !== null) {
    const body = { ...common(asking, sample), ...asking.extra, prompt: prompt + prefix };
    return { path: 'completions', body };
  }
  // Some servers refuse an empty message, others take it for a turn.
  const { path, body } = chatRequest(begun, asking, sample);
  if (prefix === '') return { path, body };
  const before = messagesOf(begun);
  const answer = { role: 'assistant', content: prefix };
  switch (way) {
    case 'prefix-field':
      return { path, body: { ...body, messages: [...before, { ...answer, prefix: true }] } };
    case 'continue-final-message':
      return {
        path,
        body: {
          ...body,
          messages: [...before, answer],
          ...{ continue_final_message: true, add_generation_prompt: false },
        },
      };
    default:
      return { path, body: { ...body, messages: [...before, answer] } };
  }
}

function common(asking: Asking, sample: number): Record<string, unknown> {
  const { model, maxTokens, sampling, without = [] } = asking;
  const limit = without.includes('max_tokens') ? 'max_completion_tokens' : 'max_tokens';
  return {
    model,
    [limit]: maxTokens,
    ...(sampling
      ? {
          temperature: sampling.temperature,
          ...(sampling.topP !== undefined && { top_p: sampling.topP }),
          seed: sampling.seed + sample,
        }
      : { temperature: 0 }),
    stream: true,
    ...(!without.includes('stream_options') && { stream_options: { include_usage: true } }),
  };
}
