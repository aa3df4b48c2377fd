/**
 * Text to token ids and back, from the files of a local model folder (transformers.js).
 * Nothing is downloaded.
 */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PreTrainedTokenizer } from '@huggingface/transformers';
import { renderChat } from './chat.js';
import type { Tokenizer } from './decoder.js';

const needed = ['tokenizer.json', 'tokenizer_config.json'] as const;

/**
 * Loads the tokenizer of a model folder (`tokenizer.json` and `tokenizer_config.json`; the chat
 * template from `chat_template.jinja`, `tokenizer_config.json` or `chat_template.json`; the ids that
 * end a turn from `generation_config.json`, `config.json` or the tokenizer's own end token).
 * @throws where a file is missing or damaged, or no end token is known.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const missing = needed.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    throw new Error(
      `tokenizer: ${folder} has no ${missing.join(' and no ')}; copy the tokenizer files of the model into that folder`,
    );
  }
  const { AutoTokenizer, env, LogLevel } = await import('@huggingface/transformers');
  // It writes to the console what files say, as it is; what matters is thrown.
  env.logLevel = LogLevel.NONE;
  // By default the cache lies inside node_modules; with local files only it is never written.
  env.cacheDir = join(tmpdir(), 'aligner-lab');
  env.allowRemoteModels = false;
  // An absolute path is taken as it is; a relative one would be sought in a folder of its own.
  const tokenizer = await AutoTokenizer.from_pretrained(resolve(folder), {
    local_files_only: true,
  });
  const template = chatTemplate(folder, tokenizer);
  if (template !== null) tokenizer.chat_template = template;
  return wrap(tokenizer, endOfTurn(folder, tokenizer));
}

/**
 * A chat template in a file of its own, which transformers.js does not read; null where the
 * tokenizer has what applies. The order is that of Python's transformers.
 */
function chatTemplate(folder: string, tokenizer: PreTrainedTokenizer): string | null {
  const jinja = join(folder, 'chat_template.jinja');
  if (existsSync(jinja)) return readFileSync(jinja, 'utf8');
  const json = join(folder, 'chat_template.json');
  if (tokenizer.chat_template || !existsSync(json)) return null;
  const content: unknown = JSON.parse(readFileSync(json, 'utf8'));
  const found = typeof content === 'object' && content !== null && 'chat_template' in content;
  if (found && typeof content.chat_template === 'string') return content.chat_template;
  throw new Error(`tokenizer: ${json} holds no template (expected {"chat_template": "…"})`);
}

function wrap(tokenizer: PreTrainedTokenizer, endOfTurn: readonly number[]): Tokenizer {
  const encode = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false });
  return {
    endOfTurn,
    encode,
    encodePlain: (text) => withoutEnd(tokenizer.encode(text), encode(text)),
    decode: (ids) =>
      ids.length === 0 ? '' : tokenizer.decode([...ids], { skip_special_tokens: true }),
    chatPrompt: (user) => renderChat(tokenizer, [{ role: 'user', content: user }]),
    chat: (messages) => renderChat(tokenizer, messages),
  };
}

/** Some tokenizers also end every text, which is to go on here: what stands after it is left out. */
function withoutEnd(special: readonly number[], bare: readonly number[]): number[] {
  const room = special.length - bare.length;
  for (let start = 0; start <= room; start++) {
    if (bare.every((id, i) => special[start + i] === id)) {
      return special.slice(0, start + bare.length);
    }
  }
  return [...special];
}

function endOfTurn(folder: string, tokenizer: PreTrainedTokenizer): number[] {
  for (const file of ['generation_config.json', 'config.json']) {
    const path = join(folder, file);
    if (!existsSync(path)) continue;
    const config = JSON.parse(readFileSync(path, 'utf8')) as { eos_token_id?: unknown };
    const ids = [config.eos_token_id].flat().filter((id): id is number => typeof id === 'number');
    if (ids.length > 0) return ids;
  }
  const own = tokenizer.eos_token_id;
  if (typeof own === 'number') return [own];
  throw new Error(
    `tokenizer: ${folder} names no end token; set eos_token_id in generation_config.json`,
  );
}
