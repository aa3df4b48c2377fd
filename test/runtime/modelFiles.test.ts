import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDecoder } from '../../src/onnx/inspect.js';
import { serializeModel } from '../../src/onnx/model.js';
import { parseDevice } from '../../src/runtime/device.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { findModel } from '../../src/runtime/modelFiles.js';
import { loadTokenizer } from '../../src/runtime/tokenizer.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { temporaryFolder, writeModel } from './models.js';

const { path: folder, remove } = temporaryFolder();
afterAll(remove);
const model = writeModel(folder, 'small', Uint8Array.of(1, 2, 3));

describe('findModel', () => {
  it('takes a folder, a file, or an embedded name', () => {
    const file = join(model, 'onnx', 'model.onnx');
    const found = { name: 'small', folder: model, file, source: model };
    expect(findModel(model)).toEqual(found);
    expect(findModel('small', folder)).toEqual(found);
    writeFileSync(join(folder, 'small', 'config.json'), '{}');
    expect(findModel(file)).toEqual({ ...found, name: 'model' });
  });

  it('says what it looked for', () => {
    expect(() => findModel('none', folder)).toThrow(join(folder, 'none'));
    expect(() => findModel('none', folder)).toThrow('Embedded models: small');
    mkdirSync(join(folder, 'hollow'));
    expect(() => findModel('hollow', folder)).toThrow(join('hollow', 'onnx', 'model.onnx'));
  });
});

describe('loadDecoder', () => {
  it('refuses a file that is not ONNX, and names it', async () => {
    await expect(loadDecoder({ model })).rejects.toThrow(join(model, 'onnx', 'model.onnx'));
  });

  it('refuses a file that is cut off, and one that is no decoder', async () => {
    const bytes = tinyDecoder();
    const cut = writeModel(folder, 'cut', bytes.subarray(0, bytes.length - 1000));
    await expect(loadDecoder({ model: cut })).rejects.toThrow(/cut off .*model\.onnx/s);
    const { parsed } = readDecoder(bytes);
    parsed.graph.input = parsed.graph.input.filter(({ name }) => !name.startsWith('past'));
    const other = writeModel(folder, 'other', serializeModel(parsed.model));
    await expect(loadDecoder({ model: other })).rejects.toThrow(/^(?!.*cut off).*model\.onnx/s);
  });

  it('refuses a device and a number of threads that do not exist', async () => {
    await expect(loadDecoder({ model, threads: 0 })).rejects.toThrow(/threads/);
    expect(() => parseDevice('tpu')).toThrow(/unknown device "tpu" \(expected cpu, cuda/);
  });
});

describe('loadTokenizer', () => {
  it('names the files it lacks', async () => {
    await expect(loadTokenizer(model)).rejects.toThrow(/tokenizer\.json and no tokenizer_config/);
  });
});
