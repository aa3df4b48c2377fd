import { describe, expect, it } from 'vitest';
import type { Corrector } from '../../../src/align/corrector.js';
import type { Quality, RecordedSentence } from '../../../src/data/types.js';
import { editRatio } from '../../../src/text/edits.js';
import { runSweep } from '../../../src/experiment/sweep/run.js';
import type { SweepOptions } from '../../../src/experiment/sweep/options.js';
import { sweepProblems } from '../../../src/experiment/sweep/problems.js';
import { scorerFromFunction } from '../../../src/judge/fromFunction.js';
import {
  sweepRecord,
  type SweepRecord,
  type SweepSummary,
} from '../../../src/experiment/sweep/shape.js';
import { fakeUpstream, named } from '../../align/fakes.js';
import { meanNorm, plantedCorrector, problems, response, sentence, sweepOptions } from './fakes.js';

async function run(
  options: SweepOptions,
): Promise<{ records: SweepRecord[]; summary: SweepSummary }> {
  const records: SweepRecord[] = [];
  const sweep = runSweep(options);
  for (;;) {
    const next = await sweep.next();
    if (next.done) return { records, summary: next.value };
    records.push(next.value);
  }
}

describe('runSweep, fixed mode', () => {
  it('finds layers, scale and the planted slope; random directions are flat', async () => {
    const { summary } = await run(sweepOptions());
    // Two layers share the norm, so that they bear twice what one does.
    expect(summary.layers).toEqual([1, 2]);
    expect(summary.validation.scale).toBe(2);
    expect(summary.unitValue).toEqual([meanNorm, meanNorm]);
    const expected = response * summary.validation.scale * meanNorm;
    expect(summary.fit.slope).toBeCloseTo(expected, 1);
    expect(summary.fit.ci?.[0]).toBeLessThan(expected);
    expect(summary.fit.ci?.[1]).toBeGreaterThan(expected);
    expect(summary.fit.r2).toBeGreaterThan(0.99);
    expect(summary.fitRange).toEqual([-1, 1]);
    for (const control of summary.controls.random) {
      expect(Math.abs(control.slope)).toBeLessThan(0.01);
      expect(control.cosine).toBeLessThan(1e-6);
    }
    expect(summary.controls.random.map(({ seed }) => seed)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(summary.controls.shuffled).toHaveLength(2);
    expect(summary.controls.shuffled[0]?.cosine).toBeGreaterThan(0);
    expect(summary.comparison).toMatchObject({ problems: 6, exceedsAll: true });
    expect(summary.warnings).toEqual([]);
  });

  it('takes a metric of one’s own, with its sign', async () => {
    const kept = (y1: string, y2: string): number =>
      [...y1].filter((letter, i) => y2[i] === letter).length / y1.length;
    const own = { name: 'kept', of: kept, sign: -1, label: 'letters that stand' } as const;
    const fixed = { steeredLayers: [1, 2], scale: 2 };
    const { summary, records } = await run(sweepOptions({ ...fixed, metric: own }));
    expect(summary.metric).toBe('kept');
    expect(summary.fit.slope).toBeLessThan(0);
    expect(summary.warnings).toEqual([]);
    const cases = records.flatMap((record) => (record.kind === 'case' ? [record] : []));
    // What is rewritten here keeps its length: letters that do not stand are the edit ratio.
    for (const record of cases) expect(record.metric).toBeCloseTo(1 - (record.editRatio ?? NaN), 9);
    expect(cases.every((record) => sweepRecord.safeParse(record).success)).toBe(true);
    const grows = await run(sweepOptions({ ...fixed, metric: { ...own, sign: 1 } }));
    expect(grows.summary.warnings.join()).toMatch(/on test data kept goes against the labels/);
    const resumed = await run(sweepOptions({ ...fixed, metric: own, done: records }));
    expect(resumed.records).toEqual([]);
    expect(resumed.summary).toEqual(summary);
  });

  it('needs no labels: layers are given, and there are no permuted ones among the controls', async () => {
    const given = { training: null, accuracy: null };
    const { summary } = await run(sweepOptions({ ...given, steeredLayers: [1, 2] }));
    const { summary: labelled } = await run(sweepOptions({ steeredLayers: [1, 2] }));
    expect(summary.points).toEqual(labelled.points);
    expect(summary.controls.random).toEqual(labelled.controls.random);
    expect(summary.controls.shuffled).toEqual([]);
    expect(summary.warnings).toEqual([
      expect.stringMatching(/^controls: none from permuted labels/),
    ]);
    const unasked = { random: 6, shuffled: 0, problems: 6 };
    const quiet = sweepOptions({ ...given, steeredLayers: [1], controls: unasked });
    expect((await run(quiet)).summary.warnings).toEqual([]);
    await expect(run(sweepOptions(given))).rejects.toThrow(
      /how well the direction tells at each layer is not known.*give --layers/,
    );
  });

  it('chooses among the layers that have a direction', async () => {
    const { directions } = sweepOptions();
    const vectors = Float32Array.from(directions.vectors);
    vectors.fill(0, 2 * directions.width, 3 * directions.width);
    const { summary } = await run(sweepOptions({ directions: { ...directions, vectors } }));
    expect(summary.layers).toEqual([1]);
    expect(summary.validation.windows.flatMap((window) => window.layers)).not.toContain(2);
    expect(summary.controls.random.every(({ slope }) => Number.isFinite(slope))).toBe(true);
  });

  it('has one point per coefficient, each problem counted once, and no accuracy', async () => {
    const { summary, records } = await run(sweepOptions());
    expect(summary.points.map((p) => p.coefficient)).toEqual(
      Array.from({ length: 17 }, (_, i) => (i - 8) / 8),
    );
    for (const point of summary.points) {
      expect(point).toMatchObject({ n: 12, accuracy: null, degenerate: 0, lengthRatio: 1 });
      expect(point.ci?.[0]).toBeLessThanOrEqual(point.mean ?? 0);
      expect(point.ci?.[1]).toBeGreaterThanOrEqual(point.mean ?? 1);
    }
    expect(summary.baseline).toBe(summary.points[8]?.mean);
    expect(summary.baseline).toBeCloseTo(0.5, 1);
    // 12 problems × 17 coefficients, and 8 controls × 6 problems × 4 coefficients (0 is shared).
    const measured = records.filter(({ kind }) => kind !== 'scales');
    expect(measured).toHaveLength(1 + 12 * 17 + 8 * 6 * 4);
    expect(summary.paperGrid.map((p) => p.coefficient)).toEqual([
      -1, -0.75, -0.5, -0.25, 0, 0.25, 0.5,
    ]);
    expect(summary.wholeGrid.rankCorrelation).toBe(1);
  });

  it('does not stretch the grid until both ends rise, though nothing is degenerate', async () => {
    const corrector = plantedCorrector({ garbled: 2.2 });
    const { summary } = await run(
      sweepOptions({ corrector, controls: { random: 1, shuffled: 0 } }),
    );
    // A scale of 1 pushes by 2, one of 1.5 by 3; nothing runs on below 2.6 at two layers.
    expect(summary.validation.scale).toBe(1);
    expect(summary.fit.r2).toBeGreaterThan(0.99);
  });

  it('measures harm against what is degenerate unsteered', async () => {
    const plain = await run(sweepOptions());
    const corrector = plantedCorrector({ endless: 0.3 });
    const { summary } = await run(sweepOptions({ corrector }));
    expect(summary.points.every(({ degenerate }) => (degenerate ?? 0) > 0.1)).toBe(true);
    expect(summary.layers).toEqual(plain.summary.layers);
    expect(summary.validation.scale).toBe(plain.summary.validation.scale);
    expect(summary.warnings).toEqual(plain.summary.warnings);
  });

  it('says when the curve goes against the labels, and does not flip it', async () => {
    const { summary } = await run(
      sweepOptions({ corrector: plantedCorrector({ sign: -1 }), steeredLayers: [1], scale: 1 }),
    );
    expect(summary.fit.slope).toBeLessThan(-0.1);
    expect(summary.validation.slope).toBeLessThan(-0.1);
    expect(summary.warnings.filter((w) => w.startsWith('sign: '))).toHaveLength(2);
  });

  it('steers the positions it is told to, and says so', async () => {
    const corrector = plantedCorrector();
    const { summary } = await run(
      sweepOptions({ corrector, positions: 'all', steeredLayers: [1], scale: 1 }),
    );
    expect(corrector.positions).toEqual(new Set(['all']));
    expect(summary.positions).toBe('all');
    const other = plantedCorrector();
    await run(sweepOptions({ corrector: other, steeredLayers: [1], scale: 1 }));
    expect(other.positions).toEqual(new Set(['prompt']));
  });

  it('keeps rounds in order where batches come back in another', async () => {
    const planted = plantedCorrector();
    let calls = 0;
    const late = {
      ...named(planted.name),
      readable: true,
      correct: async (...of: Parameters<typeof planted.correct>) => {
        // Of the batches that are asked for together the first comes last.
        const turns = 20 - (calls++ % 20);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        return planted.correct(...of);
      },
    };
    // A batch of the whole grid holds two inputs, so a problem's seven lie in several.
    const { problems } = sweepOptions();
    const long = problems.map((problem) => ({
      ...problem,
      inputs: Array.from({ length: 7 }, (_, i) => ({
        prefix: '',
        last: `${'word '.repeat(i + 3)}.`,
      })),
    }));
    const given = { problems: long, steeredLayers: [1], scale: 1 };
    const [inTurn, outOfTurn] = [
      await run(sweepOptions(given)),
      await run(sweepOptions({ ...given, corrector: late })),
    ];
    expect(outOfTurn.records).toEqual(inTurn.records);
  });

  it('ends in the same summary wherever it was interrupted', async () => {
    const fixed = { steeredLayers: [1, 2], scale: 2 };
    const whole = await run(sweepOptions(fixed));
    for (const kept of [0, 1, 40, whole.records.length - 3]) {
      const done = whole.records.slice(0, kept);
      const rest = await run(sweepOptions({ ...fixed, done }));
      expect(rest.summary).toEqual(whole.summary);
      expect([...done, ...rest.records]).toEqual(whole.records);
    }
    const corrector = plantedCorrector();
    const nothing = await run(sweepOptions({ ...fixed, corrector, done: whole.records }));
    expect(nothing.records).toEqual([]);
    expect(corrector.calls).toBe(0);
  });

  it('keeps the sentences that its numbers are made of', async () => {
    const { records } = await run(sweepOptions({ steeredLayers: [1], scale: 1 }));
    const cases = records.flatMap((record) => (record.kind === 'case' ? [record] : []));
    const { problems } = sweepOptions();
    for (const { problem, sentences = [], editRatio: mean, copyRate } of cases) {
      const inputs = problems.find(({ id }) => id === problem)?.inputs ?? [];
      expect(sentences.map(({ last }) => last)).toEqual(inputs.map(({ last }) => last));
      const ratios = sentences.map(
        ({ last, correction = last }) => editRatio(last, correction) ?? NaN,
      );
      expect(mean).toBeCloseTo(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length, 12);
      const copies = sentences.filter(({ correction }) => correction === undefined);
      expect(copyRate).toBeCloseTo(copies.length / sentences.length, 12);
    }
    expect(cases.some(({ copyRate }) => copyRate === 0)).toBe(true);
  });

  it('says what the knob does to good and to bad sentences, where somebody has judged them', async () => {
    // Bad sentences are rewritten from a push of −0.6 on, good ones from 0.6 on.
    const corrector: Corrector = {
      ...plantedCorrector(),
      correct: (inputs) =>
        Promise.resolve(
          inputs.map(({ last, coefficient }) => {
            const rewritten = (coefficient?.[1] ?? 0) > (last.startsWith('good') ? 0.6 : -0.6);
            const text = rewritten ? `Actually, ${last}` : last;
            return { text, tokens: 1, finish: 'stop', readings: null };
          }),
        ),
    };
    const round = { prefix: '', problem: '', question: '', fault: null, correction: null };
    const judged = ['good', 'bad', 'unjudged'].flatMap((quality) =>
      [...'abcdef'].map((id): RecordedSentence => ({
        ...round,
        ...{ problem: id, question: `${id}?`, last: `${quality} ${id}` },
        quality: quality as Quality,
      })),
    );
    const problems = sweepProblems(judged);
    const given = { steeredLayers: [1], scale: 1, corrector, problems };
    const { summary, records } = await run(sweepOptions(given));
    const rates = summary.points.map(({ coefficient, goodCopied, badChanged }) => {
      return [coefficient * meanNorm, goodCopied?.mean, badChanged?.mean];
    });
    expect(rates).toEqual(
      rates.map(([push]) => [push, Number(Number(push) <= 0.6), Number(Number(push) > -0.6)]),
    );
    expect(summary.points[0]?.goodCopied).toEqual({ mean: 1, ci: [1, 1], n: 6 });
    const resumed = await run(sweepOptions({ ...given, done: records }));
    expect(resumed.summary).toEqual(summary);
    const unjudged = await run(sweepOptions({ steeredLayers: [1], scale: 1 }));
    expect(unjudged.summary.points.every((point) => !('goodCopied' in point))).toBe(true);
  });

  it('climbs no ladder of scales twice, wherever its planning was interrupted', async () => {
    const few = { controls: { random: 1, shuffled: 0, problems: 2 } };
    const whole = await run(sweepOptions(few));
    const ladders = whole.records.filter(({ kind }) => kind === 'scales');
    expect(ladders.length).toBeGreaterThan(3);
    expect(whole.records.slice(0, ladders.length)).toEqual(ladders);
    const calls = async (kept: number): Promise<number> => {
      const corrector = plantedCorrector();
      const done = whole.records.slice(0, kept);
      const rest = await run(sweepOptions({ ...few, corrector, done }));
      expect([...done, ...rest.records]).toEqual(whole.records);
      expect(rest.summary).toEqual(whole.summary);
      return corrector.calls;
    };
    const [afresh, half, planned] = [await calls(0), await calls(3), await calls(ladders.length)];
    expect(half).toBeLessThan(afresh);
    expect(planned).toBeLessThan(half);
  });

  it('stops at an abort and keeps what is done', async () => {
    const controller = new AbortController();
    const records: SweepRecord[] = [];
    const given = { steeredLayers: [1], scale: 1 };
    const whole = await run(sweepOptions(given));
    const sweep = runSweep(sweepOptions({ ...given, signal: controller.signal }));
    const drain = async (): Promise<void> => {
      for await (const record of sweep) {
        records.push(record);
        if (records.length === 60) controller.abort();
      }
    };
    await expect(drain()).rejects.toThrow(/abort/i);
    expect(records.length).toBeGreaterThanOrEqual(60);
    expect(records.length).toBeLessThan(whole.records.length);
  });

  it('reports its progress to the end of each phase', async () => {
    const last = new Map<string, [number, number]>();
    await run(sweepOptions({ onProgress: (phase, done, total) => last.set(phase, [done, total]) }));
    expect([...last.keys()]).toEqual(['validation', 'sweep', 'controls']);
    for (const [done, total] of last.values()) expect(done).toBe(total);
  });

  it('refuses an empty grid, unknown layers, no problems and mixed splits', async () => {
    const refuse = (changes: Partial<SweepOptions>): Promise<unknown> => run(sweepOptions(changes));
    await expect(refuse({ grid: [] })).rejects.toThrow('sweep: the grid is empty');
    await expect(refuse({ grid: [-1, 1, 2] })).rejects.toThrow('sweep: the grid lacks 0');
    await expect(refuse({ steeredLayers: [4] })).rejects.toThrow(
      'steering: unknown layer 4 (expected 0 … 3',
    );
    await expect(refuse({ problems: [] })).rejects.toThrow('sweep: no problems');
    await expect(refuse({ validation: problems(1, 'test') })).rejects.toThrow(
      'problem test-0 is in validation and test data',
    );
    const bare = problems(2, 'bare').map((p) => ({ ...p, inputs: [] }));
    await expect(refuse({ problems: bare })).rejects.toThrow('bare-0 has no recorded round');
    await expect(refuse({ mode: 'loop' })).rejects.toThrow('loop mode needs an upstream');
  });
});

describe('runSweep, loop mode', () => {
  const upstream = (): ReturnType<typeof fakeUpstream> =>
    fakeUpstream(({ question, prefix }) =>
      prefix.split(' ').length < 3 ? sentence(question + String(prefix.length)) : null,
    );
  const loop = (changes: Partial<SweepOptions> = {}): SweepOptions =>
    sweepOptions({
      mode: 'loop',
      upstream: upstream(),
      // Right where most of the first sentence was rewritten.
      scorer: scorerFromFunction({
        name: 'rewritten',
        score: ({ answer }) => answer.slice(0, 20) === 'x'.repeat(20),
      }),
      problems: problems(8, 'test'),
      validation: problems(6, 'validation'),
      controls: { random: 3, shuffled: 1, problems: 4 },
      ...changes,
    });

  it('steers while the loop runs and reports the accuracy', async () => {
    const { summary } = await run(loop());
    const expected = response * summary.validation.scale * meanNorm;
    expect(summary.fit.slope).toBeCloseTo(expected, 1);
    expect(summary.points[0]?.accuracy).toBe(0);
    expect(summary.points[16]?.accuracy).toBe(1);
    expect(summary.comparison?.exceedsAll).toBe(true);
  });

  it('steers the positions it is told to, and says so', async () => {
    const corrector = plantedCorrector();
    const { summary } = await run(
      loop({ corrector, positions: 'all', steeredLayers: [1], scale: 1 }),
    );
    expect(corrector.positions).toEqual(new Set(['all']));
    expect(summary.positions).toBe('all');
    const other = plantedCorrector();
    await run(loop({ corrector: other, steeredLayers: [1], scale: 1 }));
    expect(other.positions).toEqual(new Set(['prompt']));
  });

  it('plans on recorded sentences where asked to, and then loops over test problems alone', async () => {
    const asked = new Set<string>();
    const watched = fakeUpstream(({ question, prefix }) => {
      asked.add(question.split(' ')[0] ?? '');
      return prefix === '' ? sentence(question) : null;
    });
    const { summary } = await run(loop({ upstream: watched, planMode: 'fixed' }));
    expect([...asked]).toEqual(['test']);
    expect(summary).toMatchObject({ mode: 'loop', validation: { mode: 'fixed' } });
    expect(summary.layers).toEqual([1, 2]);
    const own = await run(loop());
    expect(own.summary.validation.mode).toBe('loop');
  });

  it('ends in the same summary wherever it was interrupted', async () => {
    const fixed = { steeredLayers: [1, 2], scale: 2 };
    const whole = await run(loop(fixed));
    const done = whole.records.slice(0, whole.records.length - 20);
    const rest = await run(loop({ ...fixed, done }));
    expect(rest.summary).toEqual(whole.summary);
  });
});
