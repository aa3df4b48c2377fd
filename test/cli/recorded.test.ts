import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateProblems } from '../../src/data/problems.js';
import { call, writeQuadruples } from './harness.js';

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

const recorded = [
  '--upstream',
  'recorded:answers.jsonl#by-count',
  '--corrector',
  'recorded:corrections.jsonl',
];

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

  it('evaluate judges recorded answers and corrections, and its manifest names them', async () => {
    const quadruples = writeQuadruples(cwd, 'test', 3);
    const problems = [...generateProblems({ split: 'test', count: 2, seed: 0 })];
    const rows = problems.map(({ question: asked, answer }, i) => ({
      ...{ question: asked, answer: `The answer is ${Number(answer) + i}.` },
    }));
    writeFileSync(
      join(cwd, 'test-answers.jsonl'),
      rows.map((row) => JSON.stringify(row)).join('\n'),
    );
    const argv = [
      ...['evaluate', '--upstream', 'recorded:test-answers.jsonl', '--systems', 'upstream'],
      ...['--corrector', `recorded:${quadruples}`, '--problems', quadruples],
      ...['--limit', '2', '--out', 'evaluated', '--json'],
    ];
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { evaluate } = JSON.parse(stdout) as { evaluate: { systems: { accuracy: number }[] } };
    expect(evaluate.systems.map(({ accuracy }) => accuracy)).toEqual([0.5]);
    const manifest = readFileSync(join(cwd, 'evaluated', 'manifest.json'), 'utf8');
    const { inputs } = JSON.parse(manifest) as { inputs: { name: string; path: string }[] };
    expect(inputs.map(({ name }) => name)).toEqual(['upstream', 'corrector', 'quadruples']);
    expect(inputs[0]?.path).toBe(join(cwd, 'test-answers.jsonl'));
  });

  it.each([['lat-scan'], ['sweep'], ['causal'], ['extract'], ['lens']])(
    '%s refuses one with the reason',
    async (command) => {
      const argv = [command, '--corrector', 'recorded:corrections.jsonl'];
      const { code, stderr } = await call(argv, { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain('recorded:corrections.jsonl is no local model');
    },
  );

  it('an address is refused without its secrets', async () => {
    const argv = ['align', question, '--upstream', 'https://me:secret@host/v1#m'];
    const { code, stderr } = await call(argv, { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('put the key into ALIGNER_LAB_KEY_HOST');
    expect(stderr).not.toContain('secret');
  });
});
