/** Chats in a model's own template (transformers.js renders it). */
import type { PreTrainedTokenizer } from '@huggingface/transformers';
import type { ChatMessage } from './decoder.js';

type Template = Pick<PreTrainedTokenizer, 'chat_template' | 'apply_chat_template'>;

/** Stands at the end of an open turn while it is rendered; no text contains it. */
const openEnd = '\u{F8FE}open end\u{F8FF}';

/**
 * A chat as a prompt. The assistant writes next; where the last turn is its own, it goes on from
 * there: the template has no way to leave a turn open, so the chat is rendered and cut where that
 * turn's content ends (as `continue_final_message` of Python's transformers does).
 * @throws without a chat template, without messages, and where the template refuses the chat.
 */
export function renderChat(tokenizer: Template, messages: readonly ChatMessage[]): string {
  const last = messages.at(-1);
  if (!last) throw new Error('tokenizer: a chat without messages (expected at least 1)');
  if (last.role !== 'assistant') return render(tokenizer, messages, true);
  const marked = { ...last, content: last.content + openEnd };
  const text = render(tokenizer, [...messages.slice(0, -1), marked], false);
  const end = text.lastIndexOf(openEnd);
  if (end >= 0) return text.slice(0, end);
  throw new Error(
    "tokenizer: the chat template leaves the assistant's last turn out; end the chat with the user's",
  );
}

function render(
  tokenizer: Template,
  messages: readonly ChatMessage[],
  assistantNext: boolean,
): string {
  if (!tokenizer.chat_template) {
    throw new Error(
      'tokenizer: the model has no chat template (expected chat_template.jinja, or chat_template in tokenizer_config.json); add one, or use an instruction-tuned model',
    );
  }
  const prompt = applied(tokenizer, messages, assistantNext);
  if (typeof prompt !== 'string') throw new Error('tokenizer: the chat template gave no text');
  return prompt;
}

function applied(
  tokenizer: Template,
  messages: readonly ChatMessage[],
  assistantNext: boolean,
): unknown {
  try {
    return tokenizer.apply_chat_template(
      messages.map(({ role, content }) => ({ role, content })),
      { tokenize: false, add_generation_prompt: assistantNext },
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const roles = messages.map(({ role }) => role).join(', ');
    throw new Error(`tokenizer: the chat template refuses a chat of ${roles} (${reason})`, {
      cause,
    });
  }
}
