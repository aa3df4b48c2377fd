import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLens, type LensOptions } from '../../../src/experiment/lens/run.js';
import { lensLogits } from '../../../src/read/model/lens.js';
import { settlingEffect, settlingLayer } from '../../../src/experiment/lens/summary.js';
import type { LensReading, LensRecord, LensSummary } from '../../../src/experiment/lens/shape.js';
import { createRandom } from '../../../src/math/random.js';
import type { Decoder } from '../../../src/runtime/decoder.js';
import { loadDecoder } from '../../../src/runtime/load.js';
import { tinyDecoder } from '../../onnx/tinyDecoder.js';
import { temporaryFolder, tokenRow, writeModel } from '../../runtime/models.js';
import { layers, toyOptions, toyProblems, type Toy } from '../causal/fakes.js';

async function run(options: LensOptions): Promise<{ records: LensRecord[]; summary: LensSummary }> {
  const records: LensRecord[] = [];
  const work = runLens(options);
  for (;;) {
    const next = await work.next();
    if (next.done) return { records, summary: next.value };
    records.push(next.value);
  }
}

function lensOptions(toy: Toy, changes: Partial<LensOptions> = {}): LensOptions {
  const { model, corrector, decoder, prompt, decode, seed } = toyOptions(toy);
  const problems = toyProblems(36, 'test');
  return { ...{ model, corrector, decoder, prompt, decode, seed, problems }, ...changes };
}

describe('lensLogits on a real decoder', () => {
  const { path: folder, remove } = temporaryFolder();
  const [count, width, vocabulary] = [3, 32, 64];
  let decoder: Decoder;
  beforeAll(async () => {
    const bytes = tinyDecoder({ layers: count, width, vocabulary, sharpness: 2 });
    decoder = await loadDecoder({ model: writeModel(folder, 'lens', bytes), threads: 1 });
  });
  afterAll(async () => {
    await decoder[Symbol.asyncDispose]();
    remove();
  });
  const prompts = [tokenRow(9, vocabulary), tokenRow(5, vocabulary), [7]];

  it('is the model’s own distribution at the last layer', async () => {
    const lens = await lensLogits(decoder, prompts);
    const own = await decoder.forward({
      tokens: prompts,
      logits: prompts.map((prompt) => [prompt.length - 1]),
    });
    own.forEach(({ logits }, i) => {
      expect(lens[i]).toHaveLength(count);
      expectClose(lens[i]?.at(-1), logits);
      expect(lens[i]?.[0]).not.toEqual(lens[i]?.at(-1));
    });
  });

  it('is what the whole run says with that state in the last block’s place', async () => {
    const prompt = prompts[0] ?? [];
    const position = prompt.length - 1;
    const [lens] = await lensLogits(decoder, [prompt]);
    const [read] = await decoder.forward({ tokens: [prompt], states: [[position]] });
    for (let layer = 0; layer < count; layer++) {
      const vector = read?.states.slice(layer * width, (layer + 1) * width) ?? new Float32Array(0);
      const [patched] = await decoder.forward({
        tokens: [prompt],
        steering: {
          direction: new Float32Array(count * width),
          coefficient: new Float32Array(count),
          patches: [{ row: 0, layer: count - 1, position, vector }],
        },
        logits: [[position]],
      });
      expectClose(lens?.[layer], patched?.logits);
    }
  });

  function expectClose(got: Float32Array | undefined, expected: Float32Array | undefined): void {
    expect(got).toHaveLength(vocabulary);
    for (const [i, value] of (expected ?? []).entries()) expect(got?.[i]).toBeCloseTo(value, 4);
  }
});

describe('runLens on a toy in which one layer brings decision and word', () => {
  it.each([0, 1, 3])('copies settle at layer %i, corrections are the default', async (decides) => {
    const { summary, records } = await run(lensOptions({ decides }));
    const { copy, correct } = summary.settling;
    expect([correct.n, copy.n]).toEqual([18, 18]);
    expect([correct.median, copy.median, copy.medianCi]).toEqual([0, decides, [decides, decides]]);
    expect(copy.counts[decides]).toBe(18);
    for (const { layer, copy: at } of summary.perLayer) {
      expect(at.settled.mean).toBe(Number(layer >= decides));
    }
    const last = summary.perLayer[layers - 1];
    expect(last?.copy.probability.mean).toBeGreaterThan(0.99);
    expect(last?.copy.medianRank).toBe(0);
    // 5 for y1's word, −5 for the word that corrections begin with.
    expect(last?.copy.logOdds.mean).toBeCloseTo(10, 5);
    const readings = records.filter((r): r is LensReading => r.kind === 'lens');
    const effect = settlingEffect({ readings, random: createRandom(1) });
    expect(effect).toMatchObject({ n: 36, estimate: 0 - decides });
    expect(summary.warnings).toEqual([]);
  });

  it('resumed anywhere, ends in the same records and summary', async () => {
    const whole = await run(lensOptions({ decides: 1 }));
    for (const kept of [1, 33, 41, 71]) {
      const done = whole.records.slice(0, kept);
      const rest = await run(lensOptions({ decides: 1 }, { done }));
      expect([...done, ...rest.records], `after ${kept}`).toEqual(whole.records);
      expect(rest.summary, `after ${kept}`).toEqual(whole.summary);
    }
    const options = lensOptions({ decides: 1 }, { done: whole.records });
    await run(options);
    expect(options.corrector).toMatchObject({ calls: 0 });
  });

  it('has no log-odds, and says so, where one class is missing', async () => {
    const problems = toyProblems(6, 'test', [false]);
    const { summary } = await run(lensOptions({ decides: 1 }, { problems }));
    expect(summary.perLayer[0]?.copy.logOdds.mean).toBeNull();
    expect(summary.settling.correct).toMatchObject({ n: 0, median: null, meanCi: null });
    expect(summary.warnings).toEqual(['lens: 0 correct cases; give more problems']);
  });

  it('refuses no problems, and one given twice', async () => {
    await expect(run(lensOptions({ decides: 1 }, { problems: [] }))).rejects.toThrow(/no problems/);
    const [problem] = toyProblems(1, 'test');
    const problems = [problem, problem].flatMap((p) => p ?? []);
    await expect(run(lensOptions({ decides: 1 }, { problems }))).rejects.toThrow(/given twice/);
  });
});

describe('settlingLayer', () => {
  const reading = (settled: boolean[]): LensReading => ({
    ...{ kind: 'lens', problem: 'p', label: 'copy' },
    layers: settled.map((on) => ({ settled: on, probability: 1, rank: 0, logOdds: 0 })),
  });
  it('is the first from which on nothing changes', () => {
    expect(settlingLayer(reading([true, false, true, true]))).toBe(2);
    expect(settlingLayer(reading([true, true]))).toBe(0);
    expect(settlingLayer(reading([false, true]))).toBe(1);
  });
});
