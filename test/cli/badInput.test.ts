/** Bad input: a clear error that says what to do, exit code 1, nothing lost. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveDirections } from '../../src/read/files/directionFile.js';
import { findModel } from '../../src/runtime/modelFiles.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeQuadruples, writeStimuliFile, writeTinyModel } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd);
const stimuli = writeStimuliFile(cwd, 40);
const quadruples = writeQuadruples(cwd, 'test', 4);
const small = ['--threads', '1'];
afterAll(folder.remove);

/** A direction file for a model of this size and hash. */
async function writeDirection(
  name: string,
  of: { layers: number; width: number; hash: string },
): Promise<string> {
  const { layers, width, hash } = of;
  const vectors = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) vectors[layer * width] = 1;
  const path = join(cwd, name);
  await saveDirections(path, {
    directions: {
      method: 'pca',
      layers,
      width,
      vectors,
      explainedVariance: new Array<number>(layers).fill(0),
    },
    origin: { model: 'other', modelSha256: hash, stimuliSha256: '', seed: '0' },
  });
  return path;
}

/** @param expected exit code: 1 failed, 2 called wrongly */
async function fails(argv: readonly string[], message: RegExp, expected = 1): Promise<void> {
  const { code, stdout, stderr } = await call(argv, { cwd });
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^aligner-lab: /m);
  expect(stderr).not.toContain('    at ');
  expect(stdout).toBe('');
  expect(code).toBe(expected);
}

describe('models', () => {
  it('none there: says what was looked for', async () => {
    await fails(
      ['lat-scan', '--corrector', 'no-such'],
      /nothing found for "no-such"[^]*no-such[^]*an \.onnx file/,
    );
  });

  it('not ONNX', async () => {
    const path = join(cwd, 'text.onnx');
    writeFileSync(path, 'this is not a model at all');
    await fails(['instrument', path, '--inspect'], /not.*ONNX/i);
  });

  it('a graph that holds together no more, whichever command reads it', async () => {
    const broken = writeTinyModel(cwd, 'torn');
    const path = findModel(broken).file;
    const text = readFileSync(path, 'latin1');
    expect(text).toContain('unfused/Mul_40');
    writeFileSync(path, text.replace('unfused/Mul_40', 'unfused/MuX_40'), 'latin1');
    await writeDirection('torn.safetensors', { layers: 3, width: 16, hash: '' });
    const message = new RegExp(`^aligner-lab: model: .*nothing makes.* \\(in ${path}\\)`, 'm');
    for (const argv of [
      ['instrument', broken, '--inspect'],
      ['instrument', broken, '--out', 'torn.onnx'],
      ['convert', 'torn.safetensors', '--out', 'torn.gguf', '--model', broken],
      ['lat-scan', '--corrector', broken, '--stimuli', stimuli, ...small],
    ]) {
      await fails(argv, message);
    }
  });

  it('truncated weights', async () => {
    const broken = writeTinyModel(cwd, 'truncated');
    const path = findModel(broken).file;
    writeFileSync(path, readFileSync(path).subarray(0, 5000));
    await fails(
      ['lat-scan', '--corrector', broken, '--stimuli', stimuli],
      /truncated|damaged|cut|not.*ONNX/i,
    );
  });

  it('no tokenizer beside it', async () => {
    const bare = writeTinyModel(cwd, 'bare');
    const file = join(cwd, 'alone', 'model.onnx');
    mkdirSync(join(cwd, 'alone'));
    writeFileSync(file, readFileSync(findModel(bare).file));
    await fails(['lat-scan', '--corrector', file, '--stimuli', stimuli], /has no tokenizer\.json/);
  });
});

describe('stimuli', () => {
  const scan = ['lat-scan', '--corrector', model, ...small, '--stimuli'];

  it('none there', async () => {
    await fails([...scan, 'nowhere.jsonl'], /nowhere\.jsonl: cannot be read: no such file/);
  });

  it('a bad line: file and line', async () => {
    const lines = readFileSync(stimuli, 'utf8').split('\n');
    const path = join(cwd, 'bad-line.jsonl');
    writeFileSync(
      path,
      [...lines.slice(0, 2), '{"id": "s2", "label":', ...lines.slice(3)].join('\n'),
    );
    await fails([...scan, path], /bad-line\.jsonl:3: /);
  });

  it('an unknown label: file and line', async () => {
    const lines = readFileSync(stimuli, 'utf8').split('\n');
    const path = join(cwd, 'bad-label.jsonl');
    const second = (lines[1] ?? '').replace(/"label":"\w+"/, '"label":"maybe"');
    writeFileSync(path, [lines[0], second, ...lines.slice(2)].join('\n'));
    await fails([...scan, path], /bad-label\.jsonl:2: unknown label/);
  });

  it('one class only', async () => {
    await fails(
      [...scan, writeStimuliFile(cwd, 40, 'copy')],
      /too few stimuli labelled correct \(.*got 0 correct and \d+ copy in train/,
    );
  });

  it('fewer than two', async () => {
    await fails(
      [...scan, writeStimuliFile(cwd, 1)],
      /too few stimuli labelled correct and copy \(.*got .* in train/,
    );
  });

  it('an empty file', async () => {
    const path = join(cwd, 'empty.jsonl');
    writeFileSync(path, '');
    await fails(
      [...scan, path],
      /too few stimuli .*got 0 correct and 0 copy in train, 0 correct and 0 copy in heldOut/,
    );
  });
});

describe('directions and layers', () => {
  const sweep = ['sweep', '--mode', 'fixed', '--corrector', model, ...small, '--controls', '0'];
  const data = (): string[] => [
    '--stimuli',
    stimuli,
    '--problems',
    quadruples,
    '--validation',
    writeQuadruples(cwd, 'validation', 4),
  ];
  let all: string[];
  beforeAll(() => {
    all = [...sweep, ...data()];
  });

  it('of another width', async () => {
    const path = await writeDirection('wide.safetensors', { layers: 3, width: 32, hash: '' });
    await fails([...all, '--direction', path], /width 32 does not fit .*expected 16/);
  });

  it('of another model', async () => {
    const path = await writeDirection('other.safetensors', {
      layers: 3,
      width: 16,
      hash: 'f'.repeat(64),
    });
    await fails([...all, '--direction', path], /made from another model/);
  });

  it('no direction file at all', async () => {
    await fails([...all, '--direction', quadruples], /test\.jsonl/);
  });

  it('an unknown layer', async () => {
    await fails([...all, '--layers', '9'], /unknown layer 9 \(expected 0 … 2/, 2);
  });

  it('a stimulus or a problem that does not exist', async () => {
    const scan = ['lat-scan', '--corrector', model, '--stimuli', stimuli, '--cases', 's999'];
    await fails(scan, /no held-out stimulus s999/, 2);
    await fails(['align', '--problem', 'no-such'], /no problem has the id "no-such"/, 2);
    const generate = ['generate', 'x', '--model', model, '--layers', '9'];
    const direction = await writeDirection('fits.npy', { layers: 3, width: 16, hash: '' });
    await fails([...generate, '--direction', direction], /layers?:? .*9/, 2);
    const causal = ['causal', '--corrector', model, ...data(), '--layers', '9', '--limit', '2'];
    await fails(causal, /no direction at layer 9 \(expected layers of 0 … 2/, 2);
  });

  it('a problem in both files', async () => {
    await fails(
      [...sweep, '--stimuli', stimuli, '--problems', quadruples, '--validation', quadruples],
      /is in validation and test data/,
    );
  });
});

describe('run folders', () => {
  const extract = ['extract', '--corrector', model, '--stimuli', stimuli, ...small];

  it('unwritable: a file is in the way', async () => {
    writeFileSync(join(cwd, 'taken'), '');
    await fails([...extract, '--out', 'taken/run'], /cannot create .*taken\/run/);
  });

  it('another run’s: says what differs, and leaves it alone', async () => {
    const first = await call([...extract, '--out', 'mine'], { cwd });
    expect(first.code).toBe(0);
    const before = readFileSync(join(cwd, 'mine', 'manifest.json'), 'utf8');
    await fails(
      [...extract, '--seed', '1', '--out', 'mine'],
      /holds another run: seeds\.seed differs/,
    );
    expect(readFileSync(join(cwd, 'mine', 'manifest.json'), 'utf8')).toBe(before);
  });

  it('not a run: says what is there', async () => {
    mkdirSync(join(cwd, 'photos'));
    writeFileSync(join(cwd, 'photos', 'cat.jpg'), '');
    await fails([...extract, '--out', 'photos'], /not empty and holds no run \(found cat\.jpg\)/);
  });
});

describe('--debug', () => {
  it('shows where an error comes from, and only then', async () => {
    const argv = ['lat-scan', '--corrector', 'no-such'];
    expect((await call(argv, { cwd })).stderr).not.toContain('    at ');
    expect((await call([...argv, '--debug'], { cwd })).stderr).toContain('    at ');
  });
});
