/** A whole reproduction with parts that are fakes: what is kept, what fails, what is written. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Stages } from '../../src/experiment/shared/stages.js';
import type { ReproduceHost } from '../../src/reproduce/host.js';
import type { PartRunners } from '../../src/reproduce/parts/parts.js';
import { questionData } from '../../src/reproduce/data.js';
import { reproducePaper } from '../../src/reproduce/run.js';
import {
  partConfiguration,
  partFolder,
  recordRun,
  type Setting,
} from '../../src/reproduce/setting.js';
import type { Part, PartKind } from '../../src/reproduce/plan.js';
import { publishedSchemas } from '../../src/cli/schemas.js';
import {
  causalExample,
  compareExample,
  lensExample,
  roundsExample,
  scanExample,
  sweepExample,
} from '../experiment/examples.js';
import { findModel } from '../../src/runtime/modelFiles.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeQuadruples, writeTinyModel } from '../cli/harness.js';

vi.setConfig({ testTimeout: 60_000 });
const folder = temporaryFolder();
const cwd = folder.path;
const upstream = writeTinyModel(cwd, 'big');
const corrector = [writeTinyModel(cwd, 'small-s', { layers: 2 }), writeTinyModel(cwd, 'small-m')];
const stimuli = writeQuadruples(cwd, 'validation', 48);
const problems = writeQuadruples(cwd, 'test', 4);
afterAll(folder.remove);

const examples: Record<PartKind, object> = {
  rounds: roundsExample,
  compare: compareExample,
  scan: scanExample,
  lens: lensExample,
  sweep: sweepExample,
  causal: causalExample,
};

interface Fake {
  runners: PartRunners;
  ran: string[];
}

/** Parts that write a summary of plausible content, and no record. */
function fakes(before: (name: string) => void | Promise<void> = () => undefined): Fake {
  const ran: string[] = [];
  const pretend = async (part: Part, setting: Setting, stages: Stages): Promise<never> => {
    await before(part.name);
    stages('pretending')(1, 1);
    ran.push(part.name);
    const place = {
      folder: partFolder(part, setting),
      configuration: partConfiguration(part, setting),
      setting,
    };
    const summary = examples[part.kind];
    // eslint-disable-next-line require-yield -- it has no record
    const work = async function* (): AsyncGenerator<never, typeof summary> {
      return await Promise.resolve(summary);
    };
    // Whatever the kind, the summary is that kind's.
    return (await recordRun(place, work, (run) => run.writeSummary(part.kind, summary))) as never;
  };
  const runners = {
    ...{ rounds: pretend, compare: pretend, scan: pretend },
    ...{ lens: pretend, sweep: pretend, causal: pretend },
  };
  return { runners, ran };
}

interface Listening {
  host: ReproduceHost;
  /** Of parts that failed: name and error. */
  failed: string[];
}

function listen(signal = new AbortController().signal): Listening {
  const failed: string[] = [];
  const host: ReproduceHost = {
    findModel: (name) => Promise.resolve(findModel(name)),
    writeFigures: () => Promise.resolve([]),
    onOutcome: ({ part, error }) => {
      if (error !== null) failed.push(`${part.name}, failed: ${error}`);
    },
    now: () => new Date(0),
    signal,
  };
  return { host, failed };
}

const given: Parameters<typeof reproducePaper>[0] = {
  ...{ upstream, corrector, aligner: undefined, expert: undefined, antiExpert: undefined },
  ...{ sft: undefined, dpo: undefined, dataset: undefined, only: undefined, seed: 0 },
  ...{ stimuli, problems, limit: 2, quick: true },
  ...{ device: 'cpu', threads: 1, out: undefined },
};

function reproduce(out: string, fake: Fake, { host } = listen(), more: Partial<typeof given> = {}) {
  return reproducePaper({ ...given, ...more, out: join(cwd, out) }, host, fake.runners);
}

describe('reproducePaper', () => {
  it('runs every part in a folder of its own and writes the report', async () => {
    const fake = fakes();
    const { summary } = await reproduce('whole', fake);
    expect(fake.ran).toEqual([
      ...['rounds', 'compare', 'scan-small-s', 'scan-small-m', 'lens-small-s', 'lens-small-m'],
      ...['sweep-small-s', 'sweep-small-m', 'causal-small-s', 'causal-small-m'],
    ]);
    for (const name of fake.ran)
      expect(existsSync(join(cwd, 'whole', name, 'manifest.json'))).toBe(true);
    const text = readFileSync(join(cwd, 'whole', 'report.json'), 'utf8');
    const ajv = new Ajv({ strict: false });
    expect(
      ajv.validate((await publishedSchemas()).report ?? {}, JSON.parse(text)),
      ajv.errorsText(),
    ).toBe(true);
    expect(readFileSync(join(cwd, 'whole', 'report.md'), 'utf8')).toContain(
      '[sweep-small-s/](sweep-small-s/)',
    );
    expect(summary.parts.every(({ state }) => state === 'done')).toBe(true);
  });

  it('lists parts in their order, whichever ends first of those that run side by side', async () => {
    const slow = fakes(async (name) => {
      if (name === 'scan-small-s') await new Promise((resolve) => setTimeout(resolve, 50));
    });
    const more = { threads: undefined };
    const { summary } = await reproduce('beside', slow, listen(), more);
    expect(summary.parts.map(({ name }) => name).slice(1, 5)).toEqual([
      ...['compare', 'scan-small-s', 'scan-small-m', 'lens-small-s'],
    ]);
    // The next turn waits for all of them.
    expect(slow.ran.indexOf('scan-small-s')).toBeLessThan(slow.ran.indexOf('lens-small-s'));
  });

  it('does nothing twice: the same run again computes no part, and says the same', async () => {
    const first = await reproduce('again', fakes());
    const fake = fakes();
    const second = await reproduce('again', fake);
    expect(fake.ran).toEqual([]);
    expect(second.summary.findings).toEqual(first.summary.findings);
    const took = ({ parts }: typeof first.summary) => parts.map(({ milliseconds }) => milliseconds);
    expect(took(second.summary)).toEqual(took(first.summary));
  });

  it('computes a part whose summary is gone, and that alone', async () => {
    await reproduce('gone', fakes());
    rmSync(join(cwd, 'gone', 'lens-small-s', 'lens.json'));
    const fake = fakes();
    await reproduce('gone', fake);
    expect(fake.ran).toEqual(['lens-small-s']);
  });

  it('goes on behind a part that fails; its findings say why, and it is tried again', async () => {
    const listening = listen();
    const broken = fakes((name) => {
      if (name === 'scan-small-s') throw new Error('all stimuli are labelled copy');
    });
    const { summary } = await reproduce('broken', broken, listening);
    expect(broken.ran).toHaveLength(9);
    expect(listening.failed.join()).toContain(
      'scan-small-s, failed: all stimuli are labelled copy',
    );
    const finding = summary.findings.find(({ id }) => id === 'scan-s');
    expect(finding).toMatchObject({ verdict: 'untestable' });
    expect(finding?.note).toContain('all stimuli are labelled copy');
    const fake = fakes();
    await reproduce('broken', fake);
    expect(fake.ran).toEqual(['scan-small-s']);
  });

  it('keeps what is done when it is interrupted', async () => {
    const stop = new AbortController();
    const fake = fakes((name) => {
      if (name !== 'lens-small-s') return;
      stop.abort(new Error('interrupted'));
      stop.signal.throwIfAborted();
    });
    await expect(reproduce('stopped', fake, listen(stop.signal))).rejects.toThrow('interrupted');
    const rest = fakes();
    const { summary } = await reproduce('stopped', rest);
    expect([...fake.ran, ...rest.ran]).toHaveLength(10);
    expect(summary.parts.map(({ state }) => state)).toEqual(summary.parts.map(() => 'done'));
  });

  it('runs some parts, takes what is there of the others, and says what was not run', async () => {
    await reproduce('some', fakes(), listen(), { only: ['scan'] });
    const fake = fakes();
    const { summary } = await reproduce('some', fake, listen(), { only: ['lens'] });
    expect(fake.ran).toEqual(['lens-small-s', 'lens-small-m']);
    const states = new Map(summary.parts.map(({ name, state }) => [name, state]));
    expect(states.get('scan-small-s')).toBe('done');
    expect(states.get('rounds')).toBe('left out');
    expect(summary.findings.find(({ id }) => id === 'rounds-gain-s')?.note).toContain('--only');
  });

  it('refuses a folder of another reproduction', async () => {
    await reproduce('mine', fakes());
    await expect(reproduce('mine', fakes(), listen(), { limit: 3 })).rejects.toThrow(
      /holds another run: options\.sizes/,
    );
  });
});

describe('a data set of questions', () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({
    question: `${i}?`,
    answer: `So.\n#### ${i}`,
  }));
  const file = join(cwd, 'questions.jsonl');
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

  it('is split: models are read on the first questions and tested on the others', async () => {
    const data = await questionData({ source: file, read: 3 });
    const ids = (split: 'validation' | 'test') => data.questions[split].map(({ id }) => id);
    expect(ids('validation')).toEqual(['question-1', 'question-2', 'question-3']);
    expect(ids('test')).toHaveLength(7);
    expect(ids('test')[0]).toBe('question-4');
    expect((await questionData({ source: file, read: 100 })).questions.test).toHaveLength(5);
  });

  it('is judged by the final answer alone', async () => {
    const { questions, scorer } = await questionData({ source: file, read: 3 });
    const [first] = questions.test;
    if (!first) throw new Error('no question');
    const known = { id: 'question-10', question: '9?' };
    const scores = await scorer.score([
      { question: first, answer: 'First 7. The answer is 3.' },
      { question: first, answer: 'First 3. The answer is 7.' },
      { question: known, answer: '\\boxed{9}' },
    ]);
    expect(scores).toEqual([true, false, true]);
    const other = { id: 'test-0-1', question: '' };
    await expect(scorer.score([{ question: other, answer: '9' }])).rejects.toThrow(
      /no question test-0-1/,
    );
  });

  it('leaves the finding about sentences untested, and says why', async () => {
    const more = { dataset: join(cwd, 'questions.jsonl') };
    const { summary } = await reproduce('questions', fakes(), listen(), more);
    expect(summary.data).toMatch(/5 questions are answered and judged by their final answer alone/);
    const scores = summary.findings.find(({ id }) => id === 'scores-rise-s');
    expect(scores?.verdict).toBe('untestable');
    expect(scores?.note).toMatch(/No solver judges the sentences/);
  });
});

describe('aligner-lab reproduce', () => {
  const argv = [
    ...['reproduce', '--upstream', upstream, '--corrector', corrector[0] ?? '', '--threads', '1'],
    ...['--stimuli', stimuli, '--problems', problems, '--limit', '2', '--quick'],
  ];

  it('scans a corrector, writes the page, and plot draws it again', async () => {
    // By its path, so that no Aligner comes along.
    const embedded = findModel('corrector-arithmetic-s').folder;
    const scan = argv.with(argv.indexOf('--corrector') + 1, embedded);
    const scanned = await call([...scan, '--only', 'scan', '--out', 'scanned'], { cwd });
    expect(scanned.code, scanned.stderr).toBe(0);
    expect(scanned.stdout).toMatch(/part 3 of 6 {2}scan-corrector-arithmetic-s: /);
    expect(scanned.stdout).toContain('report  scanned/report.html');
    const heading = 'corrector-arithmetic-s: LAT scan';
    expect(readFileSync(join(cwd, 'scanned', 'report.html'), 'utf8')).toContain(heading);
    const drawn = await call(['plot', 'scanned', '--out', 'drawn'], { cwd });
    expect(drawn.code, drawn.stderr).toBe(0);
    expect(readFileSync(join(cwd, 'drawn', 'report.html'), 'utf8')).toContain(heading);
  });

  it('ends with 1 where a part fails, after the report', async () => {
    const failing = [...argv, '--only', 'scan', '--out', 'failing'];
    const { code, stderr } = await call(failing, { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/scan-small-s, failed: .*labelled copy/);
    expect(stderr).toMatch(/1 of 6 parts failed \(scan-small-s\); the report says why/);
    expect(existsSync(join(cwd, 'failing', 'report.html'))).toBe(true);
  });

  it('stops at Ctrl-C with 130 and says how to go on', async () => {
    const signal = AbortSignal.timeout(1);
    const { code, stderr } = await call([...argv, '--out', 'ended'], { cwd, signal });
    expect(code).toBe(130);
    expect(stderr).toMatch(/interrupted; /);
  });

  it('refuses a data set that cannot be split', async () => {
    writeFileSync(join(cwd, 'few.jsonl'), '{"question": "How many?", "answer": "7"}\n');
    const { code, stderr } = await call([...argv, '--questions', 'few.jsonl'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/has 1 questions \(expected at least 4/);
  });
});
