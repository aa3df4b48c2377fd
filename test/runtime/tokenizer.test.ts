/** Chat templates in files of their own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/runtime/tokenizer.js';
import { writeTinyModel } from '../cli/harness.js';
import { temporaryFolder } from './models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

const templateOf = (mark: string): string =>
  `{% for m in messages %}${mark}{{ m['content'] }}{% endfor %}`;

async function promptOf(files: Record<string, string>): Promise<string> {
  const model = writeTinyModel(folder.path, 'tokenizer' + String(Object.keys(files)));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(model, name), content);
  return (await loadTokenizer(model)).chatPrompt('x');
}

const bare = JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', eos_token: '</s>' });

describe('chat template', () => {
  it('in chat_template.jinja comes before the one in tokenizer_config.json', async () => {
    expect(await promptOf({ 'chat_template.jinja': templateOf('J') })).toBe('Jx');
  });

  it('in chat_template.json is taken where there is no other', async () => {
    const json = JSON.stringify({ chat_template: templateOf('S') });
    const own = await promptOf({ 'chat_template.json': json });
    expect(own).toBe('<s><|user|>x<|assistant|>');
    const files = { 'chat_template.json': json, 'tokenizer_config.json': bare };
    expect(await promptOf(files)).toBe('Sx');
  });

  it('that is none is an error, and so is having none', async () => {
    const empty = { 'chat_template.json': '{}', 'tokenizer_config.json': bare };
    await expect(promptOf(empty)).rejects.toThrow(/chat_template\.json holds no template/);
    const none = promptOf({ 'tokenizer_config.json': bare });
    await expect(none).rejects.toThrow(/no chat template \(expected chat_template\.jinja, or/);
  });
});
