/** Commands whose units two participants share: the run folder is that of one machine. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
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

const lineOf = (name: string): readonly string[] => [name, ...(lines[name] ?? ['no line for it'])];

function expectSame(run: string, other: string): void {
  const [made, expected] = [contents(run), contents(other)];
  expect(made.length).toBe(expected.length);
  const at = made.findIndex((line, i) => line !== expected[i]);
  expect([at, made[at]?.slice(0, 300)]).toEqual([at, expected[at]?.slice(0, 300)]);
  expect(at).toBe(-1);
}

describe('every experiment', () => {
  it.each(experiments.map(({ name }) => name))(
    '%s: units computed by a worker give what one machine writes',
    async (name) => {
      const argv = lineOf(name);
      const alone = await call([...argv, '--out', `${name}-alone`], { cwd });
      expect(alone.code, alone.stderr).toBe(0);
      const store = ['--store', `${name}-store`];
      const leaving = ['--on', 'folder', '--leave', ...store, '--out', `${name}-shared`];
      const shared = call([...argv, ...leaving], { cwd });
      const helped = await beside(['worker', ...store], shared);
      const { code, stderr } = await shared;
      expect(code, stderr + helped.stderr).toBe(0);
      expect(helped.stdout).toContain(': helping');
      expectSame(`${name}-shared`, `${name}-alone`);
    },
  );

  it('and reproduce', async () => {
    const argv = [
      ...['reproduce', '--quick', '--only', 'rounds', '--limit', '2'],
      ...['--corrector', 'corrector-arithmetic-s', '--threads', '1'],
    ];
    expect((await call([...argv, '--out', 'paper-alone'], { cwd })).code).toBe(0);
    const store = ['--store', 'paper-store'];
    const leaving = ['--on', 'folder', '--leave', ...store, '--out', 'paper-shared'];
    const shared = call([...argv, ...leaving], { cwd });
    const helped = await beside(['worker', ...store], shared);
    const { code, stderr } = await shared;
    expect(code, stderr + helped.stderr).toBe(0);
    expect(helped.stdout).toContain(': helping');
    expectSame(join('paper-shared', 'rounds'), join('paper-alone', 'rounds'));
  });
});

/** A shared run that waits for workers; ended by its signal. */
function waiting(name: string, store: string): { run: Promise<CallResult>; end: () => void } {
  const ending = new AbortController();
  const argv = [...lineOf(name), '--on', 'folder', '--leave', '--store', store];
  const run = call([...argv, '--out', `${store}-run`], { cwd, signal: ending.signal });
  return { run, end: () => ending.abort(new Error('enough')) };
}

async function jobIn(store: string): Promise<string> {
  for (;;) {
    // Before the first machine has made the folder there is none.
    const { code, stdout } = await call(['status', '--store', store, '--json'], { cwd });
    const [found] = code === 0 ? (JSON.parse(stdout) as { job: { id: string } }[]) : [];
    if (found) return found.job.id;
    await wait(20);
  }
}

describe('worker, status, cancel', () => {
  it('a worker declines what is not here, or is another here, and says where to put it', async () => {
    const { run, end } = waiting('rounds', 'declined');
    const id = await jobIn('declined');
    const elsewhere = join(cwd, 'elsewhere');
    const work = ['worker', '--store', join(cwd, 'declined'), '--until-idle'];
    mkdirSync(elsewhere);
    const bare = await call(work, { cwd: elsewhere });
    expect(bare.code).toBe(0);
    expect(bare.stdout).toMatch(/rounds-[0-9a-f]{8}: it cannot be opened here: .*questions\.jsonl/);
    writeFileSync(join(elsewhere, 'questions.jsonl'), '{"question": "Else?", "answer": "1"}\n');
    for (const name of ['upstream.jsonl', 'corrector.jsonl']) {
      copyFileSync(join(cwd, name), join(elsewhere, name));
    }
    const other = await call(work, { cwd: elsewhere });
    expect(other.stdout).toMatch(/questions \(.*questions\.jsonl\) is another one here .*--files/);
    const status = await call(['status', id, '--store', 'declined'], { cwd });
    expect(status.stdout).toMatch(/open, begun .* on /);
    expect(status.stdout).toMatch(/declined .*is another one here/);
    rmSync(join(elsewhere, 'questions.jsonl'));
    const files = await call([...work, '--files', cwd], { cwd: elsewhere });
    expect(files.stdout).toMatch(/nothing is left to do/);
    expect((await run).code).toBe(0);
    end();
    expect((await call(['status', id, '--store', 'declined'], { cwd })).stdout).toContain('done, begun'); // prettier-ignore
  });

  it('declines where versions differ', async () => {
    const { run, end } = waiting('rounds', 'versions');
    const id = await jobIn('versions');
    const path = join(cwd, 'versions', 'jobs', id, 'job.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/("ml-pca": ")/, '$19.'));
    const { stdout } = await call(['worker', '--store', 'versions', '--until-idle'], { cwd });
    expect(stdout).toMatch(/needs other versions: ml-pca is "9\.[\d.]+" there and "[\d.]+" here/);
    end();
    expect((await run).code).toBe(130);
  });

  it('cancel ends the run on every machine, and the same command begins anew', async () => {
    const { run } = waiting('rounds', 'cancelled');
    const id = await jobIn('cancelled');
    const cancelled = await call(['cancel', id, '--store', 'cancelled'], { cwd });
    expect(cancelled.stdout).toBe(`job ${id}: cancelled; the same command goes on from there\n`);
    const { code, stderr } = await run;
    expect(code).toBe(1);
    expect(stderr).toMatch(/it was cancelled at .*what is done is kept/);
    const idle = await call(['worker', '--store', 'cancelled', '--until-idle'], { cwd });
    expect(idle.stdout).toBe('');
    const again = waiting('rounds', 'cancelled');
    await call(['worker', '--store', 'cancelled', '--job', id, '--until-idle'], { cwd });
    await beside(['worker', '--store', 'cancelled'], again.run);
    expect((await again.run).code).toBe(0);
  });

  it('a worker that is ended says where results are', async () => {
    mkdirSync(join(cwd, 'idle'));
    const ending = new AbortController();
    setTimeout(() => ending.abort(new Error('interrupted')), 200);
    const { code, stderr } = await call(['worker', '--store', 'idle'], {
      cwd,
      signal: ending.signal,
    });
    expect([code, stderr]).toEqual([
      130,
      'aligner-lab: interrupted; what is done is in idle; run the same command again to go on\n',
    ]);
  });

  it('say what is wrong where they are called wrongly', async () => {
    const wrong = async (...argv: string[]): Promise<string> => {
      const { code, stderr } = await call(argv, { cwd });
      expect(code).toBe(2);
      return stderr;
    };
    expect(await wrong('worker')).toContain('--store: which one?');
    mkdirSync(join(cwd, 'empty'));
    const named = ['worker', '--wait', '0', '--job', 'sweep-1', '--store'];
    expect(await wrong(...named, 'empty')).toContain('there are none');
    expect(await wrong('status', 'sweep-1', '--store', 'empty')).toContain(
      'there is no job sweep-1',
    );
    expect(await wrong('cancel', 'sweep-1', '--store', 'empty')).toContain(
      'there is no job sweep-1',
    );
    expect(await wrong(...lineOf('rounds'), '--on', 'folder')).toContain('Give --store too');
    expect(await wrong(...lineOf('rounds'), '--leave')).toContain('give --on too');
    expect((await call(['status', '--store', 'empty'], { cwd })).stdout).toBe('no jobs\n');
    const mistyped = await call(['status', '--store', 'none'], { cwd });
    expect(mistyped.code).toBe(1);
    expect(mistyped.stderr).toMatch(/there is no folder .*none; mount it, or give another --store/);
  });

  it('one damaged note, or what is none, hides no other job', async () => {
    const { run, end } = waiting('rounds', 'damaged');
    const id = await jobIn('damaged');
    const jobs = join(cwd, 'damaged', 'jobs');
    writeFileSync(join(jobs, '.DS_Store'), 'no job');
    mkdirSync(join(jobs, 'rounds-1'));
    writeFileSync(join(jobs, 'rounds-1', 'job.json'), '{"id": "rou');
    writeFileSync(join(jobs, id, 'by-x.json'), '{"host"');
    const status = await call(['status', '--store', 'damaged'], { cwd });
    expect(status.code, status.stderr).toBe(0);
    expect(status.stdout).toContain(`${id}  open`);
    expect(status.stderr).toMatch(/rounds-1: job: cannot read .*job\.json/);
    expect((await call(['status', 'rounds-1', '--store', 'damaged'], { cwd })).code).toBe(1);
    await beside(['worker', '--store', 'damaged'], run);
    expect((await run).code).toBe(0);
    end();
  });
});
