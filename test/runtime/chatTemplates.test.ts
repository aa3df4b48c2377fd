/** Chat templates and dates against jinja2 and Python's strftime (test/runtime/goldens/chatTemplates.py). */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseDate, strftime } from '../../src/runtime/chatDate.js';
import { loadTokenizer } from '../../src/runtime/tokenizer.js';
import type { ChatMessage, Tokenizer } from '../../src/runtime/decoder.js';
import { writeTinyModel } from '../cli/harness.js';
import { temporaryFolder } from './models.js';

const goldens = JSON.parse(
  readFileSync(new URL('./goldens/chatTemplates.json', import.meta.url), 'utf8'),
) as {
  templates: {
    name: string;
    template: string;
    messages: ChatMessage[];
    date: string;
    prompt: string;
  }[];
  dates: { date: string; format: string; text: string }[];
};

const folder = temporaryFolder();
afterAll(folder.remove);

let made = 0;

async function load(
  template: string,
  { date, inConfig = false }: { date?: string; inConfig?: boolean } = {},
): Promise<Tokenizer> {
  const model = writeTinyModel(folder.path, `template${made++}`);
  if (inConfig) {
    const path = join(model, 'tokenizer_config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    const named = [{ name: 'default', template }];
    writeFileSync(path, JSON.stringify({ ...config, chat_template: named }));
  } else {
    writeFileSync(join(model, 'chat_template.jinja'), template);
  }
  return await loadTokenizer(model, { date });
}

describe('chat templates', () => {
  it.each(goldens.templates)(
    'give jinja2’s prompt: $name',
    async ({ template, messages, date, prompt }) => {
      for (const inConfig of [false, true]) {
        const tokenizer = await load(template, { date, inConfig });
        expect(tokenizer.chat(messages)).toBe(prompt);
      }
    },
  );
});

describe('the day', () => {
  it('is written as Python writes it', () => {
    const wrong = goldens.dates.filter(
      ({ date, format, text }) => strftime(parseDate(date), format) !== text,
    );
    expect(wrong).toEqual([]);
    expect(goldens.dates.length).toBeGreaterThan(1000);
  });

  const asking = "{{ strftime_now('%d %b %Y') }}{% for m in messages %}{{ m.content }}{% endfor %}";

  it('is the same every day, another where it is given, and is told only where it is asked', async () => {
    const usual = await load(asking);
    expect([usual.chatPrompt('x'), usual.date]).toEqual(['01 Jan 2025x', '2025-01-01']);
    const given = await load(asking, { date: '2024-07-26' });
    expect([given.chatPrompt('x'), given.date]).toEqual(['26 Jul 2024x', '2024-07-26']);
    const silent = await load('{% for m in messages %}{{ m.content }}{% endfor %}');
    expect(silent.date).toBeUndefined();
  });

  it.each(['yesterday', '2025-02-29', '2025-13-01', '2025-01-01T24:00', '2025-1-1', ''])(
    'refuses %j',
    async (date) => {
      await expect(load(asking, { date })).rejects.toThrow(/is no date \(expected YYYY-MM-DD/);
    },
  );

  it('refuses a directive that Python does not know', async () => {
    const tokenizer = await load("{{ strftime_now('%Q') }}");
    expect(() => tokenizer.chatPrompt('x')).toThrow(/unknown directive %Q/);
  });
});
