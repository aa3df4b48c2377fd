/** GGUF control vectors: what others write, what we write, and what is hostile. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/math/random.js';
import { norm } from '../../src/math/linear.js';
import {
  formatControlVector,
  parseControlVector,
  writtenLayers,
} from '../../src/read/files/controlVector.js';
import { parseDirections } from '../../src/read/files/directionFile.js';
import { absentLayers, directionAt } from '../../src/read/directions.js';
import { readGguf } from '../../src/read/files/gguf.js';
import { writeGguf } from '../../src/read/files/ggufWriter.js';
import { checkFits, type StoredDirections } from '../../src/read/files/storedDirections.js';
import { bytesOf, ggufText, vectorFile, type Item } from './bytes.js';

const uint32 = (value: number) => [{ u32: 4 }, { u32: value }];
const int32 = (value: number) => [{ u32: 5 }, { i32: value }];
const one = { name: 'direction.1', values: [0, 1] };
const two = { name: 'direction.2', values: [1, 0] };

/** As repeng writes them: the last layer first. */
const repeng = vectorFile({ layerCount: uint32(2), tensors: [two, one] });
const generated = vectorFile({ layerCount: int32(2), tensors: [one, two] });

function stored(layers = 4, width = 8): StoredDirections {
  const random = createRandom('control vectors');
  const vectors = new Float32Array(layers * width);
  for (let l = 0; l < layers; l++) vectors.set(random.unitVector(width), l * width);
  return {
    directions: { method: 'probe', layers, width, vectors, explainedVariance: [] },
    origin: { model: 'small', modelSha256: 'ab', stimuliSha256: 'cd', seed: '7' },
  };
}

describe('control vectors of others', () => {
  it('of repeng: direction.i is the output of block i, and layer 0 is absent', () => {
    const { directions, imported, origin } = parseControlVector(repeng, 'f');
    expect(imported?.convention).toBe('repeng');
    expect([...directions.vectors]).toEqual([0, 0, 0, 1, 1, 0]);
    expect(absentLayers(directions)).toEqual([0]);
    expect(directions.method).toBe('imported');
    expect(origin).toEqual({ model: 'llama', modelSha256: '', stimuliSha256: '', seed: '' });
  });

  it('of cvector-generator: one block earlier, and the last layer is absent', () => {
    const { directions, imported } = parseControlVector(generated, 'f');
    expect(imported?.convention).toBe('cvector-generator');
    expect([...directions.vectors]).toEqual([0, 1, 1, 0, 0, 0]);
  });

  it('are read in the convention that is given', () => {
    const as = parseControlVector(generated, 'f', { convention: 'repeng' });
    expect(as.directions.vectors).toEqual(parseControlVector(repeng, 'f').directions.vectors);
    const zero = vectorFile({ layerCount: uint32(1), tensors: [{ ...one, name: 'direction.0' }] });
    expect(parseControlVector(zero, 'f').directions.layers).toBe(1);
    expect(() => parseControlVector(zero, 'f', { convention: 'cvector-generator' })).toThrow(
      /^f: has direction\.0, which cvector-generator never writes/,
    );
  });

  it('have as many layers as the model, where it is known', () => {
    expect(parseControlVector(repeng, 'f', { layers: 6 }).directions.layers).toBe(6);
    expect(() => parseControlVector(repeng, 'f', { layers: 2 })).toThrow(
      /has a direction for layer 2, but layers end at 1; was it made for another model/,
    );
  });

  it('get unit norm, with their norms kept; rows of zeros are absent', () => {
    const file = vectorFile({
      tensors: [
        { name: 'direction.1', values: [3, 4] },
        { name: 'direction.2', values: [0, 0] },
        { name: 'direction.3', values: [1, 0] },
      ],
    });
    const { directions, imported } = parseControlVector(file, 'f');
    expect(imported?.norms).toEqual([0, 5, 0, 1]);
    expect(absentLayers(directions)).toEqual([0, 2]);
    expect(directionAt(directions, 1)).toEqual(Float32Array.of(0.6, 0.8));
  });

  it('may have other versions and values', () => {
    const wide = vectorFile({
      layerCount: uint32(1),
      extra: [
        [ggufText('a.list'), { u32: 9 }, { u32: 8 }, { u64: 2 }, ggufText('x'), ggufText('yz')],
        [ggufText('a.grid'), { u32: 9 }, { u32: 9 }, { u64: 1 }, { u32: 0 }, { u64: 3 }, 'abc'],
        [ggufText('a.float'), { u32: 12 }, { f64: 0.5 }],
        [ggufText('a.flag'), { u32: 7 }, { u8: 1 }],
      ],
      tensors: [one],
    });
    const { metadata } = readGguf(wide, 'f');
    expect(metadata.get('a.float')).toEqual({ type: 'float64', value: 0.5 });
    expect(metadata.get('a.flag')).toEqual({ type: 'bool', value: true });
    expect(metadata.get('a.list')).toEqual({ type: 'array', value: null });
    const older = repeng.slice();
    older[4] = 2;
    expect(parseControlVector(older, 'f')).toEqual(parseControlVector(repeng, 'f'));
  });
});

describe('control vectors that are written', () => {
  it('have the bytes of the specification', () => {
    const tensors = new Map([['direction.1', Float32Array.of(0, 1)]]);
    const metadata = new Map([
      ['general.architecture', { type: 'string', value: 'controlvector' }],
      ['controlvector.model_hint', { type: 'string', value: 'llama' }],
      ['controlvector.layer_count', { type: 'int32', value: 1 }],
    ] as const);
    expect(writeGguf({ metadata, tensors })).toEqual(
      vectorFile({ layerCount: int32(1), tensors: [one] }),
    );
  });

  it.each(['repeng', 'cvector-generator'] as const)(
    'come back as they were, but for the layer that %s leaves out',
    (convention) => {
      const given = stored();
      const left = convention === 'repeng' ? 0 : 3;
      const back = parseControlVector(formatControlVector(given, convention), 'f');
      expect(absentLayers(back.directions)).toEqual([left]);
      expect(writtenLayers(given, convention)).not.toContain(left);
      const expected = given.directions.vectors.slice();
      expected.fill(0, left * 8, (left + 1) * 8);
      expect(back).toEqual({
        directions: { ...given.directions, vectors: expected },
        origin: given.origin,
      });
    },
  );

  it('name layers as the convention does, none of them 0', () => {
    const names = (convention: 'repeng' | 'cvector-generator'): string[] => [
      ...readGguf(formatControlVector(stored(), convention), 'f').tensors.keys(),
    ];
    expect(names('repeng')).toEqual(['direction.1', 'direction.2', 'direction.3']);
    expect(names('cvector-generator')).toEqual(names('repeng'));
    expect(() => formatControlVector(stored(1), 'repeng')).toThrow(/no layer to write as GGUF/);
  });

  it('keep the norms of others, and where they were measured', () => {
    const far = vectorFile({
      layerCount: int32(1),
      tensors: [
        { name: 'direction.2', values: [3, 4] },
        { name: 'direction.3', values: [0, -2] },
      ],
    });
    const read = parseControlVector(far, 'f');
    const back = parseControlVector(formatControlVector(read, 'repeng'), 'g');
    expect(back.imported?.convention).toBe('repeng');
    expect(back.directions).toEqual(read.directions);
    expect(back.imported?.norms.map((n) => Math.fround(n))).toEqual([0, 5, 2, 0]);
  });

  it('are still checked against the model, if they are ours', () => {
    const model = { source: 'm', layers: 4, width: 8, sha256: 'ef' };
    const ours = parseControlVector(formatControlVector(stored(), 'repeng'), 'f');
    expect(() => checkFits(ours, model)).toThrow(/made from another model than m/);
    expect(() => checkFits(ours, { ...model, sha256: 'ab' })).not.toThrow();
    const theirs = parseControlVector(repeng, 'f', { layers: 4 });
    expect(() => checkFits(theirs, { ...model, width: 2 })).not.toThrow();
    expect(() => checkFits(theirs, model)).toThrow(/width 2 does not fit model m \(expected 8\)/);
  });
});

describe('hostile GGUF files', () => {
  const huge = 2 ** 60;
  const start = (...items: readonly Item[]) => bytesOf('GGUF', { u32: 3 }, ...items);
  const key = (...items: readonly Item[]) => start({ u64: 0 }, { u64: 1 }, ggufText('k'), ...items);
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty', new Uint8Array(), /not a GGUF file/],
    ['another format', bytesOf('PK\x03\x04 and more of it'), /not a GGUF file/],
    ['version 1', bytesOf('GGUF', { u32: 1 }), /GGUF version 1 \(expected 2 or 3/],
    ['big-endian', bytesOf('GGUF', { u32: 0x03000000 }), /big-endian/],
    ['too many tensors', start({ u64: huge }, { u64: 0 }), /claims 1152921504606846976 tensors/],
    ['too many values', start({ u64: 0 }, { u64: huge }), /claims 1152921504606846976 values/],
    ['a long key', start({ u64: 0 }, { u64: 1 }, { u64: huge }), /bytes of a key \(expected at most/],
    ['a text beyond the end', key({ u32: 8 }, { u64: 99 }, 'x'), /ends within k \(99 bytes/],
    ['an unknown type', key({ u32: 77 }), /key k has the unknown type 77/],
    ['an array beyond the end', key({ u32: 9 }, { u32: 12 }, { u64: 2 ** 50 }), /ends within k/],
    ['an endless array', key({ u32: 9 }, { u32: 8 }, { u64: huge }), /claims .* items of k/],
    ['nested arrays', key({ u32: 9 }, ...Array.from({ length: 9 }, () => [{ u32: 9 }, { u64: 1 }]).flat()), /nests arrays too deeply/],
    ['a key twice', start({ u64: 0 }, { u64: 2 }, ggufText('k'), { u32: 7 }, { u8: 0 }, ggufText('k'), { u32: 7 }, { u8: 0 }), /key k is there twice/],
    ['a model', vectorFile({ architecture: 'llama', tensors: [] }), /architecture llama \(expected controlvector\)/],
    ['no tensor', vectorFile({ tensors: [] }), /0 layers of width 0/],
    ['a tensor twice', vectorFile({ tensors: [one, one] }), /direction\.1 is there twice/],
    ['another tensor', vectorFile({ tensors: [{ ...one, name: 'output.weight' }] }), /output\.weight of shape \[2\] \(expected direction/],
    ['a signed index', vectorFile({ tensors: [{ ...one, name: 'direction.-1' }] }), /direction\.-1 of shape/],
    ['a distant layer', vectorFile({ tensors: [{ ...one, name: 'direction.99999' }] }), /100000 layers of width 2 \(expected 1 … 1024/],
    ['a matrix', vectorFile({ tensors: [{ ...one, shape: [1, 2] }] }), /of shape \[1, 2\]/],
    ['many dimensions', vectorFile({ tensors: [{ ...one, shape: [1, 1, 1, 1, 2] }] }), /has 5 dimensions/],
    ['a wide tensor', vectorFile({ tensors: [{ ...one, shape: [2 ** 40] }] }), /layers of width 1099511627776 \(expected/],
    ['a tensor beyond the end', vectorFile({ tensors: [{ ...one, offset: 4096 }] }), /direction\.1 ends at byte .*truncated/],
    ['float16', vectorFile({ tensors: [{ ...one, type: 1 }] }), /direction\.1 has type 1 \(expected 0, float32\)/],
    ['widths that differ', vectorFile({ tensors: [one, { name: 'direction.2', values: [1] }] }), /layer 2 has width 1, others 2/],
    ['not a number', vectorFile({ tensors: [{ ...one, values: [NaN, 1] }] }), /layer 1 has numbers that are not finite/],
    ['only zeros', vectorFile({ tensors: [{ ...one, values: [0, 0] }] }), /no direction in it/],
    ['a wrong alignment', vectorFile({ extra: [[ggufText('general.alignment'), ...uint32(7)]], tensors: [one] }), /alignment 7 \(expected a multiple of 8/],
    ['an unknown convention', vectorFile({ extra: [[ggufText('aligner_lab.convention'), { u32: 8 }, ggufText('odd')]], tensors: [one] }), /unknown convention odd/],
    ['absurd layers', vectorFile({ extra: [[ggufText('aligner_lab.layers'), ...uint32(2 ** 31)]], tensors: [one] }), /2147483648 layers of width 2/],
  ]; // prettier-ignore

  it.each(cases)('%s: an error that names the file', (_, bytes, message) => {
    expect(() => parseControlVector(bytes, 'bad.gguf')).toThrow(message);
    expect(() => parseControlVector(bytes, 'bad.gguf')).toThrow(/^bad\.gguf: /);
  });

  it('cut or changed anywhere: a direction of unit rows, or an error that names the file', () => {
    const random = createRandom('gguf fuzz');
    const whole = formatControlVector(stored(), 'repeng');
    for (let i = 0; i < 3000; i++) {
      const bytes = whole.slice(0, random.integer(4) === 0 ? random.integer(whole.length) : whole.length); // prettier-ignore
      for (let n = random.integer(4); n >= 0; n--) {
        if (bytes.length > 0) bytes[random.integer(bytes.length)] = random.integer(256);
      }
      expectSound(() => parseDirections(bytes, 'bad.gguf'));
    }
  });
});

function expectSound(parse: () => StoredDirections): void {
  let read: StoredDirections;
  try {
    read = parse();
  } catch (error) {
    expect(String(error)).toMatch(/^Error: bad\.gguf: /);
    return;
  }
  const { directions } = read;
  for (let layer = 0; layer < directions.layers; layer++) {
    const length = norm(directionAt(directions, layer));
    if (length !== 0) expect(Math.abs(length - 1)).toBeLessThan(2e-3);
  }
}
