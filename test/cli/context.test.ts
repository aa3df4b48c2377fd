/** Rows that are too long for a model, through the commands. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { call } from './harness.js';

const cwd = mkdtempSync(join(tmpdir(), 'aligner-lab-context-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** The embedded models have 768 positions. */
const long = 'How many apples are left? '.repeat(400);

function lines<T>(file: string): T[] {
  const text = readFileSync(join(cwd, file), 'utf8').trimEnd();
  return text.split('\n').map((line) => JSON.parse(line) as T);
}

describe('one question', () => {
  it.each([
    ['ten thousand letters', long],
    ['100 kB', 'word '.repeat(20_000)],
  ])('of %s is an error with its remedy', async (_, question) => {
    const { code, stderr } = await call(['align', question], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^aligner-lab: align: the question leaves the upstream no room: [\d,]+ tokens, the model has 768 positions; shorten it, or take a model with more\n$/,
    );
    const generated = await call(['generate', question], { cwd });
    expect(generated.code).toBe(1);
    expect(generated.stderr).toMatch(
      /generate: the prompt leaves no room: [\d,]+ tokens, the model has 768 positions \(max_position_embeddings of config\.json\); shorten it/,
    );
  });
});

describe('inspection', () => {
  it('says how many positions there are, and who says so', async () => {
    const { stdout } = await call(['instrument', 'corrector-arithmetic-s', '--inspect'], { cwd });
    expect(stdout).toContain('context: 768 positions, by max_position_embeddings of config.json\n');
  });
});

describe('evaluate', () => {
  it('answers the other questions, and names the one that is too long', async () => {
    const question = (id: string, text: string): string =>
      JSON.stringify({ id, question: text, answer: '#### 28' });
    const easy = 'Mia has 4 bags of 7 nuts. How many nuts does Mia have?';
    writeFileSync(join(cwd, 'own.jsonl'), [question('easy', easy), question('long', long)].join('\n')); // prettier-ignore
    const { code, stderr } = await call(
      ['evaluate', '--questions', 'own.jsonl', '--systems', 'upstream,stream', '--limit', '2', '--out', 'run'], // prettier-ignore
      { cwd },
    );
    expect([code, stderr]).toEqual([0, expect.stringMatching(/warning: context: 1 of 2 answers of upstream ended for want of positions, 1 of them before a word and so not judged \(question long: [\d,]+ tokens, the model has 768 positions\)/)]); // prettier-ignore
    interface Answer {
      kind: string;
      problem: string;
      right: boolean | null;
      stop: string;
      context?: object;
      revisions: object[];
    }
    const answers = lines<Answer>('run/records.jsonl').filter(({ kind }) => kind === 'answer');
    expect(answers).toHaveLength(4);
    for (const { problem, right, stop, context, revisions } of answers) {
      if (problem === 'easy') expect(typeof right).toBe('boolean');
      else expect([right, stop, context, revisions]).toEqual([null, 'context', { tokens: expect.any(Number) as number, positions: 768 }, []]); // prettier-ignore
    }
    const summary = JSON.parse(readFileSync(join(cwd, 'run/evaluate.json'), 'utf8')) as {
      systems: { n: number; stops: Record<string, number> }[];
      warnings: string[];
    };
    expect(summary.systems.map(({ n, stops }) => [n, stops.context])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(summary.warnings).toHaveLength(2);
  }, 60_000);
});

describe('extract', () => {
  it('makes no stimulus of what is too long', async () => {
    const artifacts = new URL('../../artifacts/', import.meta.url);
    const source = readFileSync(new URL('stimuli/arithmetic-validation.jsonl', artifacts), 'utf8');
    const rows = source.trimEnd().split('\n').slice(0, 160).map((line) => JSON.parse(line) as { question: string; last: string }); // prettier-ignore
    const every = rows.map((row, i) => (i % 4 === 0 ? { ...row, question: `${long} ${i}` } : row));
    writeFileSync(join(cwd, 'mixed.jsonl'), every.map((row) => JSON.stringify(row)).join('\n'));
    const { code, stderr } = await call(
      ['extract', '--model', 'corrector-arithmetic-s', '--stimuli', 'mixed.jsonl', '--out', 'extract'], // prettier-ignore
      { cwd },
    );
    expect([code, stderr]).toEqual([0, expect.stringMatching(/warning: context: \d+ of \d+ sentences are left out, too long \(.*: [\d,]+ tokens, the model has 768 positions/)]); // prettier-ignore
    const stimuli = lines<{ kind: string; question?: string }>('extract/stimuli.jsonl');
    expect(stimuli.filter(({ question }) => question?.startsWith(long))).toEqual([]);
  }, 60_000);
});
