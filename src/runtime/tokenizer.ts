/**
 * Text to token ids and back, from the files of a local model folder.
 * Nothing is downloaded.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asText } from '../text/controlTokens.js';
import { renderChat, renderWhole, type ChatTemplate } from './chat.js';
import { defaultDate, parseDate, type ChatDate } from './chatDate.js';
import { findTemplate } from './chatTemplateFile.js';
import type { Tokenizer } from './decoder.js';
import { endTokens, type EndTokens } from './endTokens.js';
import { guardedEncoder, type TokenizerFile } from './guardedEncoder.js';
import type { LibraryTokenizer } from './openTokenizer.js';
import { configFile, inTokenizer, tokenizerFile } from './tokenizerFiles.js';

const needed = [tokenizerFile, configFile] as const;

/** Far longer than any text takes, on a machine with much else to do. */
const mostSeconds = 10;

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
 * @param seconds what a text may take: expressions in these files can be made to run for ever
 * @throws where a file is missing or damaged, no end token is known, or the date is none.
 */
export async function loadTokenizer(
  folder: string,
  settings: PromptSettings = {},
  seconds = mostSeconds,
): Promise<Tokenizer> {
  const missing = needed.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    throw new Error(
      `tokenizer: ${folder} has no ${missing.join(' and no ')}; copy the tokenizer files of the model into that folder`,
    );
  }
  const { date = defaultDate } = settings;
  parseDate(date);
  const { makeTokenizer, openTokenizer } = await import('./openTokenizer.js');
  const opened = openTokenizer(folder);
  const { tokenizer, file, config } = opened;
  const limit = { file: join(folder, tokenizerFile), seconds };
  return inTokenizer(limit, () => {
    boundNormalizer(tokenizer.normalizer, limit.file);
    const template = findTemplate(folder, config);
    const ends = endTokens(folder, opened, (chat) => renderWhole(template, chat, { date }));
    const controlTokens = settings.controlTokens === true ? [] : controlTokensOf(file, ends.ids);
    const encode = guardedEncoder({
      file,
      controlTokens,
      encode: bare(tokenizer),
      open: (changed) => bare(makeTokenizer(changed, config)),
    });
    const parts = { encode, controlTokens, ends, date, template };
    return withinLimit(wrap(tokenizer, parts), limit, file);
  });
}

/** Special tokens, and what ends a turn. */
function controlTokensOf({ added_tokens: added = [] }: TokenizerFile, ends: number[]): string[] {
  const found = added.filter(({ id, special }) => special === true || ends.includes(id));
  return found.map(({ content }) => content);
}

function bare(tokenizer: LibraryTokenizer): (text: string) => number[] {
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
}

/** Replacements of replacements can blow a text up beyond all memory. */
function boundNormalizer(normalizer: LibraryTokenizer['normalizer'], file: string): void {
  if (!normalizer) return;
  const normalize = normalizer.normalize.bind(normalizer);
  normalizer.normalize = (text) => {
    const normalized = normalize(text);
    if (normalized.length <= mostGrowth * (text.length + 1000)) return normalized;
    throw new Error(
      `tokenizer: ${file} makes a text of ${normalized.length} characters of one of ${text.length}; download it again`,
    );
  };
}

/** NFKD makes up to 18 characters of one. */
const mostGrowth = 20;

/** The same tokenizer, whose calls end, and say which file is at fault. */
function withinLimit(
  tokenizer: Tokenizer,
  { file, seconds }: { file: string; seconds: number },
  { decoder }: TokenizerFile,
): Tokenizer {
  const within = <T>(size: number, work: () => T): T =>
    inTokenizer({ file, seconds: seconds + size / charactersPerSecond }, work);
  const encoding = (encode: (text: string) => number[]) => (text: string) =>
    checkIds(
      within(text.length, () => encode(text)),
      file,
    );
  // Decoding is asked for every single token; without expressions it has its end.
  const decodeSize = JSON.stringify(decoder ?? null).includes('Regex') ? 0 : Infinity;
  return {
    ...tokenizer,
    encode: encoding((text) => tokenizer.encode(text)),
    encodePlain: encoding((text) => tokenizer.encodePlain(text)),
    decode: (ids) => within(decodeSize, () => tokenizer.decode(ids)),
    normalize: (text) => within(text.length, () => tokenizer.normalize?.(text) ?? text),
  };
}

/** Of the slowest tokenizer on a busy machine. */
const charactersPerSecond = 10_000;

function checkIds(ids: number[], file: string): number[] {
  if (ids.every((id) => Number.isInteger(id) && id >= 0)) return ids;
  throw new Error(
    `tokenizer: ${file} has no token for a part of the text, and none for what is unknown (unk_token); use the tokenizer that the model was trained with`,
  );
}

interface Parts extends Pick<Tokenizer, 'encode'> {
  controlTokens: readonly string[];
  ends: EndTokens;
  template: ChatTemplate | null;
  date: ChatDate;
}

function wrap(tokenizer: LibraryTokenizer, parts: Parts): Tokenizer {
  const { encode, ends, controlTokens, template, date } = parts;
  const { normalizer } = tokenizer;
  const how = { controlTokens, date };
  return {
    endOfTurn: ends.ids,
    ...(ends.warnings.length > 0 && { warnings: ends.warnings }),
    encode,
    controlTokens,
    ...(template?.asksForDate === true && { date }),
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
    chatPrompt: (user) => renderChat(template, [{ role: 'user', content: user }], how),
    chat: (messages) => renderChat(template, messages, how),
  };
}

/** What stands before every text; some tokenizers also end one, which is to go on here. */
function beginning(tokenizer: LibraryTokenizer): number[] {
  const text = bare(tokenizer)('a');
  const special = tokenizer.encode('a').ids;
  const at = special.findIndex((_, start) => text.every((id, i) => special[start + i] === id));
  return special.slice(0, Math.max(at, 0));
}
