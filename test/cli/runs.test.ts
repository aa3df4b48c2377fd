/** Whole commands on a tiny random model: what they write, and that they go on where they stopped. */
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { publishedSchemas } from '../../src/cli/schemas.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeQuadruples, writeStimuliFile, writeTinyModel } from './harness.js';

// Whole commands, possibly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd);
const stimuli = writeStimuliFile(cwd, 40);
const problems = writeQuadruples(cwd, 'test', 4);
const validation = writeQuadruples(cwd, 'validation', 4);
afterAll(folder.remove);

const read = (...path: string[]): string => readFileSync(join(cwd, ...path), 'utf8');
const schemas = await publishedSchemas();
const threads = ['--threads', '1'];

function expectValid(kind: string, text: string): Record<string, unknown> {
  const summary = JSON.parse(text) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false });
  expect(ajv.validate(schemas[kind] ?? {}, summary), ajv.errorsText()).toBe(true);
  return summary;
}

/** Text with the times of a run made equal. */
function timeless(text: string): string {
  return text.replace(/("timing": \{)[^}]*/, '$1');
}

describe('lat-scan', () => {
  const argv = [
    'lat-scan',
    '--corrector',
    model,
    '--stimuli',
    stimuli,
    '--tokens',
    '6',
    ...threads,
  ];

  it('writes numbers, figure and direction, and shows the heat map', async () => {
    const { code, stdout, stderr } = await call([...argv, '--out', 'scan'], { cwd });
    expect(stderr.replace(/^warning: .*\n/gm, '')).toBe('');
    expect(code).toBe(0);
    const scan = expectValid('scan', read('scan', 'scan.json'));
    expect(scan).toMatchObject({ model: 'tiny', layers: 3, tokens: 6, standardize: 'zscore' });
    expect(scan.perLayer).toHaveLength(3);
    expect(read('scan', 'scan.html')).toContain('LAT scan of tiny');
    expect(existsSync(join(cwd, 'scan', 'directions.safetensors'))).toBe(true);
    expect(stdout).toMatch(/LAT scan of tiny: 3 layers/);
    expect(stdout).toMatch(/corrects: s\d+/);
    expect(stdout).toMatch(/best layer +\d of 0 … 2/);
    expect(stdout).toContain('scan/scan.html');
    expect(stdout).not.toContain('\u001b');
  });

  it('gives the same numbers again, and the same records', async () => {
    const [numbers, records] = [read('scan', 'scan.json'), read('scan', 'records.jsonl')];
    expect((await call([...argv, '--out', 'scan'], { cwd })).code).toBe(0);
    expect(timeless(read('scan', 'scan.json'))).toBe(timeless(numbers));
    expect(read('scan', 'records.jsonl')).toBe(records);
  });

  it('prints scan.json and nothing else under --json', async () => {
    const { stdout } = await call([...argv, '--out', 'scan', '--json'], { cwd });
    expect(JSON.parse(stdout)).toEqual(JSON.parse(read('scan', 'scan.json')));
  });

  it('is the same run in whichever format its figures are', async () => {
    const named = async (...more: string[]): Promise<string | undefined> =>
      /runs\/lat-scan-[0-9a-f]{8}/.exec((await call([...argv, ...more], { cwd })).stdout)?.[0];
    const asJson = await named('--format', 'json');
    expect(asJson).toBe(await named());
    expect(existsSync(join(cwd, asJson ?? 'none', 'scan-lat-scan.json'))).toBe(true);
  });

  it('names its folder after what is run, where none is named', async () => {
    const { stdout } = await call(argv, { cwd });
    const [found] = /runs\/lat-scan-[0-9a-f]{8}/.exec(stdout) ?? [];
    expect(existsSync(join(cwd, found ?? 'none', 'scan.json'))).toBe(true);
  });
});

describe('extract', () => {
  it('writes the direction and its health, beside that of every method', async () => {
    const argv = [
      'extract',
      '--corrector',
      model,
      '--stimuli',
      stimuli,
      '--out',
      'extract',
      ...threads,
    ];
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    const { methods } = expectValid('health', read('extract', 'health.json'));
    expect(methods).toHaveLength(5);
    expect(existsSync(join(cwd, 'extract', 'directions.safetensors'))).toBe(true);
    expect(stdout).toContain('extract/health.html');
    expect(read('extract', 'health.html')).toContain('Direction of tiny');
  });
});

describe('sweep', () => {
  const argv = [
    ...['sweep', '--mode', 'fixed', '--corrector', model, '--stimuli', stimuli, ...threads],
    ...['--problems', problems, '--validation', validation, '--limit', '2', '--layers', '1'],
    ...['--scale', '0.5', '--controls', '1'],
  ];

  it('goes on from the records of an interrupted run, and ends in the same numbers', async () => {
    const first = await call([...argv, '--out', 'sweep'], { cwd });
    expect(first.code, first.stderr).toBe(0);
    expectValid('sweep', read('sweep', 'sweep.json'));
    const [numbers, records] = [read('sweep', 'sweep.json'), read('sweep', 'records.jsonl')];
    truncateSync(join(cwd, 'sweep', 'records.jsonl'), Math.floor(records.length / 2));
    writeFileSync(join(cwd, 'sweep', 'sweep.json'), '');
    expect((await call([...argv, '--out', 'sweep'], { cwd })).code).toBe(0);
    expect(read('sweep', 'sweep.json')).toBe(numbers);
    expect(read('sweep', 'records.jsonl')).toBe(records);
  });

  it('stops at Ctrl-C with 130 and says how to go on', async () => {
    const signal = AbortSignal.timeout(1);
    const { code, stderr } = await call([...argv, '--out', 'stopped'], { cwd, signal });
    expect(code).toBe(130);
    expect(stderr).toMatch(/interrupted; what is done is in stopped; run the same command again/);
  });
});

describe('causal', () => {
  const files = ['--stimuli', stimuli, ...threads];

  it('tests the embedded corrector, goes on where it stopped, and ends in the same numbers', async () => {
    const argv = [
      ...['causal', ...files, '--limit', '2', '--pairs', '2', '--pool', '24'],
      ...['--layers', '0,9', '--coefficient', '-0.5,0.5', '--out', 'causal'],
    ];
    const first = await call(argv, { cwd });
    expect(first.code, first.stderr).toBe(0);
    const summary = expectValid('causal', read('causal', 'causal.json'));
    expect(summary).toMatchObject({ layers: [0, 9], ablation: { n: 2 } });
    expect(summary.patching).toHaveLength(4);
    expect(first.stdout).toMatch(
      /^Causal test of corrector-arithmetic-m, .*: 2 problems, 2 pairs\n/,
    );
    expect(first.stdout).toContain('causal/causal.html');
    expect(read('causal', 'causal.html')).toContain('What each layer does');
    const [numbers, records] = [read('causal', 'causal.json'), read('causal', 'records.jsonl')];
    truncateSync(join(cwd, 'causal', 'records.jsonl'), Math.floor(records.length / 2));
    writeFileSync(join(cwd, 'causal', 'causal.json'), '');
    expect((await call(argv, { cwd })).code).toBe(0);
    expect(read('causal', 'causal.json')).toBe(numbers);
    expect(read('causal', 'records.jsonl')).toBe(records);
  });

  it('of a model that never copies steers and ablates, and says why it does not patch', async () => {
    const argv = [
      ...['causal', '--corrector', model, '--problems', problems, '--validation', validation],
      ...[...files, '--limit', '2', '--coefficient', '0.5', '--json', '--out', 'uncopied'],
    ];
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    expect(expectValid('causal', stdout)).toMatchObject({ layers: [0, 1, 2], parts: [] });
    expect(stderr).toMatch(/warning: patching: no pairs/);
  });
});

describe('align', () => {
  it('streams rounds and ends', async () => {
    const argv = [
      'align',
      'How many?',
      '--corrector',
      model,
      '--upstream',
      model,
      '--max-rounds',
      '1',
    ];
    const { code, stdout, stderr } = await call([...argv, ...threads], { cwd });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^How many\?\n\n 1 /);
    expect(stdout).toMatch(/1 rounds?, .* ended by /);
  });

  it('writes the rounds as a page', async () => {
    const argv = ['align', 'Why?', '--corrector', model, '--upstream', model, '--max-rounds', '1'];
    await call([...argv, '--page', 'pages/rounds.html', ...threads], { cwd });
    expect(read('pages', 'rounds.html')).toMatch(/<p>Why\?<\/p>[^]*<td [^>]*>1<\/td>/);
  });

  it('takes the question from standard input', async () => {
    const argv = [
      'align',
      '--corrector',
      model,
      '--upstream',
      model,
      '--max-rounds',
      '1',
      '--json',
    ];
    const { stdout } = await call([...argv, ...threads], { cwd, stdin: 'How few?\n' });
    expect(JSON.parse(stdout)).toMatchObject({ question: 'How few?' });
  });
});

describe('evaluate', () => {
  it('writes both summaries', async () => {
    const argv = [
      ...['evaluate', '--upstream', model, '--corrector', model, '--problems', problems],
      ...['--systems', 'upstream,stream,proxy', '--expert', model, '--anti-expert', model],
      ...['--limit', '2', '--max-rounds', '1', '--out', 'evaluate', ...threads],
    ];
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    const { systems } = expectValid('evaluate', read('evaluate', 'evaluate.json'));
    expect(systems).toMatchObject([
      { name: 'upstream', n: 2 },
      { name: 'stream-tiny', n: 2 },
      { name: 'proxy-tiny', n: 2 },
    ]);
    expectValid('corrector', read('evaluate', 'corrector.json'));
    expect(stdout).toContain('good copied verbatim');
  });

  it('wants both experts for proxy-tuning', async () => {
    const argv = ['evaluate', '--upstream', model, '--corrector', model, '--systems', 'proxy'];
    const { code, stderr } = await call([...argv, '--expert', model], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('the system proxy needs --expert and --anti-expert');
  });
});

describe('instrument', () => {
  it('inspects, and writes a graph with steering inputs', async () => {
    const inspected = await call(['instrument', model, '--inspect', '--json'], { cwd });
    expect(JSON.parse(inspected.stdout)).toMatchObject({ layers: 3, width: 16 });
    const written = await call(['instrument', model, '--out', 'steered.onnx'], { cwd });
    expect(written.code).toBe(0);
    expect(readFileSync(join(cwd, 'steered.onnx')).includes('steer.direction')).toBe(true);
  });
});
