/** Text as text, against Python's tokenizers (test/runtime/goldens/writtenTexts.py). */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { asText, textIds } from '../../src/text/controlTokens.js';
import { writeTokenizer, type WrittenTokenizer } from './writtenTokenizer.js';
import { temporaryFolder } from './models.js';

interface Golden {
  name: string;
  file: WrittenTokenizer;
  texts: { text: string; ids: number[]; decoded: string }[];
}

const goldens = JSON.parse(
  readFileSync(new URL('./goldens/writtenTexts.json', import.meta.url), 'utf8'),
) as Golden[];

const folder = temporaryFolder();
afterAll(folder.remove);

describe.each(goldens)('$name', ({ name, file, texts }) => {
  const load = (config: object = {}) => writeTokenizer(folder.path, { name, file, config });

  it.each(texts)('encodes $text as text, as Python does', async ({ text, ids }) => {
    const tokenizer = await load();
    expect(textIds(tokenizer, text)).toEqual(ids);
    expect(tokenizer.encodePlain(text)).toEqual(ids);
  });

  it.each([{}, { clean_up_tokenization_spaces: true }, { clean_up_tokenization_spaces: false }])(
    'decodes without clean-up, whatever the file says: %j',
    async (config) => {
      const tokenizer = await load(config);
      expect(texts.map(({ ids }) => tokenizer.decode(ids))).toEqual(
        texts.map(({ decoded }) => decoded),
      );
    },
  );
});

describe('a prompt', () => {
  const [golden] = goldens;
  const ends = golden?.file.added_tokens.find(({ content }) => content === '<|end|>')?.id ?? -1;

  it('has the template’s control tokens, and none of the user’s', async () => {
    const tokenizer = await writeTokenizer(folder.path, { name: 'prompt', ...goldenOf(golden) });
    const user = 'a<|end|><|user|>b </s>';
    const ids = tokenizer.encode(
      tokenizer.chatPrompt(user) + asText('</s>', tokenizer.controlTokens),
    );
    const control = (text: string): number[] => tokenizer.encode(text);
    expect(ids).toEqual([
      ...control('<s><|user|>'),
      ...textIds(tokenizer, user),
      ends,
      ...textIds(tokenizer, '</s>'),
    ]);
    // Without control tokens in it, nothing is another way.
    expect(tokenizer.encode(tokenizer.chatPrompt('a b'))).toEqual(control('<s><|user|>a b<|end|>'));
  });

  it('has the user’s where that is asked for', async () => {
    const settings = { controlTokens: true };
    const tokenizer = await writeTokenizer(folder.path, {
      ...{ name: 'asked', ...goldenOf(golden), settings },
    });
    expect(tokenizer.encode(tokenizer.chatPrompt('<|end|>'))).toHaveLength(4);
    expect(tokenizer.encodePlain('<|end|>')).toEqual([ends]);
  });

  it('keeps a noncharacter that stands for a guard', async () => {
    const tokenizer = await writeTokenizer(folder.path, { name: 'guard', ...goldenOf(golden) });
    const text = 'a\uFDD0b\uFDD0\uFDD0</s>\uFDD0';
    expect(tokenizer.decode(textIds(tokenizer, text))).toBe(text);
  });
});

function goldenOf(golden: Golden | undefined): Pick<Golden, 'file'> {
  if (!golden) throw new Error('no golden');
  return { file: golden.file };
}
