/** Commands whose units two participants share: the run folder is that of one machine. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { experiments } from '../../src/experiment/registry.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeQuadruples, writeStimuliFile, type CallResult } from './harness.js';

// Whole commands, possibly on a busy machine.
vi.setConfig({ testTimeout: 180_000 });
const folder = temporaryFolder();
const cwd = folder.path;
afterAll(folder.remove);
const problems = writeQuadruples(cwd, 'test', 40);
const validation = writeQuadruples(cwd, 'validation', 12);

/** Questions with an upstream and a corrector that are recordings: two batches of them. */
const rows = Array.from({ length: 40 }, (_, i) => ({
  question: `Number ${i}?`,
  answer: `${i % 3}`,
}));
const passages = rows.flatMap(({ question }) => [
  { question, prefix: '', last: 'The answer is 1.', correction: 'The answer is 2.' },
  { question, prefix: 'The answer is 2.', last: '', correction: '' },
  { question, prefix: '', last: '', correction: 'The answer is 0.' },
  { question, prefix: 'The answer is 0.', last: '', correction: '' },
]);
const writeRows = (name: string, lines: readonly unknown[]): string => {
  writeFileSync(join(cwd, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return name;
};
const answered = rows.map(({ question }) => ({ question, answer: 'The answer is 1.' }));
const recorded = [
  ...['--questions', writeRows('questions.jsonl', rows)],
  ...['--upstream', `recorded:${writeRows('upstream.jsonl', answered)}#by-count`],
  ...['--corrector', `recorded:${writeRows('corrector.jsonl', passages)}`],
];
const local = ['--corrector', 'corrector-arithmetic-s', '--threads', '1'];
const quadruples = passages
  .slice(0, 140)
  .map((row, i) => ({ ...row, problem: `own-${i}`, quality: 'good', fault: null }));
const read = ['--stimuli', writeStimuliFile(cwd, 24), '--problems', problems, '--validation', validation]; // prettier-ignore

/** Every experiment, small, and yet with several units. */
const lines: Record<string, readonly string[]> = {
  'lat-scan': [...local, '--limit', '48', '--tokens', '2', '--keep-labelling'],
  extract: [...local, '--limit', '48', '--keep-labelling'],
  sweep: [
    ...[...local, ...read, '--mode', 'fixed', '--layers', '5', '--scale', '0.25', '--limit', '17'],
    ...['--controls', '1', '--coefficient', '-0.5,0,0.5'],
  ],
  causal: [
    ...[...local, ...read, '--limit', '1', '--pairs', '1', '--pool', '16', '--layers', '5'],
    ...['--coefficient', '0.5', '--controls', '1'],
  ],
  lens: [...local, '--problems', problems],
  evaluate: [
    ...[...recorded, '--systems', 'upstream,stream'],
    ...['--problems', writeRows('quadruples.jsonl', quadruples)],
  ],
  compare: [...recorded, '--samples', '1', '--timed', '1'],
  rounds: [...recorded, '--rounds', '1'],
};

const times = new Set(['timing', 'msPerToken', 'firstTokenMs']);

/** A run's files line by line, without what tells the time. */
function contents(run: string): string[] {
  const files = readdirSync(join(cwd, run)).filter((name) => /\.(jsonl?|safetensors)$/.test(name));
  return files.sort().flatMap((name) => {
    const text = readFileSync(join(cwd, run, name), 'latin1');
    const lines = name.endsWith('.json') ? [timeless(text)] : text.split('\n');
    const kept = lines.filter((line) => !line.startsWith('{"kind":"timing"'));
    return kept.map((line) => `${name}: ${line}`);
  });
}

function timeless(text: string): string {
  return JSON.stringify(JSON.parse(text, (key, value: unknown) => (times.has(key) ? 0 : value)));
}

/** Runs until the other command has ended. */
async function beside(argv: readonly string[], other: Promise<CallResult>): Promise<CallResult> {
  const ending = new AbortController();
  void other.finally(() => ending.abort(new Error('over')));
  return await call(argv, { cwd, signal: ending.signal });
}

describe('every experiment', () => {
  it.each(experiments.map(({ name }) => name))(
    '%s: two participants write what one writes',
    async (name) => {
      const argv = [name, ...(lines[name] ?? ['no line for it'])];
      const alone = await call([...argv, '--out', `${name}-alone`], { cwd });
      expect(alone.code, alone.stderr).toBe(0);
      const store = ['--store', `${name}-store`];
      const shared = call(
        [...argv, '--on', 'folder', '--leave', ...store, '--out', `${name}-shared`],
        { cwd },
      );
      const helped = await beside(['worker', ...store], shared);
      const { code, stderr } = await shared;
      expect(code, stderr + helped.stderr).toBe(0);
      expect(helped.stdout).toMatch(/nothing is left to do/);
      const [made, expected] = [contents(`${name}-shared`), contents(`${name}-alone`)];
      expect(made.length).toBe(expected.length);
      const at = made.findIndex((line, i) => line !== expected[i]);
      expect([at, made[at]?.slice(0, 300)]).toEqual([at, expected[at]?.slice(0, 300)]);
      expect(at).toBe(-1);
    },
  );
});
