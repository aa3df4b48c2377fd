/** Chats in a model's own template (transformers.js renders it). */
import type { PreTrainedTokenizer } from '@huggingface/transformers';
import { asText } from '../text/controlTokens.js';
import { asksForDate, parseDate, strftime, type ChatDate } from './chatDate.js';
import type { ChatMessage } from './decoder.js';

type Template = Pick<PreTrainedTokenizer, 'chat_template' | 'apply_chat_template'>;

/** Stands at the end of an open turn while it is rendered; no text contains it. */
const openEnd = '\u{F8FE}open end\u{F8FF}';

export interface ChatSettings {
  /** Those that a message cannot say: there they are guarded. */
  controlTokens: readonly string[];
  /** For templates that ask for the day. */
  date: ChatDate;
}

/**
 * Jinja's own `strftime_now` is replaced within the template, since it cannot be from outside. The
 * line's end goes with the block before it, so that what follows begins its line, as it did.
 */
const tellsDate = '{% set strftime_now = strftime_on_date %}\n';

/** A template as Jinja reads it: all its line ends, be they CRLF, CR or LF, are LF. */
export function templateSource(template: unknown): unknown {
  const asRead = (source: string): string => {
    const lines = source.replace(/\r\n?/g, '\n');
    return asksForDate(lines) ? tellsDate + lines : lines;
  };
  if (typeof template === 'string') return asRead(template);
  if (typeof template !== 'object' || template === null) return template;
  const named = Object.entries(template as Record<string, string>);
  return Object.fromEntries(named.map(([name, source]) => [name, asRead(source)]));
}

/**
 * A chat as a prompt. The assistant writes next; where the last turn is its own, it goes on from
 * there: the template has no way to leave a turn open, so the chat is rendered and cut where that
 * turn's content ends (as `continue_final_message` of Python's transformers does).
 * @throws without a chat template, without messages, and where the template refuses the chat.
 */
export function renderChat(
  tokenizer: Template,
  messages: readonly ChatMessage[],
  { controlTokens, date }: ChatSettings,
): string {
  const guarded = messages.map(({ role, content }) => {
    return { role, content: asText(content, controlTokens) };
  });
  const last = guarded.at(-1);
  if (!last) throw new Error('tokenizer: a chat without messages (expected at least 1)');
  if (last.role !== 'assistant') return render(tokenizer, guarded, { assistantNext: true, date });
  const marked = { ...last, content: last.content + openEnd };
  const open = { assistantNext: false, date };
  const text = render(tokenizer, [...guarded.slice(0, -1), marked], open);
  const end = text.lastIndexOf(openEnd);
  if (end >= 0) return text.slice(0, end);
  throw new Error(
    "tokenizer: the chat template leaves the assistant's last turn out; end the chat with the user's",
  );
}

/** A whole chat as the template has it, every turn ended. @throws as {@link renderChat}. */
export function renderWhole(
  tokenizer: Template,
  messages: readonly ChatMessage[],
  { date }: Pick<ChatSettings, 'date'>,
): string {
  return render(tokenizer, messages, { assistantNext: false, date });
}

interface Rendering extends Pick<ChatSettings, 'date'> {
  /** Whether the prompt ends with the beginning of the assistant's turn. */
  assistantNext: boolean;
}

function render(tokenizer: Template, messages: readonly ChatMessage[], how: Rendering): string {
  if (!tokenizer.chat_template) {
    throw new Error(
      'tokenizer: the model has no chat template (expected chat_template.jinja, or chat_template in tokenizer_config.json); add one, or use an instruction-tuned model',
    );
  }
  const prompt = applied(tokenizer, messages, how);
  if (typeof prompt !== 'string') throw new Error('tokenizer: the chat template gave no text');
  return prompt;
}

function applied(
  tokenizer: Template,
  messages: readonly ChatMessage[],
  { assistantNext, date }: Rendering,
): unknown {
  const now = parseDate(date);
  const known = { strftime_on_date: (format: unknown) => strftime(now, String(format)) };
  try {
    return tokenizer.apply_chat_template([...messages], {
      ...{ tokenize: false, add_generation_prompt: assistantNext },
      ...known,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const roles = messages.map(({ role }) => role).join(', ');
    throw new Error(`tokenizer: the chat template refuses a chat of ${roles} (${reason})`, {
      cause,
    });
  }
}
