/** Commands over whole answers, on a tiny random model and on recordings. */
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { openQuestions } from '../../src/data/questionSets.js';
import { publishedSchemas } from '../../src/cli/schemas.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeTinyModel } from './harness.js';

// Whole commands, possibly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd);
afterAll(folder.remove);

const schemas = await publishedSchemas();
const read = (...path: string[]): string => readFileSync(join(cwd, ...path), 'utf8');
const lines = (...path: string[]): string[] =>
  read(...path)
    .trim()
    .split('\n');

function expectValid(name: string, value: unknown): void {
  const ajv = new Ajv({ strict: false });
  expect(ajv.validate(schemas[name] ?? {}, value), ajv.errorsText()).toBe(true);
}

function writeRows(name: string, rows: readonly unknown[]): string {
  writeFileSync(join(cwd, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return name;
}

/** Two questions of one's own; the upstream is right on the first, the corrector copies. */
const rows = [
  { question: 'One?', answer: 'So. #### 1', group: 'easy' },
  { question: 'Two?', answer: '2', group: 'hard' },
];
const questions = writeRows('questions.jsonl', rows);
const upstream = `recorded:${writeRows('upstream.jsonl', rows.map(({ question }) => ({ question, answer: 'The answer is 1.' })))}#by-count`; // prettier-ignore
const passages = rows.flatMap(({ question }) => [
  { question, prefix: '', last: 'The answer is 1.', correction: 'The answer is 1.' },
  { question, prefix: 'The answer is 1.', last: '', correction: '' },
  { question, prefix: '', last: '', correction: 'The answer is 2.' },
  { question, prefix: 'The answer is 2.', last: '', correction: '' },
]);
const corrector = `recorded:${writeRows('corrector.jsonl', passages)}`;
const recorded = ['--upstream', upstream, '--questions', questions];

describe('rounds', () => {
  it('runs recordings of one’s own questions, judged by the final answer, by group', async () => {
    const argv = ['rounds', ...recorded, '--corrector', corrector, '--rounds', '2', '--out', 'rounds']; // prettier-ignore
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    const summary = JSON.parse(read('rounds', 'rounds.json')) as Record<string, unknown>;
    expectValid('rounds', summary);
    expect(summary).toMatchObject({
      correctors: [{ name: 'corrector', classic: { n: 2, accuracy: 0.5, score: { mean: null } } }],
    });
    const records = lines('rounds', 'records.jsonl').map((line) => JSON.parse(line) as unknown);
    records.forEach((record) => expectValid('rounds-record', record));
    expect(records).toMatchObject([
      { problem: 'question-1', group: 'easy', classic: { right: true } },
      { problem: 'question-2', group: 'hard', classic: { right: false } },
    ]);
    expect(stdout).toContain('corrector: 2 questions, upstream upstream');
    expect(stdout).toContain('rounds/rounds.html');
    const manifest = JSON.parse(read('rounds', 'manifest.json')) as { inputs: { name: string }[] };
    expect(manifest.inputs.map(({ name }) => name)).toEqual([
      ...['upstream', 'correctors 0', 'questions'],
    ]);
  });

  it('goes on where it stopped, and reads what was recorded before there were groups', async () => {
    const whole = read('rounds', 'rounds.json');
    const [first = ''] = lines('rounds', 'records.jsonl');
    const { group, ...record } = JSON.parse(first) as { group: string };
    expect(group).toBe('easy');
    const file = join(cwd, 'rounds', 'records.jsonl');
    writeFileSync(file, `${JSON.stringify({ ...record, unseenFamily: false })}\n`);
    const argv = ['rounds', ...recorded, '--corrector', corrector, '--rounds', '2', '--out', 'rounds']; // prettier-ignore
    const { code, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    expect(lines('rounds', 'records.jsonl')).toHaveLength(2);
    expect(read('rounds', 'rounds.json')).toBe(whole);
    writeFileSync(file, '{"corrector": 1}\n');
    const broken = await call(argv, { cwd });
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/records\.jsonl line 1 does not fit its shape: corrector is 1/);
  });
});

describe('a store', () => {
  it('hands the units of one run to another, in whichever folder', async () => {
    const argv = ['rounds', ...recorded, '--corrector', corrector, '--rounds', '1', '--store', 'kept']; // prettier-ignore
    expect((await call([...argv, '--out', 'first'], { cwd })).code).toBe(0);
    const [kept = ''] = readdirSync(join(cwd, 'kept'), {
      recursive: true,
      encoding: 'utf8',
    }).filter((name) => name.endsWith('.json'));
    const file = join(cwd, 'kept', kept);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"right":true', '"right":false'));
    expect((await call([...argv, '--out', 'second'], { cwd })).code).toBe(0);
    // Taken as it was, not made anew.
    const accuracyOf = (out: string): unknown =>
      (JSON.parse(read(out, 'rounds.json')) as { correctors: { classic: { accuracy: number } }[] })
        .correctors[0]?.classic.accuracy;
    expect([accuracyOf('first'), accuracyOf('second')]).toEqual([0.5, 0]);
  });
});

describe('compare', () => {
  const argv = [
    ...['compare', '--upstream', model, '--corrector', model, '--aligner', model, '--dpo', model],
    ...['--samples', '2', '--max-rounds', '1', '--limit', '2', '--timed', '1', '--threads', '1'],
  ];

  it('compares the systems whose models are named, goes on, and plot draws it again', async () => {
    const { code, stdout, stderr } = await call([...argv, '--out', 'compare'], { cwd });
    expect(code, stderr).toBe(0);
    const summary = JSON.parse(read('compare', 'compare.json')) as Record<string, unknown>;
    expectValid('compare', summary);
    expect(summary).toMatchObject({
      systems: [
        { name: 'upstream', kind: 'upstream', n: 2 },
        { name: 'stream-tiny', kind: 'stream', size: 'tiny' },
        { name: 'aligner-tiny', kind: 'aligner', size: 'tiny' },
        { name: 'dpo', kind: 'dpo' },
      ],
      bestOf: [{ samples: 1 }, { samples: 2 }],
    });
    const records = lines('compare', 'records.jsonl');
    records.forEach((line) => expectValid('compare-record', JSON.parse(line)));
    expect(stdout).toContain('best-of-2');
    // Answers again, from the middle of the batch; timings are others.
    truncateSync(join(cwd, 'compare', 'records.jsonl'), Buffer.byteLength(`${records[0] ?? ''}\n`));
    expect((await call([...argv, '--out', 'compare'], { cwd })).code).toBe(0);
    const answers = (all: readonly string[]) => all.filter((line) => !line.includes('"timing"'));
    expect(answers(lines('compare', 'records.jsonl'))).toEqual(answers(records));
    const drawn = await call(['plot', 'compare', '--out', 'drawn'], { cwd });
    expect(drawn.code, drawn.stderr).toBe(0);
    expect(read('drawn', 'compare.html')).toContain('Systems compared');
  });

  it('refuses companions that no corrector has', async () => {
    const two = await call([...argv, '--aligner', `${model},${model}`], { cwd });
    expect(two.code).toBe(2);
    expect(two.stderr).toMatch(/--aligner names 2 models \(expected at most 1/);
    const half = await call([...argv, '--expert', model], { cwd });
    expect(half.code).toBe(2);
    expect(half.stderr).toMatch(/needs --expert and --anti-expert alike \(got 1 and 0\)/);
  });
});

describe('evaluate', () => {
  it('answers questions of one’s own with recordings, without a judge of sentences', async () => {
    const quadruples = writeRows('none.jsonl', []);
    const argv = [
      ...['evaluate', ...recorded, '--corrector', corrector, '--systems', 'upstream,stream'],
      ...['--problems', quadruples, '--out', 'evaluate'],
    ];
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    const { systems } = JSON.parse(read('evaluate', 'evaluate.json')) as { systems: unknown };
    expect(systems).toMatchObject([
      { name: 'upstream', accuracy: 0.5, groups: [{ group: 'easy', accuracy: 1 }, { group: 'hard', accuracy: 0 }] },
      { name: 'stream-corrector', accuracy: 0.5, copyRate: 1 },
    ]); // prettier-ignore
    expect(stdout).toContain('2 questions of questions.jsonl, greedy');
    expect((await openQuestions(join(cwd, questions))).questions).toHaveLength(2);
  });

  it('says what questions there are where nothing has the name', async () => {
    const { code, stderr } = await call(['evaluate', '--questions', 'nowhere'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/nothing is called "nowhere" \(expected generated:train/);
  });
});
