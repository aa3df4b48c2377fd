/** Ids, texts and chats are those of transformers.js, whose tokenizer library is used alone. */
import { join } from 'node:path';
import { AutoTokenizer, env, type PreTrainedTokenizer } from '@huggingface/transformers';
import { expect, it } from 'vitest';
import { generateProblems } from '../../src/data/problems.js';
import { loadTokenizer } from '../../src/runtime/tokenizer.js';

env.allowRemoteModels = false;
const folder = join(
  import.meta.dirname,
  '..',
  '..',
  'artifacts',
  'models',
  'corrector-arithmetic-m',
);

const texts = [
  ...[...generateProblems({ split: 'test', count: 20, seed: 5 })].map(({ question }) => question),
  ' two  blanks \n\n and\ttabs ',
  'naïve café 😀 日本語 1234.5',
  '',
];

it('agrees with transformers.js', async () => {
  const ours = await loadTokenizer(folder);
  const theirs: PreTrainedTokenizer = await AutoTokenizer.from_pretrained(folder, {
    local_files_only: true,
  });
  for (const text of texts) {
    const ids = theirs.encode(text, { add_special_tokens: false });
    expect(ours.encode(text)).toEqual(ids);
    if (ids.length > 0) {
      const how = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
      expect(ours.decode(ids)).toBe(theirs.decode(ids, how));
    }
    const chat = theirs.apply_chat_template([{ role: 'user', content: text }], {
      ...{ tokenize: false, add_generation_prompt: true },
    });
    expect(ours.chatPrompt(text)).toBe(chat);
  }
});
