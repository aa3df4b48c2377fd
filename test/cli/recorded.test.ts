import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from './harness.js';

const cwd = mkdtempSync(join(tmpdir(), 'recorded-'));
const question = 'How many?';
beforeAll(() => {
  const write = (name: string, rows: readonly object[]): void =>
    writeFileSync(join(cwd, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  write('answers.jsonl', [{ question, answer: 'One and one is three. So three.' }]);
  write('corrections.jsonl', [
    {
      ...{ question, prefix: '', last: 'One and one is three.' },
      correction: 'One and one is two.',
    },
    { question, prefix: 'One and one is two.', last: 'So three.', correction: '' },
  ]);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const recorded = ['--upstream', 'recorded:answers.jsonl', '--model', 'recorded:corrections.jsonl'];

describe('recorded names on the command line', () => {
  it('align runs the loop over recorded answers and corrections', async () => {
    const { code, stdout } = await call(['align', question, ...recorded, '--json'], { cwd });
    expect(code).toBe(0);
    const answer = JSON.parse(stdout) as { text: string; stop: string; rounds: unknown[] };
    expect(answer.text).toBe('One and one is two.');
    expect(answer.stop).toBe('empty-correction');
    expect(answer.rounds).toHaveLength(2);
  });

  it('align names what is not recorded', async () => {
    const { code, stderr } = await call(['align', 'Else?', ...recorded], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('no answer for question "Else?", sample 0; add that row');
  });

  it('align does not steer a recorded corrector', async () => {
    const argv = ['align', question, ...recorded, '--coefficient', '1'];
    const { code, stderr } = await call(argv, { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain(
      'align --coefficient: "corrections" is a file of recorded answers, which cannot be read or steered',
    );
  });

  it.each([['lat-scan'], ['sweep'], ['causal'], ['extract'], ['lens']])(
    '%s refuses one with the reason',
    async (command) => {
      const argv = [command, '--model', 'recorded:corrections.jsonl'];
      const { code, stderr } = await call(argv, { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain('recorded:corrections.jsonl is no local model');
    },
  );

  it('an address is refused without its secrets', async () => {
    const argv = ['align', question, '--upstream', 'https://me:secret@host/v1#m'];
    const { code, stderr } = await call(argv, { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('https://host/v1#m is a server');
    expect(stderr).not.toContain('secret');
  });
});
