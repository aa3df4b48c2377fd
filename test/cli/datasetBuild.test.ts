/** `dataset build`: any upstream, and an annotator behind a server. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { annotationPrompt } from '../../src/align/served/annotation.js';
import { openAnnotator } from '../../src/align/served/annotator.js';
import { fakeServer } from '../wire/fakeServer.js';
import { call } from './harness.js';

const cwd = mkdtempSync(join(tmpdir(), 'build-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, rows: readonly object[]): string => {
  writeFileSync(join(cwd, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return name;
};
const question = 'How many?';
const data = write('questions.jsonl', [{ id: 'q1', question, answer: '3' }]);
const recorded = write('upstream.jsonl', [
  { question, prefix: '', last: 'We count.' },
  { question, prefix: 'We count.', last: 'There are four.' },
  { question, prefix: 'We count. There are three.', last: 'That is many.' },
]);
/** The annotator's words by passage. */
function words(second: string): Record<string, string> {
  const say = (prefix: string, last: string, word: object): [string, string] => [
    annotationPrompt({ question, prefix, last }),
    `\`\`\`json\n${JSON.stringify(word)}\n\`\`\``,
  ];
  return Object.fromEntries([
    say('', 'We count.', { quality: 'good', revision: 'We count.', end: false }),
    say('We count.', 'There are four.', { quality: second, revision: 'There are three.', end: true }), // prettier-ignore
    say('We count. There are three.', 'That is many.', { quality: 'bad', revision: '', end: true }),
  ]);
}

it('writes official quadruples behind corrected prefixes, ended by the annotator’s flag', async () => {
  await using first = await fakeServer({ answers: words('bad'), unknown: ['response_format'] });
  await using other = await fakeServer({ answers: words('neutral') });
  const argv = ['dataset', 'build', '--data', data, '--upstream', `recorded:${recorded}`, '--annotator', `${first.url}#fake`, '--second', `${other.url}#fake`, '--out', 'rows.jsonl']; // prettier-ignore
  const { code, stdout, stderr } = await call(argv, { cwd });
  expect(code, stderr).toBe(0);
  const rows = readFileSync(join(cwd, 'rows.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as object); // prettier-ignore
  expect(rows).toMatchObject([
    { question, prefix: '', last: 'We count.', correction: 'We count.', quality: 'good' },
    { prefix: 'We count.', last: ' There are four.', correction: ' There are three.', quality: 'bad', second: { quality: 'neutral', correction: 'There are three.' } }, // prettier-ignore
    { prefix: 'We count. There are three.', last: ' That is many.', correction: '' },
  ]);
  expect(stdout).toMatch(/3 rows in rows.jsonl, of 1 questions: 1 good, 0 neutral, 2 bad; 1 say/);
  expect(stdout).toMatch(/agree on quality in 67 % of 3 sentences/);
  expect(existsSync(join(cwd, 'rows.jsonl.units'))).toBe(false);
  // Asked again, nothing is paid for again: the probes alone.
  const asked = first.asked.length;
  await call([...argv.slice(0, -1), 'again.jsonl'], { cwd });
  expect(readFileSync(join(cwd, 'again.jsonl'), 'utf8')).toBe(readFileSync(join(cwd, 'rows.jsonl'), 'utf8')); // prettier-ignore
  expect(first.asked.length - asked).toBeLessThanOrEqual(2);
});

it('says what it lacks', async () => {
  const lacking = async (...more: string[]): Promise<string> =>
    (await call(['dataset', 'build', ...more], { cwd })).stderr;
  expect(await lacking()).toContain('build needs --data');
  expect(await lacking('--data', data)).toContain('build needs --annotator');
  expect(await lacking('--data', data, '--annotator', 'http://127.0.0.1:9#m')).toContain('build needs --out'); // prettier-ignore
});

it('does without a schema for all that were asked at once where the server takes none', async () => {
  const passages = ['One.', 'Two.', 'Three.'].map((last) => ({ question, prefix: '', last }));
  const word = (last: string) => ({ quality: 'good', revision: last, end: false });
  const answers = Object.fromEntries(
    passages.map((passage) => [annotationPrompt(passage), JSON.stringify(word(passage.last))]),
  );
  await using server = await fakeServer({ answers, unknown: ['response_format'] });
  await using annotator = await openAnnotator(`${server.url}#fake`, { env: {} });
  expect(await annotator.annotate(passages)).toEqual(passages.map(({ last }) => word(last)));
});
