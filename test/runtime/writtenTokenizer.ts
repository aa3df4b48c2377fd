/** A tokenizer out of a few lines, written to a folder and loaded as a model's is. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tokenizer } from '../../src/runtime/decoder.js';
import { loadTokenizer, type PromptSettings } from '../../src/runtime/tokenizer.js';

/** `tokenizer.json` */
export interface WrittenTokenizer {
  added_tokens: { id: number; content: string }[];
}

let made = 0;

/** `<s><|user|>…<|end|>` */
const template =
  "<s>{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}" +
  '{% if add_generation_prompt %}<|end|>{% endif %}';

export async function writeTokenizer(
  folder: string,
  given: { name: string; file: WrittenTokenizer; config?: object; settings?: PromptSettings },
): Promise<Tokenizer> {
  const path = join(folder, `${made++}`);
  mkdirSync(path, { recursive: true });
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(path, name), JSON.stringify(value));
  write('tokenizer.json', given.file);
  write('tokenizer_config.json', {
    ...{ tokenizer_class: 'PreTrainedTokenizerFast', eos_token: '</s>', chat_template: template },
    ...given.config,
  });
  return await loadTokenizer(path, given.settings);
}
