/** Chat templates in files of their own. */
import { readFileSync, writeFileSync } from 'node:fs';
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

/** Every turn ends with a mark, as most templates have it; the system's turn stands in brackets. */
const turns =
  "{% for m in messages %}{% if m['role'] == 'system' %}[{{ m['content'] }}]{% else %}" +
  "<{{ m['role'] }}>{{ m['content'] | trim }}<end>{% endif %}{% endfor %}" +
  '{% if add_generation_prompt %}<assistant>{% endif %}';

describe('chat', () => {
  const load = async (template: string) => {
    const model = writeTinyModel(folder.path, `chat${template.length}`);
    writeFileSync(join(model, 'chat_template.jinja'), template);
    return await loadTokenizer(model);
  };
  const system = { role: 'system', content: 'Be brief.' };
  const user = { role: 'user', content: 'Why?' };

  it('renders several turns, the assistant next', async () => {
    const model = await load(turns);
    const before = { role: 'assistant', content: 'So.' };
    expect(model.chat([system, user, before, user])).toBe(
      '[Be brief.]<user>Why?<end><assistant>So.<end><user>Why?<end><assistant>',
    );
    expect(model.chat([user])).toBe(model.chatPrompt('Why?'));
  });

  it("leaves the assistant's beginning open, its last space included", async () => {
    const model = await load(turns);
    const begun = { role: 'assistant', content: 'Because ' };
    expect(model.chat([user, begun])).toBe('<user>Why?<end><assistant>Because ');
    expect(model.chat([user, { ...begun, content: '' }])).toBe('<user>Why?<end><assistant>');
    expect(model.chat([user, { ...begun, content: 'Why?' }])).toBe(
      '<user>Why?<end><assistant>Why?',
    );
  });

  it('says what the template refuses or leaves out', async () => {
    const refusing = await load("{{ raise_exception('no system turns') }}");
    expect(() => refusing.chat([system, user])).toThrow(
      /refuses a chat of system, user \(.*no system turns/,
    );
    const silent = await load("{% for m in messages %}{{ m['role'] }}{% endfor %}");
    expect(() => silent.chat([user, { role: 'assistant', content: 'So' }])).toThrow(
      /chat_template.jinja leaves the assistant's last turn out/,
    );
    expect(() => silent.chat([])).toThrow(/without messages/);
  });
});

describe('plain text', () => {
  const begins = (special: object[], bare = 'x'): Promise<number[]> => {
    const model = writeTinyModel(folder.path, `plain${special.length}`);
    const path = join(model, 'tokenizer.json');
    const file = JSON.parse(readFileSync(path, 'utf8')) as object;
    const post = {
      type: 'TemplateProcessing',
      single: special,
      pair: special,
      special_tokens: Object.fromEntries(
        ['<s>', '</s>'].map((id, i) => [id, { id, ids: [i], tokens: [id] }]),
      ),
    };
    writeFileSync(path, JSON.stringify({ ...file, post_processor: post }));
    return loadTokenizer(model).then((tokenizer) => tokenizer.encodePlain(bare));
  };
  const [first, text, end] = [
    { SpecialToken: { id: '<s>', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { SpecialToken: { id: '</s>', type_id: 0 } },
  ];

  it('begins with the token that begins texts, and never ends', async () => {
    const [, bare] = await begins([first, text]);
    expect(await begins([first, text])).toEqual([0, bare]);
    expect(await begins([first, text, end])).toEqual([0, bare]);
    expect(await begins([text])).toEqual([bare]);
  });
});

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

describe('a damaged tokenizer', () => {
  it.each(['constructor', 'toString', '__proto__'])('of class %s is read as any', async (name) => {
    const config = JSON.stringify({ ...JSON.parse(bare), tokenizer_class: name });
    const files = { 'tokenizer_config.json': config, 'chat_template.jinja': templateOf('>') };
    expect(await promptOf(files)).toBe('>x');
  });

  it('is not told in full', async () => {
    const model = writeTinyModel(folder.path, 'long');
    const path = join(model, 'tokenizer.json');
    const content = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...content, decoder: { type: 'a'.repeat(5000) } }));
    const failure = await loadTokenizer(model).then(() => '', String);
    expect(failure).toMatch(/tokenizer\.json .*cannot be used: .*a{50}…; download it again$/);
    expect(failure.length).toBeLessThan(500);
  });
});

describe('files that would never end', () => {
  const load = (change: object) => {
    const model = writeTinyModel(folder.path, `endless ${JSON.stringify(change).length}`);
    const path = join(model, 'tokenizer.json');
    const file = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...file, ...change }));
    return loadTokenizer(model, {}, 0.2);
  };
  const text = `${'a'.repeat(40)}c`;
  const pattern = { Regex: '(a+)+$' };
  const split = { type: 'Split', pattern, behavior: 'Isolated', invert: false };
  const doubled = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };

  it.each([
    ['a split', { pre_tokenizer: split }, /takes longer than 0.2 s/],
    ['a replacement', { normalizer: { type: 'Replace', pattern, content: '' } }, /longer than/],
    [
      'replacements of replacements',
      { normalizer: { type: 'Sequence', normalizers: Array.from({ length: 12 }, () => doubled) } },
      /makes a text of \d+ characters of one of 41/,
    ],
  ])('end: %s', async (_, change, message) => {
    const tokenizer = await load(change);
    expect(() => tokenizer.encode(text)).toThrow(message);
    expect(() => tokenizer.encode(text)).toThrow(/^tokenizer: \S.*tokenizer\.json /);
    expect(tokenizer.encode('x')).toHaveLength(1);
  });
});
