/** Chats in a model's own template. */
import { asText } from '../text/controlTokens.js';
import { isFault } from '../text/errorSentence.js';
import { asksForDate, parseDate, strftime, type ChatDate } from './chatDate.js';
import type { ChatMessage } from './decoder.js';
import { parseTemplate, renderTemplate, type Program } from './template.js';

/** Stands at the end of an open turn while it is rendered; no text contains it. */
const openEnd = '\u{F8FE}open end\u{F8FF}';

export interface ChatSettings {
  /** Those that a message cannot say: there they are guarded. */
  controlTokens: readonly string[];
  /** For templates that ask for the day. */
  date: ChatDate;
}

/** A model's template, ready to be rendered. */
export interface ChatTemplate {
  /** Where it stands, for errors. */
  file: string;
  program: Program;
  asksForDate: boolean;
  /** What templates call by name, e.g. `bos_token`. */
  tokens: Readonly<Record<string, string>>;
}

/**
 * Reads a template as Jinja does: all its line ends, be they CRLF, CR or LF, are LF.
 * @throws where it cannot be parsed.
 */
export function openTemplate(
  source: string,
  { file, tokens }: Pick<ChatTemplate, 'file' | 'tokens'>,
): ChatTemplate {
  try {
    const program = parseTemplate(source.replace(/\r\n?/g, '\n'));
    return { file, tokens, program, asksForDate: asksForDate(source) };
  } catch (cause) {
    const why = templateReason(cause);
    throw new Error(`tokenizer: the chat template in ${file} cannot be parsed (${why})`, { cause });
  }
}

/** A template can raise errors of its own; those of the language come of a wrong one. */
function templateReason(cause: unknown): string {
  const nonsense = isFault(cause) && cause instanceof Error && cause.name !== 'SyntaxError';
  return nonsense ? 'it takes something for what it is not' : messageOf(cause);
}

function messageOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const line = message.split('\n')[0]?.slice(0, 300) ?? '';
  return line.replace(/\bundefined\b/g, 'missing');
}

/**
 * A chat as a prompt. The assistant writes next; where the last turn is its own, it goes on from
 * there: the template has no way to leave a turn open, so the chat is rendered and cut where that
 * turn's content ends (as `continue_final_message` of Python's transformers does).
 * @throws without a chat template, without messages, and where the template refuses the chat.
 */
export function renderChat(
  template: ChatTemplate | null,
  messages: readonly ChatMessage[],
  { controlTokens, date }: ChatSettings,
): string {
  const guarded = messages.map(({ role, content }) => {
    return { role, content: asText(content, controlTokens) };
  });
  const last = guarded.at(-1);
  if (!last) throw new Error('tokenizer: a chat without messages (expected at least 1)');
  if (last.role !== 'assistant') return render(template, guarded, { assistantNext: true, date });
  const marked = { ...last, content: last.content + openEnd };
  const open = { assistantNext: false, date };
  const text = render(template, [...guarded.slice(0, -1), marked], open);
  const end = text.lastIndexOf(openEnd);
  if (end >= 0) return text.slice(0, end);
  throw new Error(
    `tokenizer: the chat template in ${template?.file} leaves the assistant's last turn out; end the chat with the user's`,
  );
}

/** A whole chat as the template has it, every turn ended. @throws as {@link renderChat}. */
export function renderWhole(
  template: ChatTemplate | null,
  messages: readonly ChatMessage[],
  { date }: Pick<ChatSettings, 'date'>,
): string {
  return render(template, messages, { assistantNext: false, date });
}

interface Rendering extends Pick<ChatSettings, 'date'> {
  /** Whether the prompt ends with the beginning of the assistant's turn. */
  assistantNext: boolean;
}

function render(
  template: ChatTemplate | null,
  messages: readonly ChatMessage[],
  { assistantNext, date }: Rendering,
): string {
  if (template === null) {
    throw new Error(
      'tokenizer: the model has no chat template (expected chat_template.jinja, or chat_template in tokenizer_config.json); add one, or use an instruction-tuned model',
    );
  }
  const { program, tokens, file } = template;
  const now = parseDate(date);
  try {
    return renderTemplate(program, {
      ...{ messages, add_generation_prompt: assistantNext, tools: null, documents: null },
      ...tokens,
      strftime_now: (format: unknown) => strftime(now, String(format)),
    });
  } catch (cause) {
    const roles = messages.map(({ role }) => role).join(', ');
    throw new Error(
      `tokenizer: the chat template in ${file} refuses a chat of ${roles} (${templateReason(cause)})`,
      { cause },
    );
  }
}
