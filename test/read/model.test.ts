/** The model to play with: laws on a small decoder with random weights. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dot, norm } from '../../src/math/linear.js';
import { createRandom } from '../../src/math/random.js';
import { open, type Model } from '../../src/read/model/model.js';
import { writeTinyModel } from '../cli/harness.js';
import { relativeError } from '../runtime/models.js';

const folder = mkdtempSync(join(tmpdir(), 'model-'));
let model: Model;
let direction: Float32Array;
beforeAll(async () => {
  model = await open(writeTinyModel(folder), { threads: 1 });
  direction = createRandom('direction').unitVector(model.width);
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

const short = { maxNewTokens: 6 };
const last = { positions: [-1] };

describe('open', () => {
  it('knows its model', () => {
    expect(model).toMatchObject({ name: 'tiny', layers: 3, width: 16 });
    expect(model.identity).toMatchObject({ kind: 'model', name: 'tiny', device: 'cpu' });
  });
});

describe('generate', () => {
  it('answers in the chat template, or goes on with the text', async () => {
    const { tokenizer, decoder } = model.languageModel;
    const ask = async (text: number[]) => {
      const prompts = [text];
      const { rows } = await decoder.generate({ prompts, stop: tokenizer.endOfTurn, ...short });
      return rows[0]?.tokens.map((id) => tokenizer.decode([id]));
    };
    const chat = await model.generate('Hello', short);
    expect(chat.tokens).toEqual(await ask(tokenizer.encode(tokenizer.chatPrompt('Hello'))));
    expect(chat.finish).toBe('length');
    expect((await model.generate('Hello', { ...short, chat: false })).tokens).toEqual(
      await ask(tokenizer.encodePlain('Hello')),
    );
  });

  it('takes a chat, and goes on with an answer that was begun', async () => {
    const user = { role: 'user', content: 'Hello' };
    const plain = await model.generate('Hello', short);
    expect(await model.generate([user], short)).toEqual(plain);
    const { tokens } = await model.read([user, { role: 'assistant', content: 'So' }]);
    expect(tokens.slice(-2)).toEqual(['S', 'o']);
  });

  it('is itself at coefficient 0, and another when pushed', async () => {
    const steer = (coefficient: number) => ({ direction, layers: [1], coefficient });
    const plain = await model.generate('Hello', short);
    expect(await model.generate('Hello', { ...short, steer: steer(0) })).toEqual(plain);
    expect(await model.generate('Hello', { ...short, steer: steer(40) })).not.toEqual(plain);
  });
});

describe('read', () => {
  it('gives states with their tokens, as asked', async () => {
    const all = await model.read('Hello', { chat: false });
    expect(all.shape).toEqual([3, 5, 16]);
    expect(all.tokens).toEqual(['H', 'e', 'l', 'l', 'o']);
    const some = await model.read('Hello', { chat: false, layers: [2, 0], positions: [1, -1] });
    expect(some).toMatchObject({ layers: [2, 0], positions: [1, 4], tokens: ['e', 'o'] });
    expect(some.at(2, -1)).toEqual(all.at(2, 4));
    expect(some.at(0, 1)).toEqual(all.at(0, 1));
    expect(() => some.at(1, 1)).toThrow('layer 1, position 1 was not read');
  });

  it('sees what steering added, in either unit, and what it removed', async () => {
    const plain = (await model.read('Hello', last)).at(1, -1);
    const added = async (steer: object) => {
      const given = { direction, layers: [1], coefficient: 2, ...steer };
      const state = (await model.read('Hello', { ...last, steer: given })).at(1, -1);
      return state.map((x, i) => x - (plain[i] ?? 0));
    };
    expect(norm(await added({}))).toBeCloseTo(2, 4);
    expect(dot(await added({}), direction)).toBeCloseTo(2, 4);
    // Shared equally by two layers, in units of each one's mean norm; layer 2 lies above.
    expect(dot(await added({ layers: [1, 2], unit: [9, 3, 7] }), direction)).toBeCloseTo(3, 4);
    const removed = await added({ coefficient: 0, ablation: 1 });
    expect(dot(removed, direction)).toBeCloseTo(-dot(plain, direction), 4);
  });
});

describe('patch', () => {
  it('changes nothing with the own state, and carries another text’s over', async () => {
    const states = await model.read('Hello', last);
    const donor = await model.read('World!', last);
    const patch = (vector: Float32Array) =>
      model.patch('Hello', { patches: [{ layer: 2, position: -1, vector }] });
    const plain = await model.patch('Hello', { patches: [] });
    expect(relativeError((await patch(states.at(2, -1))).logits, plain.logits)).toBeLessThan(1e-5);
    // After the last block nothing mixes positions: the donor's own distribution stands there.
    const other = await model.patch('World!', { patches: [] });
    expect(relativeError((await patch(donor.at(2, -1))).logits, other.logits)).toBeLessThan(1e-5);
    expect(plain.predictions[0]).toHaveLength(5);
    const probabilities = plain.predictions[0]?.map(({ probability }) => probability) ?? [];
    expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
  });

  it('reads logits where they are wanted', async () => {
    const two = await model.patch('Hello', { patches: [], logits: [0, -1], top: 1 });
    expect(two.positions).toEqual([0, two.tokens.length - 1]);
    expect(two.logits.length % 2).toBe(0);
    expect(two.predictions.map((row) => row.length)).toEqual([1, 1]);
  });
});

describe('lens', () => {
  it('ends with what the model itself would write', async () => {
    const layers = await model.lens('Hello', { top: 3 });
    const { predictions } = await model.patch('Hello', { patches: [], top: 3 });
    expect(layers).toHaveLength(3);
    expect(layers[2]?.map(({ id }) => id)).toEqual(predictions[0]?.map(({ id }) => id));
    expect(layers[0]).not.toEqual(layers[2]);
  });
});

describe('mistakes', () => {
  it('are told with what is right', async () => {
    const steer = { direction, layers: [3], coefficient: 1 };
    await expect(model.generate('x', { steer })).rejects.toThrow('expected 0 … 2');
    await expect(model.generate('x', { steer: { ...steer, layers: [] } })).rejects.toThrow('none');
    await expect(
      model.generate('x', { steer: { ...steer, layers: [1], unit: [1] } }),
    ).rejects.toThrow('unit has 1 numbers (expected 3');
    const wrong = { direction: new Float32Array(5), layers: [1], coefficient: 1 };
    await expect(model.generate('x', { steer: wrong })).rejects.toThrow('steer: direction');
    await expect(model.read('x', { positions: [99] })).rejects.toThrow('99 is outside the text');
    await expect(model.generate('', { chat: false })).rejects.toThrow('no tokens');
  });
});
