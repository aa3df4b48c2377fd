/** States in a file: the same numbers as in memory, and nothing of it is read twice. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractDirections } from '../../src/read/extract.js';
import { saveDirections } from '../../src/read/files/directionFile.js';
import { methodNames } from '../../src/read/methods/names.js';
import { dropStates, spillBoundaryStates } from '../../src/read/spilledStates.js';
import { boundaryStates, inputStates, layerStates, meanNorms } from '../../src/read/states.js';
import { createPlanted, plantedStimuli, type PlantedModel } from './planted.js';

const stimuli = plantedStimuli(80);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'states-'));
  path = join(folder, 'states.part');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Batches of 4, chunks of 12 rows of 3 × 24 numbers: the last of the 160 rows stand in a short one. */
function spill(model: PlantedModel, count = stimuli.length) {
  const prompts = stimuli.slice(0, count).map(model.prompt);
  return spillBoundaryStates({
    ...{ decoder: model.decoder, path, count, batchSize: 4, chunkBytes: 12 * 4 * 3 * 24 },
    prompt: (i) => prompts[i] ?? [],
  });
}

/** Ends after so many forwards, as a killed run does. */
function endingAfter(forwards: number): PlantedModel {
  const model = createPlanted();
  let left = forwards;
  const forward: typeof model.decoder.forward = (request) =>
    left-- > 0 ? model.decoder.forward(request) : Promise.reject(new Error('killed'));
  return { ...model, decoder: { ...model.decoder, forward } };
}

describe('states in a file', () => {
  it('are those of memory, by layer and by input', async () => {
    const model = createPlanted();
    const prompts = stimuli.map(model.prompt);
    const held = await boundaryStates({ decoder: model.decoder, prompts, batchSize: 4 });
    const spilled = await spill(model);
    const some = [7, 150, 7, 0];
    for (const layer of [0, 1, 2]) {
      expect(layerStates(spilled, layer)).toEqual(layerStates(held, layer));
      expect(layerStates(spilled, layer, some)).toEqual(layerStates(held, layer, some));
    }
    expect(inputStates(spilled, 150)).toEqual(inputStates(held, 150));
    expect(meanNorms(spilled)).toEqual(meanNorms(held));
    expect(() => layerStates(spilled, 0, [160])).toThrow('no input 160 (expected 0 … 159)');
  });

  it.each(methodNames)('give the same directions file and health: %s', async (method) => {
    const model = createPlanted();
    const files = [];
    const healths = [];
    for (const over of [Infinity, 0]) {
      const given = { model, stimuli, prompt: model.prompt, method, seed: 1 };
      const made = await extractDirections({ ...given, spill: { path, over } });
      expect(existsSync(path)).toBe(over === 0);
      const { directions, health, states } = made;
      const origin = { model: 'm', modelSha256: 'a', stimuliSha256: 'b', seed: '1' };
      const file = join(folder, `${over}.safetensors`);
      await saveDirections(file, { directions, origin, meanNorms: meanNorms(states) });
      files.push(readFileSync(file));
      healths.push(health);
      await dropStates(states);
      expect(existsSync(path)).toBe(false);
    }
    expect(files[1]?.equals(files[0] ?? Buffer.alloc(0))).toBe(true);
    expect(healths[1]).toEqual(healths[0]);
  });

  it('go on where a killed run ended, behind the last whole chunk', async () => {
    const whole = layerStates(await spill(createPlanted()), 1);
    rmSync(path);
    // 17 batches are 68 rows; 60 of them are in whole chunks.
    await expect(spill(endingAfter(17))).rejects.toThrow('killed');
    const again = createPlanted();
    expect(layerStates(await spill(again), 1)).toEqual(whole);
    expect(again.forwards).toBe((160 - 60) / 4);
    const third = createPlanted();
    expect(layerStates(await spill(third), 1)).toEqual(whole);
    expect(third.forwards).toBe(0);
  });

  it('read again what is torn or damaged, and all of other prompts', async () => {
    const whole = layerStates(await spill(createPlanted()), 2);
    truncateSync(path, statSync(path).size - 5);
    const torn = createPlanted();
    expect(layerStates(await spill(torn), 2)).toEqual(whole);
    expect(torn.forwards).toBe(1);
    const bytes = readFileSync(path);
    const chunk = 12 * 3 * 24 * 4 + 32;
    bytes.writeUInt8(bytes.readUInt8(512 + 2 * chunk + 9) ^ 1, 512 + 2 * chunk + 9);
    writeFileSync(path, bytes);
    const damaged = createPlanted();
    expect(layerStates(await spill(damaged), 2)).toEqual(whole);
    expect(damaged.forwards).toBe((160 - 24) / 4);
    const fewer = createPlanted();
    await spill(fewer, 40);
    expect(fewer.forwards).toBe(10);
  });

  it('say which file could not be written, or has become shorter', async () => {
    const model = createPlanted();
    path = join(folder, 'missing', 'states.part');
    await expect(spill(model)).rejects.toThrow(`states: cannot write ${path}: `);
    path = join(folder, 'states.part');
    const states = await spill(model);
    truncateSync(path, 3000);
    expect(() => layerStates(states, 2)).toThrow(`states: cannot read ${path}: it has become`);
  });
});
