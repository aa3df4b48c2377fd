/**
 * Files of the official data sets and questions of one's own, in the commands that read them: JSON
 * arrays with the official keys alone, of questions that the generator does not know.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { stimuliFiles } from '../../src/data/artifacts.js';
import { readJsonl } from '../../src/data/jsonl.js';
import { problemById } from '../../src/data/problems.js';
import type { Quadruple } from '../../src/data/types.js';
import { questionData } from '../../src/reproduce/data.js';
import { z } from 'zod';
import { temporaryFolder } from '../runtime/models.js';
import { call } from './harness.js';

// Embedded models, possibly on a busy machine.
vi.setConfig({ testTimeout: 240_000 });
const folder = temporaryFolder();
const cwd = folder.path;
afterAll(folder.remove);

const corrector = 'corrector-arithmetic-s';
const text = z.string();
const row = z.object({ problem: text, question: text, prefix: text, last: text, correction: text });

/** Sentences of the embedded upstream with the four official keys alone. */
function official(file: string, from: number, to: number): Quadruple[] {
  return readJsonl(file, row)
    .slice(from, to)
    .map(({ question, prefix, last, correction }) => ({
      // No generated problem has this question.
      ...{ question: `Please: ${question}`, prefix, last, correction },
    }));
}

function write(name: string, rows: readonly unknown[]): string {
  writeFileSync(join(cwd, name), `\uFEFF${JSON.stringify(rows, null, 1)}`);
  return name;
}

const stimuli = write('stimuli.json', official(stimuliFiles.validation, 0, 60));
const validation = write('validation.json', official(stimuliFiles.validation, 60, 63));
const problems = write('problems.json', official(stimuliFiles.test, 0, 2));
const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(cwd, ...path), 'utf8'));
const small = ['--corrector', corrector, '--stimuli', stimuli];

/** Whole answers with their corrections: the answer is wrong in three of eight. */
const triples = Array.from({ length: 8 }, (_, i) => {
  const { question, answer } = problemById(`test-0-${i}`);
  const written = i % 3 === 1 ? Number(answer) + 1 : Number(answer);
  return {
    question: `Please: ${question}`,
    answer: `I think so. The answer is ${written}.`,
    correction: `It is so. The answer is ${answer}.`,
  };
});
const aligner = write('aligner.json', triples);

describe('official files', () => {
  it('are read by a scan', async () => {
    const argv = ['lat-scan', ...small, '--out', 'scan', '--limit', '60', '--tokens', '4'];
    const { code, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    const records = readFileSync(join(cwd, 'scan', 'records.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const first = JSON.parse(records[0] ?? '{}') as Record<string, unknown>;
    expect(first).toMatchObject({ quality: 'unjudged', fault: null });
    expect(first.problem).toMatch(/^question-[0-9a-f]{12}$/);
  });

  it('are swept in the loop and as recorded, and tested layer by layer', async () => {
    const common = [...small, '--direction', 'scan/directions.safetensors', '--layers', '4'];
    const files = ['--problems', problems, '--validation', validation];
    const grid = ['--coefficient', '-1,0,1', '--controls', '0', '--scale', '0.5'];
    for (const mode of ['loop', 'fixed']) {
      const argv = ['sweep', ...common, ...files, ...grid, '--mode', mode, '--out', mode];
      const { code, stderr } = await call(argv, { cwd });
      expect(code, stderr).toBe(0);
      const { points } = read(mode, 'sweep.json') as { points: { n: number; accuracy: unknown }[] };
      expect(points.map(({ n }) => n)).toEqual([2, 2, 2]);
      // The corrections of single sentences do not say the answer.
      expect(points.every(({ accuracy }) => accuracy === null)).toBe(true);
    }
    const argv = ['sweep', ...common, '--problems', aligner, '--validation', validation, ...grid];
    const whole = await call([...argv, '--limit', '1', '--out', 'whole'], { cwd });
    expect(whole.code, whole.stderr).toBe(0);
    const { points } = read('whole', 'sweep.json') as { points: { accuracy: number | null }[] };
    expect(points.every(({ accuracy }) => accuracy !== null)).toBe(true);
  });

  it('are answered, and judged by their corrections', async () => {
    const argv = ['evaluate', '--upstream', `recorded:${aligner}`, '--corrector', corrector];
    const questions = ['--questions', aligner, '--systems', 'upstream', '--problems', problems];
    const { code, stderr } = await call([...argv, ...questions, '--out', 'evaluate'], { cwd });
    expect(code, stderr).toBe(0);
    const { systems } = read('evaluate', 'evaluate.json') as { systems: unknown[] };
    expect(systems).toMatchObject([{ name: 'upstream', n: 8, accuracy: 5 / 8 }]);
    const rates = read('evaluate', 'corrector.json') as Record<string, { n: number }>;
    // Nobody has judged these sentences, so that no rate is given.
    expect(rates).toMatchObject({ n: 2, badFixed: { n: 0, rate: null }, goodBroken: { n: 0 } });
  });

  it('are the questions of a reproduction', async () => {
    const { questions, scorer } = await questionData({ source: join(cwd, aligner), read: 0 });
    const items = questions.test.map((question, i) => ({ question, answer: triples[i]?.answer ?? '' })); // prettier-ignore
    expect((await scorer.score(items)).filter((right) => right === true)).toHaveLength(5);
  });
});

describe('before any model is loaded', () => {
  const bad = write('bad.json', [...official(stimuliFiles.test, 0, 2), { question: 'Why?', last: 'So.' }]); // prettier-ignore
  const wrong = /bad\.json:\d+, item 2: "prefix" must be a string/;
  const calls: [string, string[], RegExp][] = [
    ['lat-scan', ['--stimuli', bad], wrong],
    ['extract', ['--stimuli', bad], wrong],
    ['sweep', ['--problems', bad], wrong],
    ['sweep', ['--validation', bad], wrong],
    ['sweep', ['--stimuli', bad], wrong],
    ['causal', ['--problems', bad], wrong],
    ['causal', ['--validation', bad], wrong],
    ['lens', ['--problems', bad], wrong],
    ['evaluate', ['--problems', bad], wrong],
    ['evaluate', ['--questions', bad], wrong],
    ['compare', ['--questions', bad], wrong],
    ['rounds', ['--questions', bad], wrong],
    ['align', ['Why?', '--coefficient', '1', '--stimuli', bad], wrong],
    ['sweep', ['--mode', 'fixed', '--problems', write('alone.json', [{ question: 'Why?' }])], /has no recorded round/], // prettier-ignore
    ['sweep', ['--validation', 'alone.json'], /no validation problem has one; give recorded/],
  ];
  it.each(calls)('%s %j names file and line', async (command, options, message) => {
    const model = ['evaluate', 'compare', 'rounds', 'align'].includes(command)
      ? ['--upstream', 'no-such-model']
      : ['--corrector', 'no-such-model'];
    const { code, stdout, stderr } = await call([command, ...options, ...model], { cwd });
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([1, '']);
  });

  it.each(['stimuli', 'problems', 'dataset'])('reproduce --%s', async (option) => {
    const argv = ['reproduce', '--upstream', 'no-such-model', `--${option}`, bad];
    expect((await call(argv, { cwd })).stderr).toMatch(wrong);
  });
});
