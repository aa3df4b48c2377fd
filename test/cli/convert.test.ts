/** `aligner-lab convert`, and imported directions in the commands that steer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/math/random.js';
import { parseDirections } from '../../src/read/files/directionFile.js';
import { writeNpy } from '../../src/read/files/npy.js';
import { vectorFile } from '../read/bytes.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeQuadruples, writeStimuliFile, writeTinyModel } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd);
afterAll(folder.remove);

/** For the tiny model: 3 layers of width 16. */
const unit = (seed: number): number[] => [...createRandom(seed).unitVector(16)];
const tensors = [
  { name: 'direction.1', values: unit(1).map((x) => 4 * x) },
  { name: 'direction.2', values: unit(2) },
];
writeFileSync(join(cwd, 'cv.gguf'), vectorFile({ layerCount: [{ u32: 5 }, { i32: 2 }], tensors }));
writeFileSync(join(cwd, 'theirs.gguf'), vectorFile({ tensors }));
writeFileSync(
  join(cwd, 'whole.npy'),
  writeNpy({ rows: 3, columns: 16, values: Float32Array.from([3, 4, 5].flatMap(unit)) }),
);

describe('convert', () => {
  it('says what it read and wrote', async () => {
    const { code, stdout, stderr } = await call(
      ['convert', 'cv.gguf', '--out', 'out/cv.safetensors', '--model', model],
      { cwd },
    );
    expect(stderr).toMatch(/^warning: cv\.gguf: made by another tool.*sign is its maker/);
    expect(code).toBe(0);
    expect(stdout).toContain('cv.gguf: gguf of another tool, for llama');
    expect(stdout).toContain('3 of width 16, none for layer 2');
    expect(stdout).toMatch(
      /convention .*cvector-generator: direction\.i is the output of block i − 1/,
    );
    expect(stdout).toContain('norms      1.00 … 4.00');
    expect(stdout).toMatch(/written +out\/cv\.safetensors: safetensors, norms made 1/);
  });

  it('gives the same as JSON, and back to GGUF where it was measured', async () => {
    const argv = ['convert', 'cv.gguf', '--out', 'back.gguf', '--json'];
    const { stdout } = await call(argv, { cwd });
    const summary: unknown = JSON.parse(stdout);
    expect(summary).toMatchObject({
      from: { format: 'gguf', convention: 'cvector-generator', layers: 3, width: 16, absent: [2] },
      to: { file: 'back.gguf', format: 'gguf', convention: 'repeng', leftOut: [0] },
    });
    const back = parseDirections(readFileSync(join(cwd, 'back.gguf')), 'back.gguf');
    expect(back.imported?.convention).toBe('repeng');
    expect([...back.directions.vectors.subarray(16, 32)]).toEqual(unit(2));
  });

  it.each([
    ['no --out', ['cv.gguf'], /no --out/, 2],
    ['a convention of no GGUF', ['whole.npy', '--out', 'x.gguf', '--convention', 'repeng'], /--convention is of \.gguf files \(got whole\.npy\)/, 2],
    ['an unknown convention', ['cv.gguf', '--out', 'x.npy', '--convention', 'odd'], /expected one of auto, repeng, cvector-generator/, 2],
    ['an unknown ending', ['cv.gguf', '--out', 'x.pt'], /x\.pt ends in no known format/, 1],
    ['a missing file', ['none.npy', '--out', 'x.gguf'], /cannot read .*none\.npy/, 1],
    ['a folder', ['.', '--out', 'x.gguf'], /cannot read/, 1],
  ] as [string, string[], RegExp, number][])('%s: refused', async (_, argv, message, expected) => {
    const { code, stderr, stdout } = await call(['convert', ...argv], { cwd });
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
    expect(stdout).toBe('');
  }); // prettier-ignore

  it('refuses a model of another size', async () => {
    writeFileSync(
      join(cwd, 'four.npy'),
      writeNpy({ rows: 4, columns: 16, values: Float32Array.from([1, 2, 3, 4].flatMap(unit)) }),
    );
    const argv = ['convert', 'four.npy', '--out', 'x.safetensors', '--model', model];
    const { code, stderr } = await call(argv, { cwd });
    expect(stderr).toMatch(/4 layers do not fit .*expected 3.*is the first row the embeddings/);
    expect(code).toBe(1);
  });
});

describe('sweep with an imported direction', () => {
  const data = ['--stimuli', writeStimuliFile(cwd, 40), '--threads', '1'];
  const problems = [
    '--problems',
    writeQuadruples(cwd, 'test', 4),
    '--validation',
    writeQuadruples(cwd, 'validation', 4),
  ];
  const quick = ['--controls', '1', '--coefficients', '-1,-0.5,0,0.5,1', '--scale', '0.125'];
  const sweep = (...argv: string[]) =>
    call(['sweep', '--mode', 'fixed', '--model', model, ...data, ...problems, ...quick, ...argv], {
      cwd,
    });

  it('runs, with a warning of what is not checked', async () => {
    const { code, stderr } = await sweep('--direction', 'theirs.gguf', '--layers', '1');
    expect(stderr).toMatch(/warning: \S*theirs\.gguf: made by another tool.*layers and width/);
    expect(stderr).toMatch(/warning: \S*theirs\.gguf: read as numbered by repeng/);
    expect(stderr).toMatch(/warning: \S*theirs\.gguf: norms 1\.00 … 4\.00 were made 1/);
    expect(stderr).toMatch(/warning: \S*theirs\.gguf: no direction for layer 0/);
    expect(stderr).not.toMatch(/^aligner-lab: /m);
    expect(code).toBe(0);
  });

  it('runs with one of every layer', async () => {
    const { code, stderr } = await sweep('--direction', 'whole.npy', '--layers', '0,1,2');
    expect(stderr).not.toMatch(/^aligner-lab: /m);
    expect(code).toBe(0);
  });

  it('refuses to steer a layer that it lacks', async () => {
    const { code, stderr } = await sweep('--direction', 'theirs.gguf', '--layers', '0,1');
    expect(stderr).toMatch(/theirs\.gguf has none for layer 0; give --layers without it/);
    expect(code).toBe(2);
  });
});
