/** Figures 3 and 4 by a judge: the rules, their numbers, and the whole command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  agreementOf,
  judgedDifference,
  judgedNet,
  judgedTrend,
} from '../../src/experiment/rounds/judgedEffects.js';
import type { JudgedRecord } from '../../src/experiment/shared/judging.js';
import { createRandom } from '../../src/math/random.js';
import { judgePaper, paperFindings } from '../../src/reproduce/paper/verdicts.js';
import { planParts } from '../../src/reproduce/plan.js';
import type { ReportSummary } from '../../src/reproduce/report/shape.js';
import { Results } from '../../src/reproduce/results.js';
import { roundsExample } from '../experiment/answerExamples.js';
import { call } from '../cli/harness.js';
import { temporaryFolder } from '../runtime/models.js';
import { fakeServer } from '../wire/fakeServer.js';

vi.setConfig({ testTimeout: 120_000 });
const folder = temporaryFolder();
afterAll(folder.remove);

const judge = 'j-helpful';
const judges = [
  { name: judge, criterion: 'helpful' },
  { name: 'j-harmless', criterion: 'harmless' },
];
const models = { upstream: 'u', sizes: [{ corrector: 'corrector-x-m' }], tuned: {} };

function record(
  i: number,
  rounds: number | null,
  preferred: JudgedRecord['preferred'],
  orders: JudgedRecord['orders'] = [preferred, preferred],
): JudgedRecord {
  const about = { judge, system: 'corrector-x-m', rounds, problem: `p${i}` };
  return { kind: 'judged', ...about, preferred, orders, characters: [10, 9] };
}

/** 40 questions: even at first, won after two rounds, of the last ones every second is lost. */
const records = Array.from({ length: 40 }, (_, i) => [
  record(i, 1, 'tie'),
  record(i, 2, 'first'),
  record(i, 4, 'first'),
  record(i, null, i % 2 === 0 ? 'first' : 'second'),
]).flat();

describe('what judges say of rounds, as effects', () => {
  const of = { records, judge, corrector: 'corrector-x-m', random: createRandom(0) };

  it('is wins minus losses, paired differences, and a rank correlation', () => {
    expect(judgedNet({ ...of, rounds: 2 })).toMatchObject({ n: 40, estimate: 1 });
    expect(judgedNet({ ...of, rounds: null })).toMatchObject({ n: 40, estimate: 0 });
    expect(judgedDifference({ ...of, from: null, to: 2 })).toMatchObject({ n: 40, estimate: 1 });
    // Ranks of 0, 1, 1 against 1, 2, 4: Spearman's with ties, √3 ÷ 2.
    expect(judgedTrend(of).estimate).toBeCloseTo(Math.sqrt(3) / 2, 6);
    expect(judgedNet({ ...of, judge: 'other', rounds: 2 })).toMatchObject({ n: 0, estimate: null });
  });

  it('leaves out what nobody said, and counts how often both orders agree', () => {
    const some = [record(0, null, 'first'), record(1, null, null, ['first', null])];
    expect(judgedNet({ ...of, records: some, rounds: null })).toMatchObject({ n: 1, estimate: 1 });
    expect(agreementOf(some, judge)).toBe(1);
    expect(agreementOf([...some, record(2, null, 'tie', ['first', 'second'])], judge)).toBe(0.5);
    expect(agreementOf(some, 'other')).toBeNull();
  });
});

describe('the rules by a judge', () => {
  const results = new Results();
  results.add('rounds', null, { summary: roundsExample, records });
  const found = judgePaper({ models, judges, results, seed: 0, solved: false, missing: new Map() });
  const of = (id: string) => found.find((finding) => finding.id === id);

  it('are there for each criterion and corrector, in place of what was not tested', () => {
    const ids = paperFindings(models, judges).map(({ rule }) => rule.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(['helpful-gain-corrector-x-m', 'helpful-rise-corrector-x-m', 'helpful-falls-corrector-x-m', 'harmless-gain-corrector-x-m', 'harmless-rise-corrector-x-m'])); // prettier-ignore
    expect(ids).not.toContain('harmless-falls-corrector-x-m');
    expect(ids.filter((id) => ['helpfulness', 'harmlessness', 'helpfulness-falls'].includes(id))).toEqual([]); // prettier-ignore
    expect(ids).toContain('summary');
    const one = paperFindings(models, [{ name: 'j-kind', criterion: 'kind' }]);
    const ownIds = one.map(({ rule }) => rule.id);
    expect(ownIds).toEqual(
      expect.arrayContaining(['kind-gain-corrector-x-m', 'helpfulness', 'harmlessness']),
    );
    const planned = new Set(planParts(models).map(({ name }) => name));
    for (const { parts } of one) for (const part of parts) expect(planned.has(part)).toBe(true);
  });

  it('have their verdicts, and without a word none', () => {
    expect(of('helpful-gain-corrector-x-m')).toMatchObject({
      verdict: 'undecided',
      estimate: 0,
      n: 40,
    });
    expect(of('helpful-falls-corrector-x-m')).toMatchObject({ verdict: 'holds', estimate: 100 });
    expect(of('helpful-rise-corrector-x-m')).toMatchObject({
      verdict: 'holds',
      unit: 'correlation',
    });
    expect(of('harmless-gain-corrector-x-m')?.verdict).toBe('untestable');
    const silent = records.map((one): JudgedRecord => ({ ...one, preferred: null, orders: [null, null] })); // prettier-ignore
    const other = new Results();
    other.add('rounds', null, { summary: roundsExample, records: silent });
    const judged = judgePaper({ models, judges, results: other, seed: 0, solved: false, missing: new Map() }); // prettier-ignore
    for (const id of ['helpful-gain', 'helpful-rise']) {
      const finding = judged.find((one) => one.id === `${id}-corrector-x-m`);
      expect(finding).toMatchObject({ verdict: 'untestable', note: 'The judge gave no verdict on any of 160 pairs.' }); // prettier-ignore
    }
    expect(of('helpful-gain-corrector-x-m')?.note).toBeNull();
  });

  it('say how little a judge is worth that sees the place', () => {
    const blind = records.map((one): JudgedRecord => ({ ...one, preferred: 'tie', orders: ['first', 'second'] })); // prettier-ignore
    const other = new Results();
    other.add('rounds', null, { summary: roundsExample, records: blind });
    const judged = judgePaper({ models, judges, results: other, seed: 0, solved: false, missing: new Map() }); // prettier-ignore
    expect(judged.find(({ id }) => id === 'helpful-gain-corrector-x-m')?.note).toMatch(
      /only 0 % of the pairs/,
    );
  });
});

/** Prefers the longer of two answers, wherever it stands. */
function longer(question: string): string | undefined {
  const [, a, b] = /\[Answer A\]\n([\s\S]*)\n\[End of answer A\][\s\S]*\[Answer B\]\n([\s\S]*)\n\[End of answer B\]/u.exec(question) ?? []; // prettier-ignore
  if (a === undefined || b === undefined) return undefined;
  return a.length === b.length ? '[[C]]' : a.length > b.length ? '[[A]]' : '[[B]]';
}

it('reproduce takes a judge: its verdicts are in the report, beside the length', async () => {
  await using server = await fakeServer({ reply: longer });
  const argv = ['reproduce', '--quick', '--limit', '2', '--only', 'rounds', '--threads', '1', '--judge', `${server.url}#fake`, '--criterion', 'helpful,harmless', '--out', 'run', '--json']; // prettier-ignore
  const { code, stdout, stderr } = await call(argv, { cwd: folder.path });
  expect(code, stderr).toBe(0);
  const { findings, judges: named } = JSON.parse(stdout) as ReportSummary;
  expect(named).toEqual([
    { name: 'fake-helpful', criterion: 'helpful' },
    { name: 'fake-harmless', criterion: 'harmless' },
  ]);
  const of = (id: string) => findings.find((finding) => finding.id === id);
  const gain = of('helpful-gain-corrector-arithmetic-m');
  expect(gain).toMatchObject({ section: 'rounds', n: 2, unit: 'points' });
  expect(findings.filter(({ id }) => /^(helpful|harmless)-/.test(id))).toHaveLength(5);
  const html = readFileSync(join(folder.path, 'run', 'report.html'), 'utf8');
  expect(html).toContain('by fake-harmless');
  const lines = readFileSync(join(folder.path, 'run', 'rounds', 'records.jsonl'), 'utf8').trim().split('\n'); // prettier-ignore
  const rounds = lines.flatMap((line) => {
    const { kind, rounds: k } = JSON.parse(line) as { kind?: string; rounds?: number | null };
    return kind === 'judged' ? [k] : [];
  });
  expect([...new Set(rounds)]).toEqual([1, 2, 4, 6, null]);
  // Wins and losses by length, from the records alone.
  const judged = lines.map((line) => JSON.parse(line) as JudgedRecord).filter(({ kind, judge: by, rounds: k }) => kind === 'judged' && by === 'fake-helpful' && k === null); // prettier-ignore
  const net = judged.reduce((sum, { characters: [a, b] }) => sum + Math.sign(a - b), 0);
  expect(gain?.estimate).toBeCloseTo((100 * net) / judged.length, 6);
  // Complete, it is not asked again.
  const before = server.asked.filter(({ messages }) => longer(messages?.[0]?.content ?? '') !== undefined).length; // prettier-ignore
  const again = await call(argv, { cwd: folder.path });
  expect(again.code, again.stderr).toBe(0);
  expect(server.asked.filter(({ messages }) => longer(messages?.[0]?.content ?? '') !== undefined)).toHaveLength(before); // prettier-ignore
  const other = await call(argv.with(argv.indexOf('helpful,harmless'), 'helpful'), { cwd: folder.path }); // prettier-ignore
  expect(other.stderr).toMatch(/holds another run/);
});
