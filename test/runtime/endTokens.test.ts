/** Which tokens end an answer, where the files of a model disagree about it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Tokenizer } from '../../src/runtime/decoder.js';
import { loadLanguageModel } from '../../src/runtime/load.js';
import { embeddedModels, listEmbedded } from '../../src/runtime/modelFiles.js';
import { loadTokenizer } from '../../src/runtime/tokenizer.js';
import { writeTinyModel } from '../cli/harness.js';
import { temporaryFolder } from './models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

// Ids of the tiny tokenizer: <s> 0, </s> 1, <|user|> 2, <|assistant|> 3, then bytes.
const [end, user, assistant, word] = [1, 2, 3, 40];
const turns = (mark: string): string =>
  `{% for m in messages %}<|user|>{{ m['content'] | trim }}${mark}\n{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}`;

interface Files {
  generation?: unknown;
  config?: unknown;
  genai?: unknown;
  eosToken?: string | null;
  template?: string;
  added?: { id: number; content: string; special: boolean }[];
}

let made = 0;
function write({ generation, config, genai, eosToken, template, added }: Files): string {
  const model = writeTinyModel(folder.path, `ends-${++made}`);
  const put = (name: string, value: unknown): void =>
    value === undefined
      ? rmSync(join(model, name), { force: true })
      : writeFileSync(join(model, name), JSON.stringify(value));
  put('generation_config.json', generation);
  put('config.json', config);
  put('genai_config.json', genai);
  const own = JSON.parse(readFileSync(join(model, 'tokenizer_config.json'), 'utf8')) as object;
  const eos = eosToken === null ? { eos_token: undefined } : eosToken && { eos_token: eosToken };
  put('tokenizer_config.json', { ...own, ...(eos ?? {}), ...(template && { chat_template: template }) }); // prettier-ignore
  if (added) {
    const path = join(model, 'tokenizer.json');
    const file = JSON.parse(readFileSync(path, 'utf8')) as { added_tokens: object[] };
    const shape = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    file.added_tokens.push(...added.map((token) => ({ ...shape, ...token })));
    writeFileSync(path, JSON.stringify(file));
  }
  return model;
}

const load = (files: Files): Promise<Tokenizer> => loadTokenizer(write(files));
const sorted = ({ endOfTurn }: Tokenizer): number[] => [...endOfTurn].sort((a, b) => a - b);

describe('end tokens', () => {
  it.each<[string, Files, number[]]>([
    ['agree', { generation: { eos_token_id: end }, config: { eos_token_id: end } }, [end]],
    ['agree where one file lists them all', { generation: { eos_token_id: [end, user] }, config: { eos_token_id: user } }, [end, user]], // prettier-ignore
    ['are those of the tokenizer alone', {}, [end]],
    ['are those of a template that says the same', { template: turns('</s>') }, [end]],
  ])('%s: nothing is said', async (_, files, expected) => {
    const tokenizer = await load(files);
    expect(sorted(tokenizer)).toEqual(expected);
    expect(tokenizer.warnings).toBeUndefined();
  });

  it.each<[string, Files, number[], RegExp]>([
    [
      'the chat template ends turns with another token than the base model did',
      { generation: { eos_token_id: end }, template: turns('<|assistant|>') },
      [end, assistant],
      /^end tokens: generation_config\.json names <\/s> \(1\), the tokenizer names <\/s> \(1\), the chat template names <\|assistant\|> \(3\); an answer ends at any of them$/,
    ],
    [
      'the tokenizer was changed and the generation was not',
      { generation: { eos_token_id: end }, eosToken: '<|user|>' },
      [end, user],
      /generation_config\.json names <\/s> \(1\), the tokenizer names <\|user\|> \(2\)/,
    ],
    [
      'config.json was',
      { generation: { eos_token_id: [end] }, config: { eos_token_id: [user] } },
      [end, user],
      /config\.json names <\|user\|> \(2\)/,
    ],
    [
      'the text model of a larger one was',
      { config: { text_config: { eos_token_id: user } } },
      [end, user],
      /config\.json names <\|user\|> \(2\)/,
    ],
    [
      'ONNX Runtime GenAI has its own',
      { genai: { model: { eos_token_id: [user, assistant] } } },
      [end, user, assistant],
      /genai_config\.json names <\|user\|> \(2\) and <\|assistant\|> \(3\)/,
    ],
  ])('%s: the union, and it is said', async (_, files, expected, said) => {
    const tokenizer = await load(files);
    expect(sorted(tokenizer)).toEqual(expected);
    expect(tokenizer.warnings).toHaveLength(1);
    expect(tokenizer.warnings?.[0]).toMatch(said);
  });

  it('do not include a word that a leftover of another vocabulary names', async () => {
    const tokenizer = await load({ config: { eos_token_id: word }, generation: { eos_token_id: word, _from_model_config: true } }); // prettier-ignore
    expect(sorted(tokenizer)).toEqual([end]);
    expect(tokenizer.warnings?.join()).toMatch(
      /config\.json names .*\(40\), which is no special token/,
    );
    const meant = await load({ generation: { eos_token_id: [end, word] } });
    expect(sorted(meant)).toEqual([end, word]);
  });

  it('are no text, also where the tokenizer does not call them special', async () => {
    const added = [{ id: 260, content: '<|im_end|>', special: false }];
    const tokenizer = await load({ template: turns('<|im_end|>'), added });
    expect(sorted(tokenizer)).toEqual([end, 260]);
    expect(tokenizer.decode([...tokenizer.encode('So.'), 260])).toBe('So.');
  });

  it('of which a template that cannot be rendered says nothing', async () => {
    const refusing = "{{ raise_exception('no') }}";
    expect(sorted(await load({ template: refusing }))).toEqual([end]);
  });

  it('beyond the vocabulary are left out, and said', async () => {
    await using model = await loadLanguageModel({ model: write({ generation: { eos_token_id: [end, 50_256] } }) }); // prettier-ignore
    expect(model.tokenizer.endOfTurn).toEqual([end]);
    expect(model.warnings?.at(-1)).toBe(
      "end tokens: 50256 lies beyond the model's vocabulary of 260",
    );
  });

  it('that nobody names are an error with its remedy', async () => {
    await expect(load({ eosToken: null })).rejects.toThrow(
      /names no end token; set eos_token_id in generation_config\.json/,
    );
  });

  it('of the models that ship are as they were', async () => {
    for (const name of listEmbedded()) {
      const tokenizer = await loadTokenizer(join(embeddedModels, name));
      expect([name, tokenizer.endOfTurn, tokenizer.warnings]).toEqual([name, [1], undefined]);
    }
  });
});
