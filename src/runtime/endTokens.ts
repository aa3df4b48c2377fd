/**
 * The tokens that end an answer: all that anyone names. Fine-tunes often carry the end token of their
 * base in one file and their own in another, and what is not stopped at is written past, every time.
 *
 * Hugging Face's `generate` stops at the list of generation_config.json, vLLM at that and at the
 * tokenizer's end token; llama.cpp also at the tokens that chat templates end turns with.
 */
import { objectIn, readConfig } from './modelConfig.js';
import type { LibraryTokenizer, OpenTokenizer } from './openTokenizer.js';
import { namedToken } from './tokenizerFiles.js';

export interface EndTokens {
  ids: number[];
  /** Those of them that are marks, not words. */
  marks: ReadonlySet<number>;
  /** Where those who name end tokens do not agree: who says what, and what is done. */
  warnings: string[];
}

interface Statement {
  source: string;
  ids: number[];
  /** Whether it may be a leftover of a base model's configuration, with ids of another vocabulary. */
  weak: boolean;
}

/** What a chat consists of, and what is written for it. */
export type Render = (messages: { role: string; content: string }[]) => string;

/**
 * The union of the end tokens that `generation_config.json`, `config.json`, `genai_config.json`, the
 * tokenizer and its chat template name.
 * @param render a whole chat in the template; it may throw
 * @throws where nobody names any; on a damaged file.
 */
export function endTokens(
  folder: string,
  opened: Pick<OpenTokenizer, 'tokenizer' | 'config'>,
  render: Render,
): EndTokens {
  const { tokenizer } = opened;
  const added = tokenizer.get_added_tokens_decoder();
  const statements = statementsOf(folder, opened, render).filter(({ ids }) => ids.length > 0);
  const sure = statements.filter(({ weak, ids }) => !weak || ids.some((id) => added.has(id)));
  // An ordinary word of this vocabulary, which a leftover may name, would end answers anywhere.
  const kept = sure.length > 0 ? sure : statements;
  const ids = [...new Set(kept.flatMap((one) => one.ids))];
  if (ids.length === 0) {
    throw new Error(
      `tokenizer: ${folder} names no end token; set eos_token_id in generation_config.json`,
    );
  }
  const marks = new Set(ids.filter((id) => added.has(id)));
  const agreed = kept.some((one) => ids.every((id) => one.ids.includes(id)));
  const named = kept.map((one) => `${one.source} names ${listed(one.ids, tokenizer)}`);
  const different = `end tokens: ${named.join(', ')}; an answer ends at any of them`;
  const ignored = statements.filter((one) => !kept.includes(one));
  const warnings = ignored.map((one) => ignoredText(one, tokenizer));
  return { ids, marks, warnings: agreed ? warnings : [different, ...warnings] };
}

function ignoredText(statement: Statement, tokenizer: LibraryTokenizer): string {
  return `end tokens: ${statement.source} names ${listed(statement.ids, tokenizer)}, which is no special token of this tokenizer and is not stopped at`;
}

/** `</s> (2)` */
function listed(ids: readonly number[], tokenizer: LibraryTokenizer): string {
  const shown = ids.map((id) => {
    const token = tokenizer.id_to_token(id);
    return token === undefined ? String(id) : `${token} (${id})`;
  });
  return shown.join(' and ');
}

function statementsOf(
  folder: string,
  { tokenizer, config: own }: Pick<OpenTokenizer, 'tokenizer' | 'config'>,
  render: Render,
): Statement[] {
  const [generation, config, genai] = (['generation_config.json', 'config.json', 'genai_config.json'] as const).map((file) => readConfig(folder, file)); // prettier-ignore
  const end = namedToken(own, 'eos_token');
  return [
    {
      source: 'generation_config.json',
      ids: idsIn(generation?.eos_token_id),
      weak: generation?._from_model_config === true,
    },
    {
      source: 'config.json',
      ids: idsIn([config?.eos_token_id, objectIn(config?.text_config)?.eos_token_id].flat()),
      weak: true,
    },
    {
      source: 'genai_config.json',
      ids: idsIn(objectIn(genai?.model)?.eos_token_id),
      weak: false,
    },
    {
      source: 'the tokenizer',
      ids: idsIn(end === null ? null : tokenizer.token_to_id(end)),
      weak: false,
    },
    { source: 'the chat template', ids: turnEnd(tokenizer, render), weak: false },
  ];
}

function idsIn(value: unknown): number[] {
  const ids = [value].flat().filter((id): id is number => Number.isSafeInteger(id));
  return [...new Set(ids)].filter((id) => id >= 0);
}

/** What an assistant says in a chat that is rendered to see what follows it; no template knows it. */
const said = 'xqzvkjw';

/** The token that the template ends an assistant's turn with; none where that is no single token. */
function turnEnd(tokenizer: LibraryTokenizer, render: Render): number[] {
  let text: string;
  try {
    text = render([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: said },
    ]);
  } catch {
    // There is none, or it refuses this; that is said where it is used.
    return [];
  }
  const at = text.lastIndexOf(said);
  if (at < 0) return [];
  const rest = text.slice(at + said.length).trimStart();
  const added = [...tokenizer.get_added_tokens_decoder()];
  const begins = added.filter(([, { content }]) => content.trim() !== '' && rest.startsWith(content)); // prettier-ignore
  const [longest] = begins.sort(([, a], [, b]) => b.content.length - a.content.length);
  return longest ? [longest[0]] : [];
}
