/** Commands on stimuli whose labels are given. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { publishedSchemas } from '../../src/cli/schemas.js';
import { readDirections } from '../../src/read/files/directionFile.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeQuadruples, writeTinyModel } from './harness.js';

// Whole commands, possibly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd);
afterAll(folder.remove);

/** Pairs of chats that go on in the same words, after a persona of either mood. */
const stimuli = join(cwd, 'moods.jsonl');
const rows = Array.from({ length: 32 }, (_, i) => {
  const mood = i % 2 === 0 ? 'happy' : 'sad';
  const messages = [
    { role: 'user', content: `Act as if you were very ${mood}.` },
    { role: 'assistant', content: `Today ${i >> 1} I` },
  ];
  return { label: mood, pair: i >> 1, messages };
});
writeFileSync(stimuli, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

const schemas = await publishedSchemas();
const read = (...path: string[]): string => readFileSync(join(cwd, ...path), 'utf8');
const given = ['--stimuli', stimuli, '--labels', 'given', '--label-names', 'happy,sad'];
const small = ['--corrector', model, '--threads', '1'];

describe('given labels', () => {
  it('extract: writes a direction towards the first name, and stimuli that can be read again', async () => {
    const { code, stderr } = await call(['extract', ...small, ...given, '--out', 'e'], { cwd });
    expect(code, stderr).toBe(0);
    const health = JSON.parse(read('e', 'health.json')) as Record<string, unknown>;
    expect(new Ajv({ strict: false }).validate(schemas.health ?? {}, health)).toBe(true);
    expect(health).toMatchObject({ stimuli: 32, labels: { positive: 'happy', negative: 'sad' } });
    const again = ['--stimuli', 'e/stimuli.jsonl', ...given.slice(2)];
    expect((await call(['extract', ...small, ...again, '--out', 'f'], { cwd })).code).toBe(0);
    const vectors = async (path: string) =>
      (await readDirections(join(cwd, path, 'directions.safetensors'))).directions.vectors;
    expect(await vectors('f')).toEqual(await vectors('e'));
    expect(read('f', 'stimuli.jsonl')).toBe(read('e', 'stimuli.jsonl'));
  });

  it('lat-scan: shows both by their names', async () => {
    const argv = ['lat-scan', ...small, ...given, '--tokens', '4', '--out', 's'];
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    const scan = JSON.parse(read('s', 'scan.json')) as { cases: { label: string }[] };
    const ajv = new Ajv({ strict: false });
    expect(ajv.validate(schemas.scan ?? {}, scan), ajv.errorsText()).toBe(true);
    expect(scan.cases.map(({ label }) => label)).toEqual(['positive', 'negative']);
    expect(stdout).toMatch(/^happy: s\d+/m);
    expect(stdout).toMatch(/^sad −3 .* \+3 happy/m);
    expect(read('s', 'scan.html')).toContain('points to happy');
    expect(read('s', 'scan.html')).not.toContain('copying');
  });

  it('are asked for: a file of them says so', async () => {
    const { code, stderr } = await call(['extract', ...small, '--stimuli', stimuli], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/moods\.jsonl:1: has a label and no output .* --labels given/);
    const labels = ['--labels', 'given', '--label-names', 'happy'];
    const one = await call(['extract', ...small, '--stimuli', stimuli, ...labels], { cwd });
    expect(one.code).toBe(2);
    expect(one.stderr).toMatch(/--label-names: expected two different names/);
    const names = ['extract', ...small, '--stimuli', stimuli, '--label-names', 'happy,sad'];
    expect((await call(names, { cwd })).stderr).toMatch(/add --labels given/);
  });

  it('sweep: pushes corrections along a concept', async () => {
    const files = ['test', 'validation'].map((split) =>
      writeQuadruples(cwd, split as 'test' | 'validation', 2),
    );
    const argv = [
      ...['sweep', '--mode', 'fixed', ...small, ...given, '--layers', '1', '--scale', '0.5'],
      ...['--problems', files[0] ?? '', '--validation', files[1] ?? '', '--limit', '1'],
      ...['--controls', '1', '--out', 'w'],
    ];
    const { code, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(read('w', 'sweep.json'))).toMatchObject({ method: 'pca', layers: [1] });
  });
});
