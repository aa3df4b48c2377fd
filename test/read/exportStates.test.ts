/** Hidden states on disk: every row is what its line says, in memory that does not grow. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exportStates, type StateRow } from '../../src/read/exportStates.js';
import { boundaryStates } from '../../src/read/states.js';
import type { CorrectionStimulus } from '../../src/read/stimuli.js';
import type { Decoder, ForwardRequest } from '../../src/runtime/decoder.js';
import { readSafetensors } from '../../src/tensors/safetensors.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

const layers = 3;
const width = 4;

/** A hidden state that says where it is from. */
const stateOf = (token: number, layer: number, position: number): number[] => [
  ...[token, layer, position],
  Math.fround(0.1 * token),
];

/** Counts the states of its largest batch. */
function sayingDecoder(): Pick<Decoder, 'forward' | 'info'> & { most: number } {
  const info = { layers, width } as Decoder['info'];
  return {
    ...{ info, most: 0 },
    forward({ tokens, states = [] }: ForwardRequest) {
      this.most = Math.max(this.most, states.flat().length);
      return Promise.resolve(
        tokens.map((row, i) => ({
          projections: new Float32Array(0),
          logits: new Float32Array(0),
          states: Float32Array.from(
            Array.from({ length: layers }, (_, layer) =>
              (states[i] ?? []).flatMap((p) => stateOf(row[p] ?? -1, layer, p)),
            ).flat(),
          ),
        })),
      );
    },
  };
}

const prompts = Array.from({ length: 40 }, (_, i) =>
  Array.from({ length: 3 + (i % 7) }, (_, p) => 100 * i + p),
);
const stimuli = prompts.map((_, i): CorrectionStimulus => ({
  ...{ id: `s-${i}`, problem: `p-${i}`, half: i % 2 ? 'train' : 'heldOut' },
  ...{ question: 'q', prefix: '', last: `“y1” ${i}`, output: 'y2' },
  ...{ label: i % 3 ? 'correct' : 'copy', quality: 'good', fault: null },
}));
const given = { stimuli, prompts, decode: (id: number) => (id % 5 ? `t${id}` : ' ') };

function read(path: string): {
  index: StateRow[];
  rows: number[][];
  about: Record<string, string>;
} {
  const { tensors, metadata } = readSafetensors(readFileSync(path), path);
  const { shape = [], values = new Float32Array(0) } = tensors.get('states') ?? {};
  expect(shape[1]).toBe(width);
  const lines = readFileSync(path.replace('safetensors', 'jsonl'), 'utf8').split('\n').slice(0, -1);
  return {
    index: lines.map((line) => JSON.parse(line) as StateRow),
    rows: Array.from({ length: shape[0] ?? 0 }, (_, r) => [
      ...values.subarray(r * width, (r + 1) * width),
    ]),
    about: metadata,
  };
}

/** Every row is the state that its line names. */
function agree({ index, rows }: Pick<ReturnType<typeof read>, 'index' | 'rows'>): void {
  expect(rows).toHaveLength(index.length);
  index.forEach(({ row, stimulus, layer, position, token, text, label, half }, r) => {
    expect(row).toBe(r);
    const i = Number(stimulus.slice(2));
    const id = prompts[i]?.[position] ?? NaN;
    expect(rows[r]).toEqual(stateOf(id, layer, position));
    // A blank that stands alone is made visible.
    expect(token).toBe(id % 5 ? `t${id}` : '␣');
    expect({ text, label, half }).toEqual({
      ...{ text: stimuli[i]?.last, label: stimuli[i]?.label, half: stimuli[i]?.half },
    });
  });
}

describe('exported states', () => {
  it('are those of the boundary token, the same whether they were read before', async () => {
    const decoder = sayingDecoder();
    const path = join(folder.path, 'now.safetensors');
    const before = join(folder.path, 'before.safetensors');
    const made = await exportStates({ ...given, decoder, path, metadata: { model: 'm' } });
    expect(made).toEqual({ states: path, index: path.replace('safetensors', 'jsonl'), rows: 120 });
    const written = read(path);
    agree(written);
    expect(written.about).toMatchObject({ model: 'm', positions: 'boundary' });
    expect(written.index.every(({ stimulus, position }) => {
      return position === (prompts[Number(stimulus.slice(2))]?.length ?? 0) - 1;
    })).toBe(true); // prettier-ignore
    const states = await boundaryStates({ decoder, prompts });
    await exportStates({ ...given, decoder, path: before, states, metadata: { model: 'm' } });
    expect(readFileSync(before).equals(readFileSync(path))).toBe(true);
  });

  it('are those of every token, by batches that fit a limit', async () => {
    const path = join(folder.path, 'all.safetensors');
    const decoder = sayingDecoder();
    const limit = { batchBytes: 4 * layers * width * 20 };
    await exportStates({ ...given, decoder, path, positions: 'all', ...limit });
    expect(decoder.most).toBeLessThanOrEqual(20);
    const written = read(path);
    expect(written.rows).toHaveLength(layers * prompts.flat().length);
    agree(written);
    const whole = join(folder.path, 'whole.safetensors');
    await exportStates({ ...given, decoder: sayingDecoder(), path: whole, positions: 'all' });
    expect(readFileSync(whole).equals(readFileSync(path))).toBe(true);
  });

  it('are there whole or not at all', async () => {
    const path = join(folder.path, 'aborted.safetensors');
    const controller = new AbortController();
    const onProgress = (done: number): void => (done === 20 ? controller.abort() : undefined);
    const work = exportStates({
      ...{ ...given, decoder: sayingDecoder(), path, positions: 'all', onProgress },
      signal: controller.signal,
    });
    await expect(work).rejects.toThrow(/abort/i);
    expect(readdirSync(folder.path).filter((name) => name.includes('aborted'))).toEqual([]);
    const other = exportStates({ ...given, decoder: sayingDecoder(), path: join('x', 'y.pt') });
    await expect(other).rejects.toThrow('y.pt ends in no known format (expected .safetensors)');
  });
});
