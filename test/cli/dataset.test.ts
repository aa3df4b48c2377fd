/** `dataset` on files and streams. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isRight } from '../../src/data/solver.js';
import { problemById } from '../../src/data/problems.js';
import { temporaryFolder } from '../runtime/models.js';
import { call } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
afterAll(folder.remove);

const rows = (text: string): Record<string, string>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);

describe('dataset', () => {
  it('writes the same rows for the same seed, in the official keys', async () => {
    const argv = ['dataset', 'written', '--count', '20', '--split', 'validation', '--seed', '3'];
    const first = await call(argv, { cwd });
    expect(first.code).toBe(0);
    expect(await call(argv, { cwd })).toEqual(first);
    expect(rows(first.stdout)).toHaveLength(20);
    expect(Object.keys(rows(first.stdout)[0] ?? {})).toEqual(
      expect.arrayContaining(['question', 'prefix', 'last', 'correction']),
    );
  });

  it('goes on where --from says', async () => {
    const all = await call(['dataset', 'problems', '--count', '6'], { cwd });
    const rest = await call(['dataset', 'problems', '--count', '4', '--from', '2'], { cwd });
    expect(rows(rest.stdout)).toEqual(rows(all.stdout).slice(2));
  });

  it('annotates samples as it annotates its own', async () => {
    const made = await call(['dataset', 'written', '--count', '30'], { cwd });
    writeFileSync(join(cwd, 'samples.jsonl'), made.stdout);
    const again = await call(['dataset', 'annotate', '--samples', 'samples.jsonl'], { cwd });
    expect(rows(again.stdout)).toEqual(rows(made.stdout));
  });

  it('corrects whole answers to right ones', async () => {
    const made = await call(['dataset', 'corpus', '--count', '10', '--split', 'test'], { cwd });
    writeFileSync(join(cwd, 'answers.jsonl'), made.stdout);
    const argv = ['dataset', 'triples', '--answers', 'answers.jsonl', '--out', 'out/triples.jsonl'];
    const { code, stdout } = await call(argv, { cwd });
    expect(code).toBe(0);
    expect(stdout).toBe('10 rows in out/triples.jsonl\n');
    for (const { problem = '', correction = '' } of rows(
      readFileSync(join(cwd, 'out/triples.jsonl'), 'utf8'),
    )) {
      expect(isRight(problemById(problem), correction)).toBe(true);
    }
  });

  it('takes the prefix of an answer as its beginning, and gives the corrections alone', async () => {
    const made = await call(['dataset', 'corpus', '--count', '40'], { cwd });
    writeFileSync(join(cwd, 'begun.jsonl'), made.stdout);
    const given = rows(made.stdout);
    expect(given.some(({ prefix }) => prefix !== '')).toBe(true);
    const of = async (kind: string): Promise<Record<string, string>[]> =>
      rows((await call(['dataset', kind, '--answers', 'begun.jsonl'], { cwd })).stdout);
    const triples = await of('triples');
    triples.forEach(({ answer }, i) => {
      expect(answer).toBe(`${given[i]?.['prefix']} ${given[i]?.['answer']}`.trim());
    });
    const direct = await of('direct');
    expect(direct.map(({ answer }) => answer)).toEqual(triples.map((row) => row['correction']));
    expect(direct.every(({ prefix }) => prefix === '')).toBe(true);
  });

  it('names file and line of a bad row', async () => {
    writeFileSync(
      join(cwd, 'bad.jsonl'),
      '{"problem":"test-0-0","question":"q","prefix":"","last":"x"}\n{"problem"\n',
    );
    const { code, stderr } = await call(['dataset', 'annotate', '--samples', 'bad.jsonl'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/bad\.jsonl:2: not a line of JSON/);
  });

  it('prints nothing but the summary under --json', async () => {
    const argv = ['dataset', 'problems', '--count', '2', '--out', 'p.jsonl', '--json'];
    const { stdout } = await call(argv, { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'problems', rows: 2 });
    expect((await call(['dataset', 'problems', '--json'], { cwd })).code).toBe(2);
  });

  it('shows progress on a terminal only, and leaves a clean line', async () => {
    const argv = ['dataset', 'problems', '--count', '2', '--out', 'p.jsonl'];
    expect((await call(argv, { cwd })).stderr).toBe('');
    const { stderr } = await call(argv, { cwd, isTTY: true });
    expect(stderr).toContain('dataset problems 2/2');
    expect(stderr.endsWith('\r\u001b[K')).toBe(true);
  });

  it('stops at Ctrl-C with 130, and the file stays as it was', async () => {
    const argv = ['dataset', 'problems', '--count', '1000', '--out', 'i.jsonl'];
    const interrupted = { cwd, signal: AbortSignal.abort(new Error('interrupted')) };
    const { code, stderr } = await call(argv, interrupted);
    expect(code).toBe(130);
    expect(stderr).toMatch(/^aligner-lab: interrupted; /);
    expect(existsSync(join(cwd, 'i.jsonl'))).toBe(false);
    writeFileSync(join(cwd, 'i.jsonl'), 'rows of before\n');
    expect((await call(argv, interrupted)).code).toBe(130);
    expect(readFileSync(join(cwd, 'i.jsonl'), 'utf8')).toBe('rows of before\n');
    expect(readdirSync(cwd).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
