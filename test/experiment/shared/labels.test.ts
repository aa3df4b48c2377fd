/** Labels are kept as they come, and a killed run goes on from them. */
import { appendFile, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalCorrector } from '../../../src/align/corrector.js';
import { labelOutputs, type LabelHow } from '../../../src/experiment/shared/reading/labels.js';
import type { LabelCounts } from '../../../src/read/labelCounts.js';
import { folderStore } from '../../../src/record/store.js';

let folder: string;
let keptIn: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labels-'));
  keptIn = join(folder, 'labels.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const inputs = Array.from({ length: 100 }, (_, i) => ({
  ...{ question: `q${i}`, prefix: '', last: `sentence ${i}`, problem: `p${i}` },
}));

/** Copies all but every third sentence; what it writes tells how it was batched. */
function fake(how: { failAt?: number; copies?: boolean } = {}): {
  corrector: LocalCorrector;
  calls: string[][];
} {
  const calls: string[][] = [];
  const corrector = {
    identity: { kind: 'model', name: 'fake', sha256: 'f' },
    correct: (batch: readonly { last: string }[]) => {
      if (calls.length === how.failAt) return Promise.reject(new Error('killed'));
      calls.push(batch.map(({ last }) => last));
      return Promise.resolve(
        batch.map(({ last }, i) => {
          const copied = how.copies ?? i % 3 > 0;
          return { text: copied ? last : `row ${i} of ${batch.length}`, finish: 'stop', tokens: 1 };
        }),
      );
    },
  };
  return { corrector: corrector as unknown as LocalCorrector, calls };
}

const label = async (corrector: LocalCorrector, how: LabelHow = {}): Promise<string[]> => {
  const labels = await labelOutputs(corrector, inputs, { keptIn, ...how });
  return labels.map(({ output }) => output);
};

describe('labelOutputs', () => {
  it('ends with the same outputs and the same bytes, wherever it was killed', async () => {
    const whole = fake();
    const expected = await label(whole.corrector);
    expect(whole.calls.map((batch) => batch.length)).toEqual([32, 32, 32, 4]);
    const bytes = await readFile(keptIn, 'utf8');
    expect(bytes.trimEnd().split('\n')).toHaveLength(100);
    // In the middle of a batch, of a line, and between batches.
    const line = bytes.indexOf('\n', bytes.length / 2);
    for (const length of [0, 10, line + 1, line + 30, bytes.length - 1]) {
      await truncate(keptIn, length);
      const again = fake();
      expect(await label(again.corrector)).toEqual(expected);
      expect(await readFile(keptIn, 'utf8')).toBe(bytes);
    }
  });

  it('keeps what was labelled when it fails, and labels only the rest', async () => {
    await expect(label(fake({ failAt: 2 }).corrector)).rejects.toThrow('killed');
    expect((await readFile(keptIn, 'utf8')).trimEnd().split('\n')).toHaveLength(64);
    const rest = fake();
    await label(rest.corrector);
    expect(rest.calls.map((batch) => batch[0])).toEqual(['sentence 64', 'sentence 96']);
  });

  it('knows a sentence by its content, not by its place', async () => {
    await label(fake().corrector);
    const moved = fake();
    await labelOutputs(moved.corrector, inputs.toReversed(), { keptIn });
    expect(moved.calls).toEqual([]);
  });

  it('refuses a damaged line, naming it', async () => {
    await label(fake().corrector);
    await appendFile(keptIn, '{"key":1}\n');
    await expect(label(fake().corrector)).rejects.toThrow(/labels\.jsonl line 101 does not fit/);
  });

  it('takes batches from a store, where the corrector is the same', async () => {
    const store = folderStore(join(folder, 'store'));
    const first = await labelOutputs(fake().corrector, inputs, { store });
    const second = fake();
    expect(await labelOutputs(second.corrector, inputs, { store })).toEqual(first);
    expect(second.calls).toEqual([]);
    const other = { ...fake().corrector, identity: { kind: 'model', name: 'o', sha256: 'o' } };
    await expect(
      labelOutputs({ ...fake({ failAt: 0 }).corrector, identity: other.identity } as never, inputs, { store }), // prettier-ignore
    ).rejects.toThrow('killed');
  });

  it('tells the counts after sixty sentences and at the end', async () => {
    const told: LabelCounts[] = [];
    await label(fake().corrector, { onCounts: (counts) => told.push(counts) });
    expect(told.map(({ done, total }) => [done, total])).toEqual([
      [64, 100],
      [100, 100],
    ]);
    expect(told[1]?.counts).toEqual({ copied: 65, changed: 35, cutOff: 0, empty: 0, tooLong: 0 });
  });

  it('stops where the first sixty are of one label, unless told to go on', async () => {
    const copier = fake({ copies: true });
    await expect(label(copier.corrector)).rejects.toThrow('none of the first 64 sentences was corrected'); // prettier-ignore
    expect(copier.calls).toHaveLength(2);
    // Again at once, from what was kept.
    const again = fake({ copies: true });
    await expect(label(again.corrector)).rejects.toThrow('none of the first 64');
    expect(again.calls).toEqual([]);
    const outputs = await label(again.corrector, { keepLabelling: true });
    expect(outputs).toHaveLength(100);
  });
});
