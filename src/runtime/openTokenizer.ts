/**
 * A tokenizer out of its two files (@huggingface/tokenizers, the part of transformers.js that knows
 * tokenizers). Of every class that Python names in `tokenizer_class`, a decoder's ids are those of the
 * files alone.
 */
import * as tokenizers from '@huggingface/tokenizers';
import { join } from 'node:path';
import type { TokenizerFile } from './guardedEncoder.js';
import {
  checkTokenizer,
  configFile,
  readTokenizerConfig,
  readTokenizerJson,
  tokenizerError,
  tokenizerFile,
  type TokenizerConfig,
} from './tokenizerFiles.js';

/** What the library does; the imports in its types lead nowhere under NodeNext. */
export interface LibraryTokenizer {
  normalizer: { normalize(text: string): string } | null;
  encode(text: string, how?: { add_special_tokens: boolean }): { ids: number[] };
  /** @throws without ids. */
  decode(
    ids: readonly number[],
    how: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_added_tokens_decoder(): ReadonlyMap<number, { content: string }>;
}

const { Tokenizer } = tokenizers as unknown as {
  Tokenizer: new (file: TokenizerFile, config: object) => LibraryTokenizer;
};

export interface OpenTokenizer {
  tokenizer: LibraryTokenizer;
  file: TokenizerFile;
  config: TokenizerConfig;
}

/** @throws saying what is wrong with which file of the folder. */
export function openTokenizer(folder: string): OpenTokenizer {
  const path = join(folder, tokenizerFile);
  const content = readTokenizerJson(path);
  checkTokenizer(content, folder);
  const config = readTokenizerConfig(folder);
  const file = content as TokenizerFile;
  try {
    return { tokenizer: makeTokenizer(file, config), file, config };
  } catch (error) {
    // The library tells where it failed, not on what.
    throw tokenizerError(`${path} or ${configFile}`, error);
  }
}

/** The tokenizer of a file that was changed. */
export function makeTokenizer(file: TokenizerFile, config: TokenizerConfig): LibraryTokenizer {
  return new Tokenizer(file, config);
}
