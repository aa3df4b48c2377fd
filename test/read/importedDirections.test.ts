/** Directions of other tools as numpy and safetensors, and the formats into each other. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/math/random.js';
import { formatDirections, parseDirections } from '../../src/read/files/directionFile.js';
import { absentLayers, directionAt } from '../../src/read/directions.js';
import { fromBfloat16, fromFloat16 } from '../../src/tensors/float16.js';
import { importWarnings } from '../../src/read/files/importedDirections.js';
import { readNpy, writeNpy } from '../../src/read/files/npy.js';
import { writeSafetensors } from '../../src/tensors/safetensors.js';
import type { StoredDirections } from '../../src/read/files/storedDirections.js';
import { bytesOf, npyFile, type Item } from './bytes.js';

const header = (type: string, shape: string): string =>
  `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }\n`;
const f32 = (...values: number[]): Item[] => values.map((value) => ({ f32: value }));

describe('two-byte floats', () => {
  it('stand for the numbers of IEEE 754', () => {
    const cases: [number, number][] = [
      [0x0000, 0], [0x8000, -0], [0x3c00, 1], [0xc000, -2], [0x3555, 0.333251953125],
      [0x7bff, 65504], [0x0400, 2 ** -14], [0x03ff, 1023 * 2 ** -24], [0x0001, 2 ** -24],
      [0x7c00, Infinity], [0xfc00, -Infinity], [0x7e00, NaN],
    ]; // prettier-ignore
    for (const [bits, number] of cases) expect(fromFloat16(bits)).toBe(number);
    expect(fromBfloat16(0xc049)).toBe(-3.140625);
  });
});

describe('npy', () => {
  it('is written as numpy writes it', () => {
    const bytes = writeNpy({ rows: 1, columns: 2, values: Float32Array.of(1, -2) });
    const dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
    expect(bytes).toEqual(npyFile(`${dict.padEnd(117)}\n`, ...f32(1, -2)));
    expect(readNpy(bytes, 'f')).toEqual({ rows: 1, columns: 2, values: Float32Array.of(1, -2) });
  });

  it('is read as float16, float32, float64, of versions 1 to 3', () => {
    const half = npyFile(header('<f2', '1, 2'), { u16: 0x3c00 }, { u16: 0xc000 });
    expect([...readNpy(half, 'f').values]).toEqual([1, -2]);
    const double = npyFile(header('<f8', '2, 1'), { f64: 0.1 }, { f64: -2 });
    expect(readNpy(double, 'f')).toEqual({ rows: 2, columns: 1, values: Float64Array.of(0.1, -2) });
    const text = header('<f4', '1, 1');
    const third = bytesOf({ u8: 0x93 }, 'NUMPY', { u8: 3 }, { u8: 0 }, { u32: text.length }, text, { f32: 5 }); // prettier-ignore
    expect([...readNpy(third, 'f').values]).toEqual([5]);
  });

  const fortran = header('<f4', '1, 1').replace('False', 'True');
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty', new Uint8Array(), /not a npy file/],
    ['another format', bytesOf('PK and a zip of arrays'), /not a npy file/],
    ['version 9', npyFile('nothing\n').map((byte, i) => (i === 6 ? 9 : byte)), /npy version 9/],
    ['a long header', bytesOf(npyFile('').subarray(0, 8), { u16: 999 }), /header length 999 exceeds/],
    ['no dict', npyFile('nothing\n'), /no descr, fortran_order and shape/],
    ['big-endian', npyFile(header('>f4', '1, 1'), ...f32(1)), /type >f4 \(expected <f2, <f4, <f8\)/],
    ['integers', npyFile(header('<i8', '1, 1'), { f64: 1 }), /type <i8/],
    ['objects', npyFile(header('|O', '1, 1'), ...f32(1)), /type \|O/],
    ['an inherited name', npyFile(header('toString', '1, 1'), ...f32(1)), /type toString/],
    ['records', npyFile(header('x', '1, 1').replace("'x'", "[('a', '<f4')]"), ...f32(1)), /type \[\('a'/],
    ['Fortran order', npyFile(fortran, ...f32(1)), /Fortran order \(expected C order\)/],
    ['one dimension', npyFile(header('<f4', '2,'), ...f32(1, 2)), /shape \(2\) \(expected two dimensions/],
    ['three dimensions', npyFile(header('<f4', '1, 1, 1'), ...f32(1)), /shape \(1, 1, 1\)/],
    ['too few numbers', npyFile(header('<f4', '2, 2'), ...f32(1)), /needs 16 bytes of data, got 4/],
    ['too many numbers', npyFile(header('<f4', '1, 1'), ...f32(1, 2)), /needs 4 bytes of data, got 8/],
    ['absurd sizes', npyFile(header('<f4', '9999999999, 9999999999'), ...f32(1)), /truncated or damaged/],
    ['absurdly empty', npyFile(header('<f4', '99999999, 0')), /99999999 layers of width 0/],
    ['not finite', npyFile(header('<f4', '1, 1'), ...f32(Infinity)), /layer 0 has numbers that are not finite/],
  ]; // prettier-ignore

  it.each(cases)('%s: an error that names the file', (_, bytes, message) => {
    expect(() => parseDirections(bytes, 'bad.npy')).toThrow(message);
    expect(() => parseDirections(bytes, 'bad.npy')).toThrow(/^bad\.npy: /);
  });

  it('cut or changed anywhere: a direction, or an error that names the file', () => {
    const random = createRandom('npy fuzz');
    const whole = npyFile(header('<f4', '2, 2'), ...f32(1, 2, 3, 4));
    for (let i = 0; i < 3000; i++) {
      const bytes = whole.slice(0, i % 4 === 0 ? random.integer(whole.length) : whole.length);
      if (bytes.length > 0) bytes[random.integer(bytes.length)] = random.integer(256);
      try {
        parseDirections(bytes, 'bad.npy');
      } catch (error) {
        expect(String(error)).toMatch(/^Error: bad\.npy: /);
      }
    }
  });
});

describe('imported directions', () => {
  const matrix = npyFile(header('<f4', '3, 2'), ...f32(0, 0, 3, 4, 0, 1));

  it('are unit rows by layer, with their norms kept and rows of zeros absent', () => {
    const { directions, imported } = parseDirections(matrix, 'a.npy');
    expect([...directions.vectors]).toEqual([0, 0, 0.6, 0.8, 0, 1].map(Math.fround));
    expect(absentLayers(directions)).toEqual([0]);
    expect(imported).toEqual({ format: 'npy', norms: [0, 5, 1] });
  });

  it('come back from the lab’s own format, and from there as they were', () => {
    const read = parseDirections(matrix, 'a.npy');
    const kept = parseDirections(formatDirections(read), 'a.safetensors');
    expect(kept).toEqual(read);
    expect(readNpy(formatDirections(kept, 'npy'), 'f').values).toEqual(
      Float32Array.of(0, 0, 3, 4, 0, 1),
    );
  });

  it('are refused where their norms are missing or damaged', () => {
    const text = Buffer.from(formatDirections(parseDirections(matrix, 'a.npy'))).toString('latin1');
    for (const norms of ['0,0,1', '1,5,1', '0,x,1', '0,5']) {
      // As long as before, so that nothing else moves.
      const other = text.replace('"0,5,1"', `"${norms}"${' '.repeat(5 - norms.length)}`);
      expect(() => parseDirections(Buffer.from(other, 'latin1'), 'a.safetensors')).toThrow(
        /^a\.safetensors: says that it was imported, but not from what or with which norms/,
      );
    }
  });

  it('cut or changed anywhere as safetensors: a direction, or an error that names the file', () => {
    const random = createRandom('safetensors fuzz');
    const whole = formatDirections(parseDirections(matrix, 'a.npy'));
    for (let i = 0; i < 3000; i++) {
      const bytes = whole.slice(0, i % 4 === 0 ? random.integer(whole.length) : whole.length);
      if (bytes.length > 0) bytes[random.integer(bytes.length)] = random.integer(256);
      try {
        parseDirections(bytes, 'bad.safetensors');
      } catch (error) {
        expect(String(error)).toMatch(/^Error: bad\.safetensors: /);
      }
    }
  });

  it('of safetensors: one tensor, or one per layer', () => {
    const whole = writeSafetensors({
      tensors: new Map([['directions', { shape: [2, 2], values: Float32Array.of(0, 2, 1, 0) }]]),
      metadata: {},
    });
    expect(parseDirections(whole, 'a.safetensors').imported?.norms).toEqual([2, 1]);
    const each = writeSafetensors({
      tensors: new Map([
        ['direction.2', { shape: [2], values: Float32Array.of(0, 2) }],
        ['bias', { shape: [1], values: Float32Array.of(9) }],
      ]),
      metadata: {},
    });
    const { directions } = parseDirections(each, 'a.safetensors', { layers: 4 });
    expect(directions.layers).toBe(4);
    expect([...directionAt(directions, 2)]).toEqual([0, 1]);
    expect(absentLayers(directions)).toEqual([0, 1, 3]);
  });

  it('keep unit rows bit for bit through every format', () => {
    const vectors = new Float32Array(3 * 32);
    for (const l of [0, 1, 2]) vectors.set(createRandom(l).unitVector(32), l * 32);
    const ours: StoredDirections = {
      directions: { method: 'pca', layers: 3, width: 32, vectors, explainedVariance: [] },
      origin: { model: '', modelSha256: '', stimuliSha256: '', seed: '' },
    };
    const numpy = parseDirections(formatDirections(ours, 'npy'), 'a.npy');
    expect(numpy.directions.vectors).toEqual(vectors);
    const gguf = parseDirections(formatDirections(numpy, 'gguf'), 'a.gguf');
    expect(gguf.directions.vectors.subarray(32)).toEqual(vectors.subarray(32));
  });

  it('warn of what is not known, and only they', () => {
    const [maker, norms, absent] = importWarnings(parseDirections(matrix, 'a.npy'), 'a.npy');
    expect(maker).toMatch(/^a\.npy: made by another tool.*layers and width.*sign is its maker/);
    expect(norms).toMatch(/norms 1\.00 … 5\.00 were made 1 per layer/);
    expect(absent).toMatch(/no direction for layer 0/);
    const own = parseDirections(matrix, 'a.npy');
    delete own.imported;
    own.directions.vectors.fill(0.5);
    expect(importWarnings(own, 'a')).toEqual([]);
  });
});
