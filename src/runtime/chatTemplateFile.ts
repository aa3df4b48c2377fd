/** Where a model's chat template stands. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openTemplate, type ChatTemplate } from './chat.js';
import {
  configFile,
  namedToken,
  readTokenizerJson,
  readTokenizerText,
  type TokenizerConfig,
} from './tokenizerFiles.js';

/** Tokens that templates call by name. */
const named = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map((name) => `${name}_token`);

/**
 * The template of a model folder, in the order of Python's transformers: `chat_template.jinja`,
 * `tokenizer_config.json`, `chat_template.json`. Null where there is none.
 * @throws where a file holds none, or one that cannot be parsed.
 */
export function findTemplate(folder: string, config: TokenizerConfig): ChatTemplate | null {
  const found = inFile(folder, 'chat_template.jinja') ?? inConfig(folder, config);
  const { source, file } = found ?? inJson(join(folder, 'chat_template.json')) ?? {};
  if (source === undefined || file === undefined) return null;
  return openTemplate(source, { file, tokens: tokensOf(config) });
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
function inConfig(folder: string, config: TokenizerConfig): Found | null {
  const file = join(folder, configFile);
  const template = config.chat_template;
  if (!template) return null;
  if (typeof template === 'string') return { source: template, file };
  const byName = templatesByName(template);
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
function tokensOf(config: TokenizerConfig): Record<string, string> {
  const tokens = named.flatMap((name): [string, string][] => {
    const token = namedToken(config, name);
    return token === null ? [] : [[name, token]];
  });
  return Object.fromEntries(tokens);
}

/** Several templates are an object, or a list of names with templates; their shapes were checked. */
function templatesByName(given: unknown): Readonly<Record<string, unknown>> {
  if (!Array.isArray(given)) return given as Readonly<Record<string, unknown>>;
  const list = given as { name: string; template: string }[];
  return Object.fromEntries(list.map(({ name, template }) => [name, template]));
}
