/**
 * A question in the chat template of the model behind a server, where the server renders it itself:
 * llama.cpp's `/apply-template`, or vLLM's `/tokenize` and `/detokenize`.
 */
import type { Client } from './client.js';
import { ServerError } from './errors.js';
import { fieldOf } from './field.js';
import { messagesOf, type Asked } from './ways.js';

/** A question as the prompt behind which the assistant writes. */
export type Render = (asked: Asked, signal?: AbortSignal) => Promise<string>;

/** Prompts that are remembered: a loop asks for one as often as it has rounds. */
const mostRemembered = 1000;

/** Null where the server has no such call. @throws where it cannot be reached. */
export async function serverTemplate(
  client: Client,
  model: string,
  signal?: AbortSignal,
): Promise<Render | null> {
  for (const render of [applied(client), detokenized(client, model)]) {
    try {
      const prompt = await render({ question: 'Which question?' }, signal);
      if (prompt.includes('Which question?')) return remembering(render);
    } catch (error) {
      if (!(error instanceof ServerError) || error.status === null) throw error;
    }
  }
  return null;
}

function applied(client: Client): Render {
  return async (asked, signal) => {
    const body = { messages: messagesOf(asked) };
    return textIn(await client.json('/apply-template', body, signal), 'prompt');
  };
}

function detokenized(client: Client, model: string): Render {
  return async (asked, signal) => {
    const body = { model, messages: messagesOf(asked), add_generation_prompt: true };
    const tokens = fieldOf(await client.json('/tokenize', body, signal), 'tokens');
    return textIn(await client.json('/detokenize', { model, tokens }, signal), 'prompt');
  };
}

/** One call per question, of the latest ones. */
function remembering(render: Render): Render {
  const known = new Map<string, Promise<string>>();
  return (asked, signal) => {
    const key = JSON.stringify(messagesOf(asked));
    const before = known.get(key);
    if (before) return before;
    const prompt = render(asked, signal);
    const [oldest] = known.keys();
    if (known.size >= mostRemembered && oldest !== undefined) known.delete(oldest);
    known.set(key, prompt);
    prompt.catch(() => known.delete(key));
    return prompt;
  };
}

function textIn(answer: unknown, name: string): string {
  const text = fieldOf(answer, name);
  if (typeof text === 'string') return text;
  throw new ServerError(`server: it answered without ${name}; give --template`, {
    ...{ status: 200, passing: false },
  });
}
