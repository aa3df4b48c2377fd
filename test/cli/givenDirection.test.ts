/** A direction that is given needs no labels: a corrector that only ever copies can be steered. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { readDirections, saveDirections } from '../../src/read/files/directionFile.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeQuadruples, writeStimuliFile, writeTinyModel } from './harness.js';

// Whole commands, possibly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd);
const small = ['--corrector', model, '--threads', '1'];
const problems = writeQuadruples(cwd, 'test', 2);
const validation = writeQuadruples(cwd, 'validation', 2);
const files = ['--problems', problems, '--validation', validation];
afterAll(folder.remove);

const made = call(['extract', ...small, '--stimuli', writeStimuliFile(cwd, 40), '--out', 'made'], {
  cwd,
});
const direction = join(cwd, 'made', 'directions.safetensors');

/** No label can be made of these: of one sentence there are no two classes. */
const unlabelled = join(cwd, 'one.jsonl');
writeFileSync(unlabelled, `${readFileSync(problems, 'utf8').split('\n')[0]}\n`);
const one = ['--stimuli', unlabelled, '--direction'];

/** The same direction in a file that knows neither norms nor accuracies. */
async function bare(): Promise<string> {
  await made;
  const { directions, origin } = await readDirections(direction);
  const path = join(cwd, 'bare.safetensors');
  await saveDirections(path, { directions, origin });
  return path;
}

const read = (...path: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(join(cwd, ...path), 'utf8')) as Record<string, unknown>;

describe('a direction that is given', () => {
  it('holds the norms and accuracies that were measured with it', async () => {
    expect((await made).code).toBe(0);
    const { meanNorms, heldOutAccuracy } = await readDirections(direction);
    const health = read('made', 'health.json') as { perLayer: { heldOutAccuracy: number }[] };
    expect(heldOutAccuracy).toEqual(health.perLayer.map((layer) => layer.heldOutAccuracy));
    expect(meanNorms).toHaveLength(3);
  });

  const sweep = ['sweep', '--mode', 'fixed', ...small, ...files, '--limit', '1', '--scale', '0.5'];
  const quick = ['--controls', '1', '--coefficient', '-1,0,1'];

  it('sweeps with the norms of its file, without labels', async () => {
    await made;
    const argv = [...sweep, ...quick, ...one, direction, '--layers', '1', '--out', 'sweep'];
    const { code, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/warning: controls: none from permuted labels/);
    const { meanNorms } = await readDirections(direction);
    expect(read('sweep', 'sweep.json').unitValue).toEqual([0.5 * (meanNorms?.[1] ?? NaN)]);
  });

  it('is held against random ones on as many problems as are asked for', async () => {
    await made;
    const argv = [...sweep, ...quick, ...one, direction, '--layers', '1', '--out', 'few'];
    const few = ['--limit', '2', '--control-problems', '1'];
    const { code, stderr } = await call([...argv, ...few], { cwd });
    expect(code, stderr).toBe(0);
    expect(read('few', 'sweep.json').comparison).toMatchObject({ problems: 1 });
    expect(read('few', 'sweep.json').points).toMatchObject([{ n: 2 }, { n: 2 }, { n: 2 }]);
  });

  it('sweeps with norms measured on the stimuli’s prompts where its file has none', async () => {
    const argv = [...sweep, ...quick, ...one, await bare(), '--layers', '1', '--out', 'measured'];
    const { code, stderr } = await call(argv, { cwd });
    expect(code, stderr).toBe(0);
    const [measured] = read('measured', 'sweep.json').unitValue as number[];
    const [known] = read('sweep', 'sweep.json').unitValue as number[];
    expect(measured).not.toBe(known);
    expect((measured ?? 0) / (known ?? 1)).toBeGreaterThan(0.5);
    expect((measured ?? 0) / (known ?? 1)).toBeLessThan(2);
  });

  it('has its layers named where nobody knows how well it tells', async () => {
    const argv = [...sweep, ...quick, ...one, await bare(), '--out', 'unnamed'];
    const { code, stderr } = await call(argv, { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/how well the direction tells at each layer is not known.*--layers/);
  });

  it('is tested layer by layer, beside the accuracies of its file or none', async () => {
    const argv = ['causal', ...small, ...files, '--limit', '1', '--pairs', '1', '--pool', '2'];
    const more = ['--controls', '0', '--layers', '1,2', ...one];
    const known = await call([...argv, ...more, direction, '--out', 'causal'], { cwd });
    expect(known.code, known.stderr).toBe(0);
    const { heldOutAccuracy } = await readDirections(direction);
    expect(read('causal', 'causal.json').scan).toEqual(
      [1, 2].map((layer) => ({ layer, heldOutAccuracy: heldOutAccuracy?.[layer] })),
    );
    const unknown = await call([...argv, ...more, await bare(), '--out', 'causal2'], { cwd });
    expect(unknown.code, unknown.stderr).toBe(0);
    expect(read('causal2', 'causal.json').bestLayer).toBeNull();
  });

  it('steers the loop at its best layer, or at layers that are named', async () => {
    await made;
    const argv = ['align', 'How many?', ...small, '--upstream', model, '--max-rounds', '1'];
    const push = ['--coefficient', '0.5', ...one];
    const known = await call([...argv, ...push, direction], { cwd });
    expect(known.stderr).toMatch(/^steered at layer \d by /m);
    const unknown = await call([...argv, ...push, await bare()], { cwd });
    expect(unknown.stderr).toMatch(/steering: how well .* give --layers/);
    const named = await call([...argv, ...push, await bare(), '--layers', '0,2'], { cwd });
    expect(named.stderr).toMatch(/^steered at layer 0, 2 by /m);
  });
});
