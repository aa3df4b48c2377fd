/**
 * Text to token ids and back, from the files of a local model folder (transformers.js).
 * Nothing is downloaded.
 */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PreTrainedTokenizer } from '@huggingface/transformers';
import { asText } from '../text/controlTokens.js';
import { renderChat, renderWhole, templateSource } from './chat.js';
import { asksForDate, defaultDate, parseDate, type ChatDate } from './chatDate.js';
import type { Tokenizer } from './decoder.js';
import { endTokens, type EndTokens } from './endTokens.js';
import { guardedEncoder, type TokenizerFile } from './guardedEncoder.js';

const needed = ['tokenizer.json', 'tokenizer_config.json'] as const;

/** How texts become prompts. */
export interface PromptSettings {
  /** What chat templates that ask for the day are told. Default {@link defaultDate}. */
  date?: ChatDate | undefined;
  /**
   * Whether control tokens in given texts (`<|im_end|>` in a question) are control tokens. Default
   * false: they are text, as any other.
   */
  controlTokens?: boolean | undefined;
}

/**
 * Loads the tokenizer of a model folder (`tokenizer.json` and `tokenizer_config.json`; the chat
 * template from `chat_template.jinja`, `tokenizer_config.json` or `chat_template.json`; the ids that
 * end a turn as {@link endTokens} finds them).
 * @throws where a file is missing or damaged, no end token is known, or the date is none.
 */
export async function loadTokenizer(
  folder: string,
  settings: PromptSettings = {},
): Promise<Tokenizer> {
  const missing = needed.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    throw new Error(
      `tokenizer: ${folder} has no ${missing.join(' and no ')}; copy the tokenizer files of the model into that folder`,
    );
  }
  const { AutoTokenizer, PreTrainedTokenizer, env, LogLevel } =
    await import('@huggingface/transformers');
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
  tokenizer.chat_template = templateSource(tokenizer.chat_template);
  const { date = defaultDate } = settings;
  parseDate(date);
  const ends = endTokens(folder, tokenizer, (chat) => renderWhole(tokenizer, chat, { date }));
  const file = inner(tokenizer)._tokenizerJSON;
  const controlTokens = settings.controlTokens === true ? [] : controlTokensOf(file, ends.ids);
  const encode = guardedEncoder({
    file,
    controlTokens,
    encode: bare(tokenizer),
    open: (changed) => bare(new PreTrainedTokenizer(changed, tokenizer.config)),
  });
  return wrap(tokenizer, { encode, controlTokens, ends, date });
}

/** Special tokens, and what ends a turn. */
function controlTokensOf({ added_tokens: added = [] }: TokenizerFile, ends: number[]): string[] {
  const found = added.filter(({ id, special }) => special === true || ends.includes(id));
  return found.map(({ content }) => content);
}

function bare(tokenizer: PreTrainedTokenizer): (text: string) => number[] {
  return (text) => tokenizer.encode(text, { add_special_tokens: false });
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

/** What transformers.js types loosely. */
interface Inner {
  _tokenizer: { normalizer: { normalize(text: string): string } | null };
  _tokenizerJSON: TokenizerFile;
}

function inner(tokenizer: PreTrainedTokenizer): Inner {
  return tokenizer;
}

interface Parts extends Pick<Tokenizer, 'encode'> {
  controlTokens: readonly string[];
  ends: EndTokens;
  date: ChatDate;
}

function wrap(tokenizer: PreTrainedTokenizer, parts: Parts): Tokenizer {
  const { encode, ends, controlTokens, date } = parts;
  const { normalizer } = inner(tokenizer)._tokenizer;
  const how = { controlTokens, date };
  return {
    endOfTurn: ends.ids,
    ...(ends.warnings.length > 0 && { warnings: ends.warnings }),
    encode,
    controlTokens,
    ...(asksForDate(JSON.stringify(tokenizer.chat_template ?? '')) && { date }),
    encodePlain: (text) => {
      const ids = encode(asText(text, controlTokens));
      return ids.length === 0 ? ids : [...beginning(tokenizer), ...ids];
    },
    decode: (given) => {
      // What ends an answer is none of its text, whether the tokenizer calls it special or not.
      const ids = given.filter((id) => !ends.marks.has(id));
      if (ids.length === 0) return '';
      // What was written is wanted, not what would look well: `a ? b` stays.
      const verbatim = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
      return tokenizer.decode(ids, verbatim);
    },
    normalize: (text) => normalizer?.normalize(text) ?? text,
    chatPrompt: (user) => renderChat(tokenizer, [{ role: 'user', content: user }], how),
    chat: (messages) => renderChat(tokenizer, messages, how),
  };
}

/** What stands before every text; some tokenizers also end one, which is to go on here. */
function beginning(tokenizer: PreTrainedTokenizer): number[] {
  const text = bare(tokenizer)('a');
  const special = tokenizer.encode('a');
  const at = special.findIndex((_, start) => text.every((id, i) => special[start + i] === id));
  return special.slice(0, Math.max(at, 0));
}
