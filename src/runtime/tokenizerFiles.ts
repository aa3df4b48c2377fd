/** The files of a tokenizer: what they must hold, and what is said where they do not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checked } from '../shape/check.js';
import { isFault, reasonOf } from '../text/errorSentence.js';
import { bounded } from './bounded.js';
import { shownValue } from '../text/given.js';
import { decodeUtf8 } from '../text/utf8.js';

export const tokenizerFile = 'tokenizer.json';
export const configFile = 'tokenizer_config.json';

const part = z.looseObject({ type: z.string() }).nullish();
const flag = z.boolean().nullish();
const addedToken = z.looseObject({
  id: z.int().min(0),
  content: z.string(),
  ...{ special: flag, normalized: flag, lstrip: flag, rstrip: flag, single_word: flag },
});
const shape = z.looseObject({
  added_tokens: z.array(addedToken).optional(),
  model: z.looseObject({ type: z.string().nullish(), merges: z.array(z.unknown()).nullish() }),
  ...{ normalizer: part, pre_tokenizer: part, post_processor: part, decoder: part },
});

const configShape = z.looseObject({
  chat_template: z
    .union([
      z.string(),
      z.array(z.object({ name: z.string(), template: z.string() })),
      z.record(z.string(), z.string()),
    ])
    .nullish(),
});

/** What `tokenizer_config.json` holds. */
export type TokenizerConfig = Readonly<Record<string, unknown>>;

/** That of a folder. @throws naming the file and the place in it. */
export function readTokenizerConfig(folder: string): TokenizerConfig {
  const path = join(folder, configFile);
  return checked(configShape, readTokenizerJson(path), `tokenizer: ${path}`);
}

/** That what a `tokenizer.json` holds has the right shape. @throws naming the place. */
export function checkTokenizer(content: unknown, folder: string): void {
  const what = `tokenizer: ${join(folder, tokenizerFile)}`;
  const { model, normalizer, pre_tokenizer, decoder } = checked(shape, content, what);
  const { vocab } = model;
  const [odd] = [
    ...oddParts([normalizer, pre_tokenizer, decoder]),
    ...(Array.isArray(vocab) ? oddPieces(vocab) : oddEntries(vocab)),
  ];
  if (odd !== undefined) throw new Error(`${what} has ${odd}; download it again`);
}

const pattern = z.union([z.object({ String: z.string() }), z.object({ Regex: z.string() })]);
/** What a character can be replaced by; longer texts would blow the whole up. */
const replacements = ['replacement', 'prepend', 'content'];
const longestReplacement = 16;

/** Of what is done to texts before and after the vocabulary. */
function* oddParts(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'pattern' && !pattern.safeParse(inner).success) {
      yield `a pattern ${shownValue(inner)} (expected {"String": …} or {"Regex": …})`;
    }
    if (replacements.includes(key) && !(shownValue(inner).length <= longestReplacement + 2)) {
      yield `${key} ${shownValue(inner)} (expected at most ${longestReplacement} characters)`;
    }
    yield* oddParts(inner);
  }
}

/** Of a list of pieces with their scores. */
function* oddPieces(vocab: readonly unknown[]): Generator<string> {
  for (const [i, entry] of vocab.entries()) {
    const [piece, score] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof piece === 'string' && typeof score === 'number') continue;
    yield `a vocabulary with ${shownValue(entry)} at ${i} (expected a text and a number)`;
  }
}

/** Of numbers by token. */
function* oddEntries(vocab: unknown): Generator<string> {
  if (typeof vocab !== 'object' || vocab === null) {
    yield `a vocabulary ${shownValue(vocab)} (expected an object or a list)`;
    return;
  }
  for (const [token, id] of Object.entries(vocab as Record<string, unknown>)) {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0) continue;
    yield `a vocabulary with ${shownValue(id)} for ${shownValue(token)} (expected a whole number)`;
  }
}

/** A token that the configuration names, e.g. `eos_token`: a text, or an object with its content. */
export function namedToken(config: TokenizerConfig, name: string): string | null {
  const token = Object.hasOwn(config, name) ? config[name] : null;
  const content =
    typeof token === 'object' && token !== null && 'content' in token ? token.content : token;
  return typeof content === 'string' ? content : null;
}

/** @throws where it cannot be read or is not JSON. */
export function readTokenizerJson(path: string): unknown {
  // Some editors begin a file with a mark of its byte order.
  const text = readTokenizerText(path).replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw tokenizerError(path, error);
  }
}

/** @throws where it cannot be read. */
export function readTokenizerText(path: string): string {
  try {
    return decodeUtf8(readFileSync(path));
  } catch (error) {
    throw tokenizerError(path, error);
  }
}

/** What is said of a file whose content does not work. */
export function tokenizerError(file: string, cause: unknown): Error {
  if (cause instanceof Error && /^(tokenizer|model): /.test(cause.message)) return cause;
  const reason = reasonOf(cause);
  // Libraries speak of their own insides.
  const inside = isFault(cause) || /\bundefined\b|\[object|Cannot |Invalid /.test(reason);
  const json = reason.startsWith('it is not JSON');
  const why = inside && !json ? 'its parts do not fit together' : shortened(reason);
  return new Error(`tokenizer: ${file} cannot be used: ${why}; download it again`, { cause });
}

/** The first line; what a library says may hold a part of the file. */
function shortened(reason: string): string {
  const [line = ''] = reason.split('\n');
  return line.length > mostReason ? `${line.slice(0, mostReason)}…` : line;
}

const mostReason = 200;

/**
 * Work with what a tokenizer's file says, within a time.
 * @throws what is wrong with the file.
 */
export function inTokenizer<T>(limit: { file: string; seconds: number }, work: () => T): T {
  const { file, seconds } = limit;
  try {
    return bounded(work, { seconds, what: `tokenizer: ${file}` });
  } catch (error) {
    throw tokenizerError(file, error);
  }
}
