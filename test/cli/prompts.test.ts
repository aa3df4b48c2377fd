/** What goes into prompts from the command line: the day, and control tokens. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { loadLanguageModel } from '../../src/runtime/load.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeStimuliFile, writeTinyModel } from './harness.js';

vi.setConfig({ testTimeout: 120_000 });
const folder = temporaryFolder();
const cwd = folder.path;
afterAll(folder.remove);

const dated = writeTinyModel(cwd, 'dated');
writeFileSync(
  join(dated, 'chat_template.jinja'),
  "<s>{{ strftime_now('%d %b %Y') }}{% for m in messages %}{{ m.content }}{% endfor %}<|assistant|>",
);
const plain = writeTinyModel(cwd, 'plain');
const stimuli = writeStimuliFile(cwd, 40);

describe('--date', () => {
  const extract = ['extract', '--model', dated, '--stimuli', stimuli, '--threads', '1'];

  it('is recorded in the manifest, the usual one too', async () => {
    const dateOf = async (...more: string[]): Promise<unknown> => {
      const { code, stderr } = await call([...extract, '--out', more[1] ?? 'usual', ...more], {
        cwd,
      });
      expect(code, stderr).toBe(0);
      const manifest = readFileSync(join(cwd, more[1] ?? 'usual', 'manifest.json'), 'utf8');
      return (JSON.parse(manifest) as { options: { date?: unknown } }).options.date;
    };
    expect(await dateOf()).toBe('2025-01-01');
    expect(await dateOf('--date', '2024-07-26')).toBe('2024-07-26');
  });

  it('belongs to who a model is, where its template asks', async () => {
    const settingsOf = async (model: string, date?: string): Promise<unknown> => {
      const loaded = await loadLanguageModel({ model, threads: 1, date });
      await loaded.close();
      return loaded.identity.settings;
    };
    expect(await settingsOf(dated)).toEqual({ date: '2025-01-01' });
    expect(await settingsOf(dated, '2024-07-26')).toEqual({ date: '2024-07-26' });
    expect(await settingsOf(plain, '2024-07-26')).toBeUndefined();
  });

  it('must be one', async () => {
    const { code, stderr } = await call(['generate', 'x', '--date', 'today'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('--date: expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ss, got "today"');
  });
});

describe('--control-tokens', () => {
  const argv = ['generate', '--raw', '--model', plain, '--threads', '1', '--max-new-tokens', '4'];

  it('takes them as what they are; else they are text, and a warning says so', async () => {
    const text = await call([...argv, '<|user|>x'], { cwd });
    expect(text.code).toBe(0);
    expect(text.stderr).toMatch(/warning: <\|user\|> in given text is taken as text; --control/);
    const control = await call([...argv, '--control-tokens', '<|user|>x'], { cwd });
    expect([control.code, control.stderr]).toEqual([
      0,
      expect.not.stringContaining('taken as text'),
    ]);
    expect(control.stdout).not.toBe(text.stdout);
    expect((await call([...argv, 'x'], { cwd })).stderr).not.toContain('taken as text');
  });
});

describe('what was recorded with control characters and markers', () => {
  const record = (name: string, row: object): string => {
    writeFileSync(join(cwd, name), `${JSON.stringify(row)}\n`);
    return `recorded:${name}`;
  };

  it('comes into the answer without them, with exit 0, a warning and a note', async () => {
    const upstream = `${record('answers.jsonl', { question: 'q', answer: 'It\0 is \x1B[1m4.' })}#by-count`;
    const correction = 'It is 5.\0 | ##Your_Revision: It is 6.';
    const place = { question: 'q', prefix: '', last: 'It is 4.' };
    const model = record('corrections.jsonl', { ...place, correction });
    const argv = [
      'align',
      'q',
      '--upstream',
      upstream,
      '--model',
      model,
      '--rounds',
      '1',
      '--json',
    ];
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(code).toBe(0);
    const { text, rounds } = JSON.parse(stdout) as { text: string; rounds: object[] };
    expect(text).toBe('It is 5.');
    expect(rounds[0]).toMatchObject({ notes: ['controlsInLast', 'controls', 'marker'] });
    expect(stderr).toMatch(/warning: 1 of 1 texts came back with a marker of the prompt/);
    expect(stderr).toMatch(/warning: 1 of 1 texts of the upstream held control characters/);
  });
});
