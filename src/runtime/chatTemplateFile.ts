/** Where a model's chat template stands. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PreTrainedTokenizer } from '@huggingface/transformers';
import { openTemplate, type ChatTemplate } from './chat.js';
import { configFile, readTokenizerJson, readTokenizerText } from './tokenizerFiles.js';

/** Tokens that templates call by name. */
const named = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map((name) => `${name}_token`);

type Loaded = Pick<PreTrainedTokenizer, 'chat_template' | 'config'>;

/**
 * The template of a model folder, in the order of Python's transformers: `chat_template.jinja`,
 * `tokenizer_config.json`, `chat_template.json`. Null where there is none.
 * @throws where a file holds none, or one that cannot be parsed.
 */
export function findTemplate(folder: string, tokenizer: Loaded): ChatTemplate | null {
  const found = inFile(folder, 'chat_template.jinja') ?? inConfig(folder, tokenizer);
  const { source, file } = found ?? inJson(join(folder, 'chat_template.json')) ?? {};
  if (source === undefined || file === undefined) return null;
  return openTemplate(source, { file, tokens: tokensOf(tokenizer) });
}

interface Found {
  source: string;
  file: string;
}

function inFile(folder: string, name: string): Found | null {
  const file = join(folder, name);
  return existsSync(file) ? { source: readTokenizerText(file), file } : null;
}

/** The one, or the default of several. */
function inConfig(folder: string, tokenizer: Loaded): Found | null {
  const file = join(folder, configFile);
  const template: unknown = tokenizer.chat_template;
  if (!template) return null;
  if (typeof template === 'string') return { source: template, file };
  const byName = template as Readonly<Record<string, unknown>>;
  const source = Object.hasOwn(byName, 'default') ? byName.default : undefined;
  if (typeof source === 'string') return { source, file };
  throw new Error(
    `tokenizer: ${file} has no chat template called default (got ${Object.keys(byName).join(', ')}); write the one to use into chat_template.jinja`,
  );
}

function inJson(file: string): Found | null {
  if (!existsSync(file)) return null;
  const content = readTokenizerJson(file);
  const found = typeof content === 'object' && content !== null && 'chat_template' in content;
  if (found && typeof content.chat_template === 'string') {
    return { source: content.chat_template, file };
  }
  throw new Error(`tokenizer: ${file} holds no template (expected {"chat_template": "…"})`);
}

/** By name, as `tokenizer_config.json` has them: texts, or objects with a content. */
function tokensOf({ config }: Loaded): Record<string, string> {
  const given = config as Readonly<Record<string, unknown>>;
  const tokens = named.flatMap((name): [string, string][] => {
    const token = Object.hasOwn(given, name) ? given[name] : null;
    const content = typeof token === 'object' && token !== null && 'content' in token ? token.content : token; // prettier-ignore
    return typeof content === 'string' ? [[name, content]] : [];
  });
  return Object.fromEntries(tokens);
}
