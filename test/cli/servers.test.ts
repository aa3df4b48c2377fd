/** Servers on the command line. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { answerTo, fakeServer } from '../wire/fakeServer.js';
import { call } from './harness.js';

const cwd = mkdtempSync(join(tmpdir(), 'servers-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** A corrector that copies what the fake server writes to these questions. */
function recordCopies(questions: readonly string[]): string {
  const rows = questions.flatMap((question) => {
    const pieces = answerTo(question).match(/[^.!?\n]+[.!?]*\s*/gu) ?? [];
    let prefix = '';
    const nothing = () => ({ question, prefix, last: '', correction: '' });
    const own = pieces.flatMap((last) => {
      const rows = [nothing(), { question, prefix, last, correction: last }];
      prefix += last;
      return rows;
    });
    return [...own, nothing()]; // prettier-ignore
  });
  writeFileSync(join(cwd, 'copies.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  return 'recorded:copies.jsonl';
}

it('align corrects what a server writes, and says what it cost', async () => {
  await using server = await fakeServer({ trailing: 'continue' });
  const corrector = recordCopies(['How many?']);
  const argv = ['align', 'How many?', '--upstream', `${server.url}#fake`, '--corrector', corrector];
  const { code, stdout, stderr } = await call([...argv, '--price', '1/2', '--json'], { cwd });
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ text: answerTo('How many?') });
  const shown = await call([...argv, '--price', '1/2'], { cwd });
  expect(shown.stdout).toMatch(/servers +\d+ requests, 1 answers paid for before.*cost 0\.\d+/);
});

it('rounds keeps what was asked beside its records, and no key anywhere', async () => {
  const key = 'sk-very-secret';
  await using server = await fakeServer({ trailing: 'continue', key });
  const questions = ['One?', 'Two?', 'Three?'];
  writeFileSync(join(cwd, 'questions.jsonl'), questions.map((question, i) => JSON.stringify({ question, answer: `#### ${i}` })).join('\n')); // prettier-ignore
  const variable = `ALIGNER_LAB_KEY_${new URL(server.url).host.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`; // prettier-ignore
  const argv = ['rounds', '--upstream', `${server.url}#fake`, '--correctors', recordCopies(questions), '--questions', 'questions.jsonl', '--rounds', '1', '--out', 'run']; // prettier-ignore
  const refused = await call(argv, { cwd });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`wants a key; put it into ${variable}`)]); // prettier-ignore
  const { code, stderr } = await call(argv, { cwd, env: { [variable]: key } });
  expect(code, stderr).toBe(0);
  const { requests } = JSON.parse(readFileSync(join(cwd, 'run', 'requests.jsonl'), 'utf8')) as { requests: number }; // prettier-ignore
  expect(requests).toBeGreaterThan(3);
  const files = readdirSync(cwd, { recursive: true, encoding: 'utf8' }).map((name) => join(cwd, name)); // prettier-ignore
  for (const file of files.filter((name) => /\.\w+$/.test(name))) {
    expect(readFileSync(file, 'utf8'), file).not.toContain(key);
  }
  expect(existsSync(join(cwd, 'runs', 'paid'))).toBe(true);
});

it('each role has its own length, and the upstream alone is sampled', async () => {
  const reply = (question: string) => (question.includes('[Answer A]') ? '[[C]]' : undefined);
  await using server = await fakeServer({ trailing: 'continue', reply });
  writeFileSync(join(cwd, 'one.jsonl'), JSON.stringify({ question: 'Why?', answer: '#### 1' }));
  const name = `${server.url}#fake`;
  const argv = ['rounds', '--upstream', name, '--corrector', name, '--questions', 'one.jsonl', '--rounds', '1', '--max-rounds', '1', '--judge', name, '--paid', 'roles', '--out', 'roles-run']; // prettier-ignore
  const askedBy = () => {
    const of = (test: RegExp) => server.asked.filter(({ messages }) => test.test(messages?.[0]?.content ?? '')); // prettier-ignore
    const first = (test: RegExp) => {
      const { max_tokens, temperature, top_p, seed } = of(test).at(-1) ?? {};
      return { max_tokens, temperature, top_p, seed };
    };
    return {
      upstream: first(/^Why\?$/),
      corrector: first(/^##Question/),
      judge: first(/\[Answer A\]/),
    };
  };
  const greedy = { temperature: 0, top_p: undefined, seed: undefined };
  expect((await call(argv, { cwd })).code).toBe(0);
  expect(askedBy()).toEqual({
    upstream: { max_tokens: 512, ...greedy },
    corrector: { max_tokens: 128, ...greedy },
    judge: { max_tokens: 256, ...greedy },
  });
  const more = ['--answer-tokens', '64', '--correction-tokens', '32', '--judge-tokens', '300', '--temperature', '0.7', '--top-p', '0.9', '--seed', '5']; // prettier-ignore
  expect((await call([...argv.slice(0, -1), 'other', ...more], { cwd })).code).toBe(0);
  expect(askedBy()).toEqual({
    upstream: { max_tokens: 64, temperature: 0.7, top_p: 0.9, seed: 5 },
    corrector: { max_tokens: 32, ...greedy },
    judge: { max_tokens: 300, ...greedy },
  });
});

it('best of n behind a server votes on samples, each with a seed of its own', async () => {
  await using server = await fakeServer({ trailing: 'continue' });
  writeFileSync(join(cwd, 'vote.jsonl'), JSON.stringify({ question: 'Why?', answer: '#### 1' }));
  const argv = ['compare', '--upstream', `${server.url}#fake`, '--corrector', recordCopies(['Why?']), '--questions', 'vote.jsonl', '--samples', '2', '--timed', '0', '--seed', '3', '--paid', 'votes', '--out', 'voted']; // prettier-ignore
  const { code, stderr } = await call(argv, { cwd });
  expect(code, stderr).toBe(0);
  const own = server.asked.filter(({ messages }) => messages?.length === 1 && messages[0]?.content === 'Why?'); // prettier-ignore
  const drawn = own.map(({ temperature, top_p, seed }) => [temperature, top_p, seed]);
  expect(drawn).toEqual(expect.arrayContaining([[0, undefined, undefined], [0.7, 0.95, 3], [0.7, 0.95, 4]])); // prettier-ignore
  // What was paid for is there at once, and says nothing of times.
  const again = await call(argv.with(-1, 'voted again').with(argv.indexOf('--timed') + 1, '1'), { cwd }); // prettier-ignore
  expect(again.stderr).toMatch(/warning: times: \d+ answers of servers had been paid for before/);
});

it.each([
  [['--temperature', '-1'], '--temperature: expected 0 (the likeliest token) or more, got -1'],
  [['--temperature', '1', '--top-p', '0'], '--top-p: expected a share above 0'],
  [['--top-p', '0.9'], '--top-p: nothing is drawn at temperature 0'],
  [['--budget', 'requests=many'], '--budget: requests=many is no budget'],
  [['--price', '3'], '--price: 3 is no price'],
  [['--budget', 'cost=3'], 'a cost needs a price'],
])('refuses %o', async (more, message) => {
  const argv = ['align', 'q', '--upstream', 'http://127.0.0.1:9/v1#m', ...more];
  const { code, stderr } = await call(argv, { cwd });
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
