/** One knob: what a sweep saves pushes the same in every command and in the library. */
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { openSteering } from '../../src/experiment/shared/openSteering.js';
import { rowSteering, steerBy } from '../../src/experiment/shared/steeringKnob.js';
import { readDirections, saveDirections } from '../../src/read/files/directionFile.js';
import { readSteering, type SavedSteering } from '../../src/read/files/steeringFile.js';
import { toSteering } from '../../src/read/model/steer.js';
import { loadLanguageModel } from '../../src/runtime/load.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeQuadruples, writeStimuliFile, writeTinyModel } from './harness.js';

// Whole commands, possibly on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd);
const other = writeTinyModel(cwd, 'other', { seed: 2 });
const small = ['--corrector', model, '--threads', '1'];
const stimuli = writeStimuliFile(cwd, 40);
const problems = writeQuadruples(cwd, 'test', 2);
const validation = writeQuadruples(cwd, 'validation', 2);
const files = ['--problems', problems, '--validation', validation, '--stimuli', stimuli];
afterAll(folder.remove);

const sweep = ['sweep', '--mode', 'fixed', ...small, ...files, '--limit', '1', '--controls', '0'];
const swept = call(
  [...sweep, '--layers', '0,2', '--scale', '0.75', '--coefficient', '-1,0,1', '--out', 'swept'],
  { cwd },
);
const at = (...path: string[]): string => join(cwd, ...path);

/** The first line of stderr on steering. */
function said(stderr: string): string {
  return /^steering: .*?(coefficient 1 adds [^;]*);/m.exec(stderr)?.[1] ?? stderr;
}

describe('what a sweep saves', () => {
  it('is the direction, its layers, and what coefficient 1 adds there', async () => {
    const { code, stderr } = await swept;
    expect(code, stderr).toBe(0);
    const saved = await readSteering(at('swept', 'steering.json'));
    const summary = JSON.parse(readFileSync(at('swept', 'sweep.json'), 'utf8')) as SavedSteering;
    const { meanNorms = [] } = await readDirections(at('swept', 'directions.safetensors'));
    expect(saved.layers).toEqual([0, 2]);
    expect(saved.unitValue).toEqual(summary.unitValue);
    // By hand: 0.75 mean norms in all, half of them at each layer.
    expect(saved.unitValue).toEqual([0, 2].map((l) => (0.75 * (meanNorms[l] ?? NaN)) / 2));
    expect(saved).toMatchObject({ scale: 0.75, positions: 'prompt' });
    expect(saved.foundFrom).toMatchObject({ method: 'pca', labels: 'behaviour', seed: 0 });
    expect(saved.chosen).toBe('layers given; scale given');
  });

  it('pushes the same in every command', async () => {
    await swept;
    const argv = [
      'align',
      'How many?',
      ...small,
      '--upstream',
      model,
      '--max-rounds',
      '1',
      '--json',
    ];
    const aligned = await call([...argv, '--direction', 'swept', '--coefficient', '-0.5'], { cwd });
    expect(aligned.code, aligned.stderr).toBe(0);
    const saved = await readSteering(at('swept', 'steering.json'));
    const { steering } = JSON.parse(aligned.stdout) as { steering: unknown };
    expect(steering).toMatchObject({
      ...{ layers: [0, 2], unitValue: saved.unitValue, coefficient: -0.5, positions: 'prompt' },
      added: saved.unitValue.map((value) => -0.5 * value),
    });
    const push = said(aligned.stderr);
    const steeringFile = ['--direction', at('swept', 'steering.json')];
    const generate = ['generate', 'How many?', '--model', model, '--threads', '1', ...steeringFile];
    const written = await call([...generate, '--coefficient', '1', '--max-new-tokens', '2'], { cwd }); // prettier-ignore
    expect(said(written.stderr)).toBe(push);
    const systems = ['--corrector', model, '--upstream', model, '--systems', 'stream'];
    const evaluated = await call(
      [
        ...['evaluate', ...systems, '--limit', '1', '--max-rounds', '1', '--problems', problems],
        ...['--direction', at('swept', 'directions.safetensors'), '--coefficient', '-0.5,1'],
        ...['--threads', '1', '--out', 'evaluated'],
      ],
      { cwd },
    );
    expect(evaluated.code, evaluated.stderr).toBe(0);
    expect(said(evaluated.stderr)).toBe(push);
    const summary = readFileSync(at('evaluated', 'evaluate.json'), 'utf8');
    expect(summary).toContain('"name": "stream-tiny@-0.5"');
    expect(summary).toContain('"name": "stream-tiny@1"');
  });

  it('is the unit of a causal test, one layer at a time, and of a sweep that goes on from it', async () => {
    await swept;
    const causal = ['causal', ...small, ...files, '--limit', '1', '--pairs', '1', '--pool', '2'];
    const tested = await call(
      [...causal, '--controls', '0', '--layers', '2', '--direction', 'swept', '--out', 'causal'],
      { cwd },
    );
    expect(tested.code, tested.stderr).toBe(0);
    const { steering } = JSON.parse(readFileSync(at('causal', 'causal.json'), 'utf8')) as {
      steering: { unitValue: number[]; coefficients: number[] };
    };
    const { meanNorms = [] } = await readDirections(at('swept', 'directions.safetensors'));
    expect(steering.unitValue).toEqual([0.75 * (meanNorms[2] ?? NaN)]);
    // By default as much is added as without a saved scale: half a mean norm.
    expect(0.75 * (steering.coefficients[0] ?? NaN)).toBeCloseTo(-0.5, 12);
    const again = ['--direction', 'swept', '--coefficient', '-1,0,1', '--out', 'again'];
    const { code, stderr } = await call([...sweep, ...again], { cwd });
    expect(code, stderr).toBe(0);
    const [first, second] = await Promise.all(
      ['swept', 'again'].map((run) => readSteering(at(run, 'steering.json'))),
    );
    expect(second?.unitValue).toEqual(first?.unitValue);
    expect(second?.direction).toEqual(first?.direction);
    expect(second?.chosen).toMatch(/^layers taken from a saved steering; scale taken/);
  });

  it('pushes the same in the library, to the last digit', async () => {
    await swept;
    await using loaded = await loadLanguageModel({ model, threads: 1 });
    const knob = await openSteering({ model: loaded, from: at('swept') });
    const saved = await readSteering(at('swept', 'steering.json'));
    expect(knob.unitValue).toEqual(saved.unitValue);
    for (const coefficient of [-1, -0.3, 0.7]) {
      const row = rowSteering(knob, coefficient).coefficient;
      expect([...row]).toEqual(
        Array.from(new Float32Array([0, 1, 2].map((layer) => {
          const i = saved.layers.indexOf(layer);
          return i < 0 ? 0 : coefficient * (saved.unitValue[i] ?? NaN);
        }))),
      ); // prettier-ignore
      const { info } = loaded.decoder;
      expect(toSteering(steerBy(knob, coefficient), info).coefficient).toEqual(row);
    }
    await expect(openSteering({ model: loaded })).rejects.toThrow(/tiny has none of its own/);
  });
});

describe('a model’s own steering', () => {
  it('is taken where nothing else is asked for, and nothing is labelled', async () => {
    await swept;
    const own = writeTinyModel(cwd, 'own');
    for (const file of ['steering.json', 'directions.safetensors']) {
      writeFileSync(join(own, file), readFileSync(at('swept', file)));
    }
    const argv = ['align', 'How many?', '--corrector', own, '--upstream', own, '--max-rounds', '1'];
    const push = ['--threads', '1', '--coefficient', '1'];
    const taken = await call([...argv, ...push, '--stimuli', stimuli], { cwd });
    expect(taken.code, taken.stderr).toBe(0);
    expect(taken.stderr).toMatch(/as saved in .*own\/steering\.json/);
    const found = await call(
      [...argv, ...push, '--stimuli', stimuli, '--method', 'mean-difference'],
      { cwd },
    );
    expect(found.stderr).toMatch(/direction found now, no steering\.json/);
    expect(found.stderr).toMatch(/1\.00 mean residual norms in all/);
  });
});

describe('a steering that does not fit', () => {
  const align = ['align', 'How many?', ...small, '--upstream', model, '--max-rounds', '1'];
  const refused = async (direction: string): Promise<string> => {
    const { code, stderr } = await call(
      [...align, '--coefficient', '1', '--direction', direction],
      { cwd },
    );
    expect(code).toBe(1);
    return stderr;
  };
  const copy = (name: string, change: (text: string) => string): string => {
    const to = at(name);
    writeFileSync(`${to}.safetensors`, readFileSync(at('swept', 'directions.safetensors')));
    const text = readFileSync(at('swept', 'steering.json'), 'utf8');
    writeFileSync(`${to}.json`, change(text.replace('directions.safetensors', `${name}.safetensors`))); // prettier-ignore
    return `${to}.json`;
  };

  it('is of another model', async () => {
    await swept;
    const argv = ['align', 'How many?', '--corrector', other, '--upstream', other, '--coefficient', '1']; // prettier-ignore
    const { code, stderr } = await call([...argv, '--direction', 'swept'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /steering: .*steering\.json is of another model than other \(.*\); its hidden states differ by \d+\.\d %; make it anew/,
    );
  });

  it('is of the same model in another file, and fits', async () => {
    await swept;
    const again = at('again');
    cpSync(model, again, { recursive: true });
    // Field 6 of a model is a text about it: other bytes, the same weights.
    const note = Buffer.from('exported anew');
    appendFileSync(join(again, 'onnx', 'model.onnx'), Buffer.from([0x32, note.length, ...note]));
    const argv = ['align', 'How many?', '--coefficient', '1', '--threads', '1', '--json'];
    const pushed = async (corrector: string, direction: string): Promise<string> => {
      const models = ['--corrector', corrector, '--upstream', model, '--layers', '2'];
      const { code, stdout, stderr } = await call([...argv, ...models, '--direction', direction], { cwd }); // prettier-ignore
      expect(code, stderr).toBe(0);
      return (JSON.parse(stdout) as { text: string }).text;
    };
    const expected = await pushed(model, 'swept');
    expect(await pushed(again, 'swept')).toBe(expected);
    // A sweep of it saves what names the new file, and a direction that was found in the old one.
    const { code: resweep, stderr: why } = await call([...sweep, '--corrector', again, '--direction', 'swept', '--coefficient', '-1,0,1', '--out', 'reswept'], { cwd }); // prettier-ignore
    expect(resweep, why).toBe(0);
    expect(why).toContain('direction: found in another file of this model, with the same hidden states'); // prettier-ignore
    expect(await pushed(again, 'reswept')).toBe(expected);
    expect(await pushed(model, 'reswept')).toBe(expected);
    const stored = await readDirections(at('swept', 'directions.safetensors'));
    mkdirSync(at('bare'));
    const bare = at('bare', 'directions.safetensors');
    await saveDirections(bare, stored);
    expect(await pushed(again, bare)).not.toBe('');
    // A file of which nobody knows the states is of its own model alone.
    await saveDirections(bare, { ...stored, signature: undefined });
    const { code, stderr } = await call([...argv, '--corrector', again, '--upstream', model, '--direction', bare], { cwd }); // prettier-ignore
    expect(code).toBe(1);
    expect(stderr).toMatch(/direction: .* was made from another model than again \(.*\); extract it anew/); // prettier-ignore
  });

  it('is not what was saved', async () => {
    await swept;
    const truncated = copy('truncated', (text) => text.slice(0, 100));
    expect(await refused(truncated)).toMatch(/truncated\.json is not JSON; make it anew/);
    const lacking = copy('lacking', (text) => text.replace(/"scale": .*\n/, ''));
    expect(await refused(lacking)).toMatch(/lacking\.json does not fit its shape: scale is missing/); // prettier-ignore
    const scaled = copy('scaled', (text) => text.replace('"scale": 0.75', '"scale": 1.5'));
    expect(await refused(scaled)).toMatch(/scaled\.json says that coefficient 1 adds .* at layer 0/); // prettier-ignore
    const elsewhere = copy('elsewhere', (text) => text.replace('elsewhere.safe', '../else.safe'));
    expect(await refused(elsewhere)).toMatch(/direction\.file is "\.\.\/else/);
    const changed = copy('changed', (text) => text);
    const bytes = readFileSync(at('changed.safetensors'));
    writeFileSync(at('changed.safetensors'), bytes.fill(0, bytes.length - 4));
    expect(await refused(changed)).toMatch(/changed\.json was saved with another changed\.safetensors/); // prettier-ignore
  });
});
