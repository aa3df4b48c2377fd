/** Loops that do no more than is asked: which, and that nobody can tell. */
import { describe, expect, it } from 'vitest';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import type { GenerateRequest } from '../../src/runtime/decoder.js';
import { Engine } from '../../src/runtime/engine/engine.js';
import { buildGraph, loopFor, wantsLean } from '../../src/runtime/engine/graphKinds.js';
import type { GraphKind } from '../../src/runtime/engine/graphKinds.js';
import { openSession } from '../../src/runtime/session.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { tokenRow } from './models.js';

const [layers, width, vocabulary] = [3, 32, 50];
const direction = Float32Array.from({ length: layers * width }, (_, i) => Math.sin(i) / 4);
const prompts = [tokenRow(7, vocabulary), tokenRow(3, vocabulary, 2), tokenRow(5, vocabulary, 3)];
const patches = [{ row: 0, layer: 1, position: 0, vector: new Float32Array(width) }];
const mixed = Float32Array.of(0, 0, 0, 0, 0, 0, 0, -2, 0);

function openBoth(file: Uint8Array): { lean: Engine; whole: Engine; opened: GraphKind[] } {
  const opened: GraphKind[] = [];
  const layout = inspectDecoder(file);
  const engine = (lean: boolean): Engine =>
    new Engine({
      ...{ layout, lean, now: () => 0 },
      open: (kind) => {
        if (lean) opened.push(kind);
        return openSession(buildGraph(file, kind), { device: 'cpu', threads: 1 });
      },
    });
  return { lean: engine(true), whole: engine(false), opened };
}

const nothing = (): Promise<void> => Promise.resolve();
const request = (more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  ...{ prompts, maxNewTokens: 8, stop: [] },
  ...more,
});

describe('the loop', () => {
  const project = { directions: direction, count: 1 };
  const coefficient = Float32Array.of(0, 1, 0);
  const ablation = Float32Array.of(0, 0, 0.5);
  it.each<[string, Partial<GenerateRequest>, GraphKind]>([
    ['nothing', {}, 'plain-loop'],
    ['coefficient 0', { steering: { direction, coefficient: new Float32Array(3) } }, 'plain-loop'],
    ['one coefficient', { steering: { direction, coefficient } }, 'adding-loop'],
    ['no share removed', { steering: { direction, coefficient, ablation: new Float32Array(3) } }, 'adding-loop'], // prettier-ignore
    ['an ablation', { steering: { direction, ablation } }, 'loop'],
    ['a reading', { project }, 'loop'],
    ['states', { states: true }, 'loop'],
    ['patches', { steering: { patches }, project }, 'patched-loop'],
  ])('for %s is the smallest that can do it', (_, asked, kind) => {
    expect(loopFor(request(asked), { lean: true })).toBe(kind);
    const other = kind === 'patched-loop' ? kind : 'loop';
    expect(loopFor(request(asked), { lean: false })).toBe(other);
  });

  it('is lean on a GPU, unless the weights are large', () => {
    expect(wantsLean('cuda', 6e9)).toBe(true);
    expect(wantsLean('cuda', 16e9)).toBe(false);
    expect(wantsLean('cpu', 1e6)).toBe(false);
  });
});

describe.each(['unfused', 'fused', 'post-norm'] as const)('lean loops of %s', (style) => {
  const file = tinyDecoder({ style, layers, width, vocabulary });

  it('write what the whole one writes', async () => {
    const { lean, whole, opened } = openBoth(file);
    const sampling = { temperature: 1, seed: 7 };
    for (const asked of [
      request(),
      request({ sampling }),
      request({ steering: { direction, coefficient: mixed } }),
      request({ steering: { direction, coefficient: mixed, positions: 'all' }, sampling }),
    ]) {
      const expected = await whole.generate(asked, nothing);
      expect(await lean.generate(asked, nothing)).toEqual(expected);
    }
    expect(opened).toEqual(['plain-loop', 'adding-loop']);
  });

  it('take up a cache that another one left', async () => {
    const { lean, whole } = openBoth(file);
    const caches = prompts.map((_, id) => ({ id, close: nothing, [Symbol.asyncDispose]: nothing }));
    let rows = prompts;
    for (const coefficient of [new Float32Array(layers), mixed, new Float32Array(layers)]) {
      const steering = { direction, coefficient, positions: 'generated' as const };
      const promptLengths = prompts.map(({ length }) => length);
      const asked = { ...request({ steering, promptLengths }), prompts: rows };
      const fresh = await whole.generate(asked, nothing);
      const cached = await lean.generate({ ...asked, caches }, nothing);
      expect(cached.rows).toEqual(fresh.rows);
      rows = rows.map((row, r) => [...row, ...(fresh.rows[r]?.tokens ?? [])]);
    }
  });

  it('say where a state is not finite', async () => {
    const { lean, whole, opened } = openBoth(file);
    const huge = Float32Array.from(direction, (x) => x * 1e3);
    const coefficient = Float32Array.of(0, 0, 0, 0, 3.4e38, 0, 0, 0, 0);
    const asked = request({ steering: { direction: huge, coefficient } });
    const message = /hidden state is not finite \(row 1, layer 1, position 2\)/;
    await expect(whole.generate(asked, nothing)).rejects.toThrow(message);
    await expect(lean.generate(asked, nothing)).rejects.toThrow(message);
    expect(opened).toEqual(['adding-loop', 'loop']);
  });
});
