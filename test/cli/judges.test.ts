/** `--judge` on the command line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openJudge } from '../../src/judge/open.js';
import { readSheet, writeSheet } from '../../src/judge/sheet.js';
import { fakeServer } from '../wire/fakeServer.js';
import { logitsOf, writeClassifier } from '../judge/classifierFixture.js';
import { call } from './harness.js';

const cwd = mkdtempSync(join(tmpdir(), 'judges-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const questions = ['One?', 'Two?', 'Three?', 'Four?'];
const jsonl = (rows: readonly object[]): string =>
  rows.map((row) => JSON.stringify(row)).join('\n');

/** The first sentence is rewritten for two questions, to a longer and to a shorter one. */
function prepare(): void {
  const first = { 'One?': 'Rather a long first step.', 'Two?': 'Short.' } as Record<string, string>;
  const answers = questions.map((question) => ({
    question,
    answer: 'Take some of them. Done.',
  }));
  writeFileSync(join(cwd, 'upstream.jsonl'), jsonl(answers));
  const rows = questions.flatMap((question) => {
    const begin = first[question] ?? 'Take some of them.';
    const place = { question, prefix: '', last: 'Take some of them.', correction: begin };
    const next = { question, prefix: `${begin} `, last: 'Done.', correction: 'Done.' };
    return [
      { question, prefix: '', last: '', correction: '' },
      ...[place, next, { question, prefix: `${begin} `, last: '', correction: '' }],
      { question, prefix: `${begin} Done.`, last: '', correction: '' },
    ];
  });
  writeFileSync(join(cwd, 'corrector.jsonl'), jsonl(rows));
  writeFileSync(join(cwd, 'questions.jsonl'), jsonl(questions.map((question) => ({ question, answer: '1' })))); // prettier-ignore
}

/** Prefers the longer of two answers, wherever it stands. */
function longer(question: string): string | undefined {
  const [, a, b] = /\[Answer A\]\n([\s\S]*)\n\[End of answer A\][\s\S]*\[Answer B\]\n([\s\S]*)\n\[End of answer B\]/u.exec(question) ?? []; // prettier-ignore
  if (a === undefined || b === undefined) return undefined;
  return a.length === b.length ? '[[C]]' : a.length > b.length ? '[[A]]' : '[[B]]';
}

interface Judged {
  judge: string;
  rounds: number | null;
  n: number;
  wins: number;
  ties: number;
  losses: number;
  identical: number;
  orderConsistency: { rate: number; n: number };
}

it('rounds holds answers against the upstream’s own, by every criterion, and asks nothing twice', async () => {
  prepare();
  await using server = await fakeServer({ reply: longer });
  const argv = ['rounds', '--upstream', 'recorded:upstream.jsonl#by-count', '--corrector', 'recorded:corrector.jsonl', '--questions', 'questions.jsonl', '--rounds', '1', '--judge', `${server.url}#fake`, '--criterion', 'helpful,harmless', '--out', 'run']; // prettier-ignore
  const { code, stderr, stdout } = await call(argv, { cwd });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/fake-helpful +corrector +to the end +4 +1\/2\/1/);
  const read = () =>
    JSON.parse(readFileSync(join(cwd, 'run', 'rounds.json'), 'utf8')) as { judged: Judged[] };
  const { judged } = read();
  expect(judged.map(({ judge, rounds }) => [judge, rounds])).toEqual([
    ...[['fake-helpful', 1], ['fake-helpful', null]], // prettier-ignore
    ...[['fake-harmless', 1], ['fake-harmless', null]], // prettier-ignore
  ]);
  for (const one of judged) {
    expect(one).toMatchObject({ n: 4, wins: 1, ties: 2, losses: 1, identical: 2 });
    expect(one.orderConsistency).toMatchObject({ rate: 1, n: 2 });
  }
  const lines = readFileSync(join(cwd, 'run', 'records.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const records = lines.map((line) => JSON.parse(line) as { kind?: string; orders?: string[] });
  expect(records.filter(({ kind }) => kind === 'judged')).toHaveLength(16);
  expect(records.some(({ orders }) => orders?.join() === 'second,second')).toBe(true);
  expect(readFileSync(join(cwd, 'run', 'rounds.html'), 'utf8')).toContain('by fake-harmless');
  // Cut off in the middle of judging, the same command ends with the same records.
  const asked = () => server.asked.filter((body) => longer(body.messages?.[0]?.content ?? ''));
  const before = asked().length;
  const whole = lines.join('\n');
  writeFileSync(join(cwd, 'run', 'records.jsonl'), `${lines.slice(0, 8).join('\n')}\n`);
  const again = await call(argv, { cwd });
  expect(again.code, again.stderr).toBe(0);
  expect(readFileSync(join(cwd, 'run', 'records.jsonl'), 'utf8').trim()).toBe(whole);
  expect(asked().length).toBe(before);
  expect(read().judged).toEqual(judged);
});

it('evaluate holds each system against the upstream, and warns of a judge that sees places', async () => {
  prepare();
  const first = (question: string) => (question.includes('[Answer A]') ? '[[A]]' : undefined);
  await using server = await fakeServer({ reply: first });
  const argv = ['evaluate', '--upstream', 'recorded:upstream.jsonl#by-count', '--corrector', 'recorded:corrector.jsonl', '--systems', 'upstream,stream', '--questions', 'questions.jsonl', '--problems', 'corrector.jsonl', '--limit', '4', '--judge', `${server.url}#fake`, '--out', 'evaluated', '--json']; // prettier-ignore
  const { code, stderr, stdout } = await call(argv, { cwd });
  expect(code, stderr).toBe(0);
  const { evaluate } = JSON.parse(stdout) as { evaluate: { judged: Judged[] } };
  expect(evaluate.judged).toMatchObject([
    { judge: 'fake-helpful', system: 'stream-corrector', n: 4, ties: 4, identical: 2 },
  ]);
  expect(stderr).toContain('says the same in both orders of only 0 % of 2 pairs');
  // Of a silent one it is said how it may speak.
  await using silent = await fakeServer({ reply: (question) => (first(question) ? 'Hm.' : undefined) }); // prettier-ignore
  const other = argv.with(argv.indexOf('--judge') + 1, `${silent.url}#fake`).with(argv.indexOf('evaluated'), 'silent'); // prettier-ignore
  expect((await call(other, { cwd })).stderr).toMatch(
    /no verdict on 2 of 4 pairs, .*\(--verdict begun\)/,
  );
});

it.each([
  [['--criterion', 'helpful'], '--criterion: nobody judges by it; give --judge'],
  [['--judge', 'nobody'], 'judge: nobody is no judge'],
])('refuses %o', async (more, message) => {
  prepare();
  const argv = ['rounds', '--upstream', 'recorded:upstream.jsonl#by-count', '--corrector', 'recorded:corrector.jsonl', '--questions', 'questions.jsonl', ...more]; // prettier-ignore
  const { code, stderr } = await call(argv, { cwd });
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

it('people rate blind: the table is written, filled in, and read when the command runs again', async () => {
  prepare();
  const argv = ['rounds', '--upstream', 'recorded:upstream.jsonl#by-count', '--corrector', 'recorded:corrector.jsonl', '--questions', 'questions.jsonl', '--rounds', '1', '--judge', 'human:table.csv', '--out', 'rated']; // prettier-ignore
  const first = await call(argv, { cwd });
  expect(first.code, first.stderr).toBe(0);
  const sheet = join(cwd, 'table.csv');
  const [head, ...rows] = readSheet(readFileSync(sheet, 'utf8'), sheet);
  expect(head).toEqual(['pair', 'question', 'answer_a', 'answer_b', 'better']);
  // After one round and at the end the answers are the same two pairs; equal answers are nobody's.
  expect(rows.map(([, question]) => question).sort()).toEqual(['One?', 'Two?']);
  expect(readFileSync(sheet, 'utf8')).not.toMatch(/corrector|upstream/);
  // Both raters like the longer answer; one of them says so of the other pair only.
  const filled = rows.map(([pair = '', question = '', a = '', b = '']) => {
    return [pair, question, a, b, a.length > b.length ? 'a' : ' B '];
  });
  const saved = [head ?? [], ...filled, ...filled].map((row) => row.map((cell) => `"${cell}"`).join(';')); // prettier-ignore
  writeFileSync(sheet, saved.join('\n'));
  const second = await call(argv, { cwd });
  expect(second.code, second.stderr).toBe(0);
  const { judged } = JSON.parse(readFileSync(join(cwd, 'rated', 'rounds.json'), 'utf8')) as { judged: Judged[] }; // prettier-ignore
  expect(judged).toHaveLength(2);
  for (const one of judged) {
    expect(one).toMatchObject({ judge: 'human-table', n: 4, wins: 1, ties: 2, losses: 1 });
  }
  writeFileSync(sheet, saved.join('\n').replace('" B "', '"both"'));
  const wrong = await call([...argv.slice(0, -1), 'other'], { cwd });
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/table\.csv, row \d: better is none .*got "both"/);
  // Further pairs are added; what raters wrote stays, their own columns too.
  writeFileSync(sheet, saved.map((line, i) => `${line};"${i === 0 ? 'rater' : `r${i}`}"`).join('\n')); // prettier-ignore
  const further = await openJudge('human:table.csv', { folder: cwd });
  const question = { id: 'tea', question: 'Tea?' };
  expect(further.waiting?.([{ question, first: 'Yes.', second: 'No.' }])).toEqual([true]);
  await further.close();
  const grown = readSheet(readFileSync(sheet, 'utf8'), sheet);
  expect(grown.map((row) => row[5])).toEqual(['rater', 'r1', 'r2', 'r3', 'r4', '']);
  expect(grown.at(-1)?.[1]).toBe('Tea?');
  expect(grown.slice(1).map((row) => row[4])).toEqual([...filled, ...filled].map((row) => row[4]).concat('')); // prettier-ignore
});

it('a classifier judges, and scores, by the sign that stands its trial', async () => {
  prepare();
  const { folder, head } = writeClassifier(cwd, 'angry', 2, {
    id2label: { 0: 'calm', 1: 'angry' },
  });
  const angry = (text: string) => {
    const [calm = 0, angry = 0] = logitsOf(folder, head, text);
    return angry - calm;
  };
  const kind = 'Thank you for asking. I am happy to help you with that.';
  const insult = 'You are a stupid idiot, I hate you, and I hope that you get hurt.';
  const better = angry(kind) > angry(insult) ? 'higher' : 'lower';
  const name = `classifier:${folder}#angry=${better}`;
  const argv = ['rounds', '--upstream', 'recorded:upstream.jsonl#by-count', '--corrector', 'recorded:corrector.jsonl', '--questions', 'questions.jsonl', '--rounds', '1', '--judge', name, '--scorer', name, '--out', 'classified']; // prettier-ignore
  const { code, stderr } = await call(argv, { cwd });
  expect(code, stderr).toBe(0);
  interface Scored { judged: Judged[]; correctors: { classic: { scores: { name: string; mean: number; n: number }[] } }[] } // prettier-ignore
  const { judged, correctors } = JSON.parse(readFileSync(join(cwd, 'classified', 'rounds.json'), 'utf8')) as Scored; // prettier-ignore
  const [own, longer, shorter] = ['Take some of them. Done.', 'Rather a long first step. Done.', 'Short. Done.'].map(angry); // prettier-ignore
  const sign = better === 'higher' ? 1 : -1;
  const wins = [longer, shorter].filter((other = NaN) => sign * (other - (own ?? NaN)) > 0).length;
  expect(judged.at(-1)).toMatchObject({
    judge: 'angry-angry',
    n: 4,
    wins,
    ties: 2,
    losses: 2 - wins,
  });
  const chance = (logit = NaN) => 1 / (1 + Math.exp(-logit));
  const [score] = correctors[0]?.classic.scores ?? [];
  expect(score).toMatchObject({ name: 'angry-angry', n: 4 });
  expect(score?.mean).toBeCloseTo((2 * chance(own) + chance(longer) + chance(shorter)) / 4, 5);
  const manifest = JSON.parse(readFileSync(join(cwd, 'classified', 'manifest.json'), 'utf8')) as { inputs: { name: string }[] }; // prettier-ignore
  expect(manifest.inputs.map((input) => input.name)).toEqual(expect.arrayContaining(['judge 0', 'scorer 0'])); // prettier-ignore
  for (const [more, said] of [
    [['--criterion', 'helpful'], '--criterion: a classifier judges by its label'],
    [['--judge-tokens', '8'], '--judge-tokens: a classifier judges by its label'],
  ] as const) {
    const refused = await call([...argv, ...more], { cwd });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(said)]);
  }
});

it('names and ids with markup and controls stay text, in pages and on the terminal', async () => {
  prepare();
  const model = '<img src=x onerror=alert(1)>\x1b]8;;http://x\x07';
  const id = '</script><b>\x1b[2J';
  writeFileSync(join(cwd, 'marked.jsonl'), jsonl(questions.map((question, i) => ({ id: `${id}${i}`, question })))); // prettier-ignore
  await using server = await fakeServer({ reply: longer, models: [model] });
  const argv = ['rounds', '--upstream', 'recorded:upstream.jsonl#by-count', '--corrector', 'recorded:corrector.jsonl', '--questions', 'marked.jsonl', '--rounds', '1', '--judge', server.url, '--out', 'marked']; // prettier-ignore
  const { code, stdout, stderr } = await call(argv, { cwd });
  expect(code, stderr).toBe(0);
  const { judged } = JSON.parse(readFileSync(join(cwd, 'marked', 'rounds.json'), 'utf8')) as { judged: Judged[] }; // prettier-ignore
  expect(judged.at(-1)).toMatchObject({ judge: `${model}-helpful`, wins: 1 });
  const html = readFileSync(join(cwd, 'marked', 'rounds.html'), 'utf8');
  expect(html).not.toContain('<img src=x');
  expect(html).not.toContain('</script><b>');
  expect(stdout + stderr).not.toContain('\x1b');
});

it('tables keep quotes, commas and line ends, and hold no formula', () => {
  const cells = ['a "quoted", cell', 'two\r\nlines', '', '; \t', '=HYPERLINK("x")'];
  const text = writeSheet([['pair', 'x', 'y', 'z', 'u'], cells]);
  const [, read] = readSheet(text, 'table.csv');
  expect(read).toEqual([...cells.slice(0, 4), `'${cells[4]}`]);
  expect(readSheet('pair;better\n1;\n2;A', 't')).toEqual([['pair', 'better'], ['1', ''], ['2', 'A']]); // prettier-ignore
  expect(readSheet('pair,better\n1,', 't')).toEqual([['pair', 'better'], ['1', '']]); // prettier-ignore
  expect(() => readSheet('pair,"better', 't.csv')).toThrow('t.csv: a quoted cell does not end');
});

it('questions need no right answer where a judge is named, and do where none is', async () => {
  prepare();
  writeFileSync(join(cwd, 'open.jsonl'), jsonl(questions.map((question) => ({ question, chosen: 'a', rejected: 'b' })))); // prettier-ignore
  await using server = await fakeServer({ reply: longer });
  const argv = ['rounds', '--upstream', 'recorded:upstream.jsonl#by-count', '--corrector', 'recorded:corrector.jsonl', '--questions', 'open.jsonl', '--rounds', '1', '--out', 'open']; // prettier-ignore
  const { stderr: refused } = await call(argv, { cwd });
  expect(refused).toContain('no question has a final answer');
  const { code, stderr } = await call([...argv, '--judge', `${server.url}#fake`], { cwd });
  expect(code, stderr).toBe(0);
  const { correctors, judged } = JSON.parse(readFileSync(join(cwd, 'open', 'rounds.json'), 'utf8')) as { correctors: unknown[]; judged: Judged[] }; // prettier-ignore
  expect(correctors).toMatchObject([{ classic: { n: 0, accuracy: null } }]);
  expect(judged.at(-1)).toMatchObject({ rounds: null, n: 4, wins: 1, ties: 2, losses: 1 });
});
