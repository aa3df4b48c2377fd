/** Names out of files may have any length; errors that hold one stay a sentence. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatSteering, locateDirection } from '../../src/read/files/steeringFile.js';
import { parseGivenStimuli } from '../../src/read/givenStimuli.js';
import { openRun } from '../../src/record/run.js';
import { checked } from '../../src/shape/check.js';
import { readSafetensors } from '../../src/tensors/safetensors.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const long = 'k'.repeat(5000);

describe('a name of 5,000 characters', () => {
  const run = {
    ...{ command: 'sweep', options: {}, seeds: {}, versions: {}, device: 'cpu' },
    inputs: [{ name: 'model', path: '/m', sha256: 'ab' }],
  };
  const row = (label: string, more: object): string =>
    JSON.stringify({ label, text: 'I won.', ...more });
  const openAnother = async (): Promise<void> => {
    const path = join(folder.path, 'run');
    mkdirSync(path);
    const inputs = [{ ...run.inputs[0], name: long }];
    writeFileSync(join(path, 'manifest.json'), JSON.stringify({ ...run, inputs, started: '' }));
    await openRun({ ...run, folder: path });
  };
  const openSteering = async (): Promise<void> => {
    const path = join(folder.path, 'steering.json');
    const saved = formatSteering({
      model: { name: 'm', sha256: 'ab'.repeat(32) },
      direction: { file: long, sha256: 'cd'.repeat(32) },
      foundFrom: null,
      ...{ layers: [0], scale: 1, unit: '', unitValue: [1], positions: 'all', chosen: '' },
    });
    writeFileSync(path, saved);
    await locateDirection(path);
  };
  const tensors = (content: object): Uint8Array => {
    const header = Buffer.from(JSON.stringify(content));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([size, header]);
  };

  it.each<[string, () => unknown]>([
    ['of an input', openAnother],
    ['of a key', () => checked(z.strictObject({}), { [long]: 1 }, 'it')],
    ['of a pair', () => parseGivenStimuli(row('positive', { pair: long }), 'a', { seed: 0 })],
    ['of a steered direction', openSteering],
    ['of a tensor', () => readSafetensors(tensors({ [long]: 1 }), 'a')],
    ['of metadata', () => readSafetensors(tensors({ __metadata__: { [long]: 1 } }), 'a')],
  ])('%s', async (_, read) => {
    const failure = await Promise.resolve()
      .then(read)
      .then(() => '', String);
    expect(failure).toMatch(/k{35,}…/);
    expect(failure.length).toBeLessThan(400);
  });
});
