/** Patching on a real decoder with random weights: laws that hold whatever it says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairCases } from '../../../src/experiment/causal/pairs.js';
import { greedy, measurePatches } from '../../../src/experiment/causal/patches.js';
import type { CaseRecord, PatchOutcome } from '../../../src/experiment/causal/shape.js';
import { createRandom } from '../../../src/math/random.js';
import type { Decoder } from '../../../src/runtime/decoder.js';
import { loadDecoder } from '../../../src/runtime/load.js';
import { tinyDecoder } from '../../onnx/tinyDecoder.js';
import { temporaryFolder, tokenRow, writeModel } from '../../runtime/models.js';

const layers = 3;
const vocabulary = 64;
const { path: folder, remove } = temporaryFolder();
let decoder: Decoder;
const shared = tokenRow(9, vocabulary);
/** Two prompts that differ in the last token alone, and after which the decoder differs. */
let recipient: number[];
let donor: number[];

beforeAll(async () => {
  const bytes = tinyDecoder({ layers, width: 32, vocabulary, sharpness: 2 });
  decoder = await loadDecoder({ model: writeModel(folder, 'patches', bytes), threads: 1 });
  const tokens = Array.from({ length: 8 }, (_, id) => [...shared, 10 + id]);
  const rows = await decoder.forward({ tokens, logits: tokens.map((t) => [t.length - 1]) });
  const first = rows.map(({ logits }) => greedy(logits));
  const other = first.findIndex((token) => token !== first[0]);
  expect(other).toBeGreaterThan(0);
  recipient = tokens[0] ?? [];
  donor = tokens[other] ?? [];
});
afterAll(async () => {
  await decoder[Symbol.asyncDispose]();
  remove();
});

const all = Array.from({ length: layers }, (_, layer) => layer);
const none: PatchOutcome = { effect: 0, switched: false, taken: false };

describe('measurePatches', () => {
  it('a state that is the recipient’s own changes nothing', async () => {
    // Everything before the last token is the same in both.
    const columns = ['earlier', -3, -1] as const;
    const outcomes = await measurePatches({
      ...{ decoder, recipient, donor, layers: all, columns },
      switches: () => false,
    });
    for (const outcome of outcomes.flat()) {
      expect(outcome?.effect).toBeCloseTo(0, 5);
      expect(outcome).toMatchObject({ ...none, effect: outcome?.effect });
    }
    expect(outcomes.flat()).toHaveLength(9);
  });

  it('the donor’s boundary state at any layer, with all else equal, makes the donor’s run', async () => {
    const outcomes = await measurePatches({
      ...{ decoder, recipient, donor, layers: all, columns: [0] },
      switches: () => true,
    });
    for (const [outcome] of outcomes) {
      expect(outcome?.effect).toBeCloseTo(1, 4);
      expect(outcome).toMatchObject({ switched: true, taken: true });
    }
  });

  it('counts positions from the last token where lengths differ', async () => {
    const longer = [3, 4, ...donor];
    const outcomes = await measurePatches({
      ...{ decoder, recipient, donor: longer, layers: [layers - 1], columns: [-10, -1, 0] },
      switches: () => false,
    });
    const [far, before, last] = outcomes[0] ?? [];
    expect(far).toBeNull();
    expect(before?.effect).toBeCloseTo(0, 5);
    expect(last?.effect).toBeCloseTo(1, 4);
  });

  it('refuses runs that begin alike', async () => {
    const request = { decoder, recipient, donor: recipient, layers: all, columns: [0] };
    await expect(measurePatches({ ...request, switches: () => true })).rejects.toThrow(
      /both begin with token \d+/,
    );
  });
});

describe('pairCases', () => {
  const cases = [5, 6, 7, 8].flatMap((promptLength): CaseRecord[] => [
    { ...base('copy', promptLength), beginsLast: true, first: 1 },
    { ...base('correct', promptLength), beginsLast: false, first: 2 },
    // A correction that begins as y1 does.
    { ...base('late', promptLength), label: 'correct', beginsLast: true, first: 3 },
  ]);
  const random = createRandom(1);

  it('pairs equal lengths where it can, each case once, and leaves late corrections out', () => {
    const pairs = pairCases({ cases, setting: 'correctIntoCopy', count: 9, random });
    expect(pairs).toHaveLength(4);
    for (const { recipient, donor } of pairs) {
      expect(recipient).toMatchObject({ label: 'copy', promptLength: donor.promptLength });
      expect(donor.problem).toMatch(/^correct/);
    }
    expect(new Set(pairs.map(({ donor }) => donor.problem)).size).toBe(4);
  });

  it('takes the nearest length where no equal one is left', () => {
    const few = cases.filter((c) => c.label === 'copy' || c.promptLength === 8);
    const one = few.filter((c) => c.label === 'correct' || c.promptLength < 8);
    const [pair] = pairCases({ cases: one, setting: 'correctIntoCopy', count: 1, random });
    expect([pair?.donor.promptLength, pair?.recipient.label]).toEqual([8, 'copy']);
  });

  it('has no pair of runs that begin alike, nor of one class alone', () => {
    expect(pairCases({ cases, setting: 'copyIntoCopy', count: 2, random })).toEqual([]);
    const copies = cases.filter(({ label }) => label === 'copy');
    expect(pairCases({ cases: copies, setting: 'random', count: 2, random })).toEqual([]);
  });

  function base(name: string, promptLength: number): CaseRecord {
    const problem = `${name}-${promptLength}`;
    const label = name === 'copy' ? 'copy' : 'correct';
    const kind = { kind: 'case', split: 'test' } as const;
    return { ...kind, problem, label, first: 0, beginsLast: false, promptLength };
  }
});
