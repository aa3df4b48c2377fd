import { describe, expect, it } from 'vitest';
import { runCausal } from '../../../src/experiment/causal/run.js';
import { causalProblems } from '../../../src/experiment/causal/problems.js';
import type { CausalOptions } from '../../../src/experiment/causal/options.js';
import type {
  CausalRecord,
  CausalSummary,
  Measure,
  PatchMap,
  PatchSetting,
} from '../../../src/experiment/causal/shape.js';
import { causalPage } from '../../../src/experiment/causal/page.js';
import { causalRecord, causalSummary } from '../../../src/experiment/causal/shape.js';
import { layers, toyOptions, toyProblems } from './fakes.js';

async function run(
  options: CausalOptions,
): Promise<{ records: CausalRecord[]; summary: CausalSummary }> {
  const records: CausalRecord[] = [];
  const work = runCausal(options);
  for (;;) {
    const next = await work.next();
    if (next.done) return { records, summary: next.value };
    records.push(next.value);
  }
}

function mapOf(summary: CausalSummary, setting: PatchSetting): PatchMap {
  const found = summary.patching.find((map) => map.setting === setting);
  if (!found) throw new Error(`no ${setting}`);
  return found;
}

/** Of the boundary token, layer by layer. */
const boundary = (map: PatchMap): (number | null | undefined)[] =>
  map.effect.map((row) => row.at(-1));

function evidenceOf(summary: CausalSummary, measure: Measure): CausalSummary['evidence'][number] {
  const found = summary.evidence.find((of) => of.measure === measure);
  if (!found) throw new Error(`no ${measure}`);
  return found;
}

describe('runCausal on a toy in which one layer decides', () => {
  it('compares by another metric, or one of one’s own', async () => {
    const { summary: ratio, records: plain } = await run(toyOptions({ decides: 2 }));
    const normalised = toyOptions({ decides: 2 }, { metric: 'normalizedDistance' });
    const { summary, records } = await run(normalised);
    expect(summary.steering.metric).toBe('normalizedDistance');
    expect(summary.parts).toEqual(ratio.parts);
    expect(evidenceOf(summary, 'steering').what).toMatch(/^slope of the normalised edit distance/);
    expect(JSON.stringify(causalPage(summary))).toContain('change of the normalised edit distance');
    const same = { name: 'constant', of: () => 0.25, sign: 1, label: 'nothing' } as const;
    const constant = await run(toyOptions({ decides: 2 }, { metric: same }));
    expect(constant.summary.steering.baseline).toBe(0.25);
    expect(constant.summary.steering.effect.flat().every((change) => change === 0)).toBe(true);
    const edits = (of: readonly CausalRecord[]) => of.filter(({ kind }) => kind === 'edit');
    expect(JSON.stringify(edits(plain))).not.toContain('"metric"');
    expect(JSON.stringify(edits(records))).toContain('"metric"');
    expect(records.every((record) => causalRecord.safeParse(record).success)).toBe(true);
  });

  it('leaves out what was cut off for want of positions, and counts what met its limit', async () => {
    const plain = toyOptions({ decides: 2 });
    const [broken] = plain.problems.test;
    const cut = (finish: 'context' | 'length'): CausalOptions['corrector'] => ({
      ...plain.corrector,
      correct: async (inputs, request) => {
        const all = await plain.corrector.correct(inputs, request);
        // Unsteered it is whole: the edited rows of one problem alone are cut.
        return all.map((one, i) =>
          inputs.length > 1 && i > 0 && inputs[i]?.question === broken?.question
            ? { ...one, text: 'a'.repeat(500), finish }
            : one,
        );
      },
    });
    const { test } = plain.problems;
    const without = { ...plain.problems, test: test.filter(({ id }) => id !== broken?.id) };
    const limit = { limit: 48, controls: { random: 0 } };
    const { summary: expected } = await run({ ...plain, ...limit, problems: without });
    const { summary } = await run({ ...plain, ...limit, corrector: cut('context') });
    const all = summary.data.outputs?.all ?? 0;
    const edited = summary.steering.layers.length * summary.steering.coefficients.length;
    expect(summary.data.outputs).toEqual({ all, length: 0, context: edited });
    expect(summary.steering.degenerate.flat().every((share) => share === 0)).toBe(true);
    expect(summary.ablation.perLayer.map(({ change }) => change)).toEqual(
      expected.ablation.perLayer.map(({ change }) => change),
    );
    const steered = ({ effect }: CausalSummary['steering']) => effect.map((row) => row.toSpliced(2, 1)); // prettier-ignore
    expect(steered(summary.steering)).toEqual(steered(expected.steering));
    expect(summary.warnings.join('\n')).toMatch(
      new RegExp(`^context: ${edited} of ${all} outputs under edits were cut off`, 'm'),
    );
    const { summary: long } = await run({ ...plain, ...limit, corrector: cut('length') });
    expect(long.data.outputs).toEqual({ all, length: edited, context: 0 });
    expect(Math.max(...long.steering.degenerate.flat().map(Number))).toBeCloseTo(
      1 / long.steering.n,
    );
  });

  it('finds it without knowing how well the layers tell', async () => {
    const { summary } = await run(toyOptions({ decides: 2 }, { accuracy: null }));
    const { summary: known } = await run(toyOptions({ decides: 2 }));
    expect(summary.parts).toEqual(known.parts);
    expect(summary.bestLayer).toBeNull();
    expect(summary.scan.every(({ heldOutAccuracy }) => heldOutAccuracy === null)).toBe(true);
    for (const { rankCorrelation, rankCorrelationCi, largestIsBest } of summary.evidence) {
      expect([rankCorrelation, rankCorrelationCi, largestIsBest]).toEqual([null, null, null]);
    }
    expect(causalSummary.safeParse(summary).success).toBe(true);
    expect(JSON.stringify(causalPage(summary))).toContain('accuracy of the layers is not known');
  });

  it.each([0, 1, 2, 3])('finds layer %i by every measure', async (decides) => {
    const { summary } = await run(toyOptions({ decides }));
    const expected = Array.from({ length: layers }, (_, layer) =>
      layer < decides ? 'prepares' : layer > decides ? 'carriesOut' : 'decides',
    );
    expect(summary.parts.map(({ role }) => role)).toEqual(expected);
    expect(summary.parts.map(({ testRole }) => testRole)).toEqual(expected);
    expect(summary.parts.every(({ confirmed }) => confirmed)).toBe(true);
    for (const measure of ['steering', 'ablation', 'patching'] as const) {
      const { largest, leadCi, perLayer } = evidenceOf(summary, measure);
      expect(largest, measure).toBe(decides);
      expect(leadCi?.[0], measure).toBeGreaterThan(0);
      const others = perLayer.filter(({ layer }) => layer !== decides);
      expect(others.map(({ mean }) => mean)).toEqual(others.map(() => 0));
    }
    expect(summary.warnings).toEqual([]);
  });

  it('steers up towards correcting and down towards copying, at that layer alone', async () => {
    const { summary } = await run(toyOptions({ decides: 1 }));
    const { coefficients, effect, baseline, unitValue, n } = summary.steering;
    expect(coefficients).toEqual([-0.5, -0.25, 0, 0.25, 0.5]);
    expect([unitValue, n]).toEqual([[2, 2, 2, 2], 24]);
    expect(effect.map((row) => row[2])).toEqual([0, 0, 0, 0]);
    // A whole unit turns the surest sentence, so that nothing, or everything, is corrected.
    expect(effect[1]?.[0]).toBeCloseTo(-baseline, 10);
    expect(effect[1]?.[4]).toBeGreaterThan(0.3);
    expect(effect[1]?.[3]).toBeGreaterThan(0);
    expect(effect[1]?.[3]).toBeLessThan(effect[1]?.[4] ?? 0);
  });

  it('without the direction every correction becomes a copy, and copies stay', async () => {
    const { summary } = await run(toyOptions({ decides: 2 }));
    const { perLayer } = summary.ablation;
    expect(perLayer.map(({ stillCopied }) => stillCopied.rate)).toEqual([1, 1, 1, 1]);
    expect(perLayer.map(({ stillCorrected }) => stillCorrected.rate)).toEqual([1, 1, 0, 1]);
    expect(perLayer[2]?.change).toBeCloseTo(-summary.steering.baseline, 10);
    expect(perLayer[2]?.stillCopied.n).toBe(12);
  });

  it('the flag moves the decision from its own place until it is read, the boundary after', async () => {
    const { summary } = await run(toyOptions({ decides: 2 }));
    const map = mapOf(summary, 'correctIntoCopy');
    expect(map.columns).toEqual(['earlier', '-2', '-1', '0']);
    expect(map.switched).toEqual([
      [0, 1, 1, 0],
      [0, 1, 1, 0],
      [0, 0, 0, 1],
      [0, 0, 0, 1],
    ]);
    expect(map.effect.map((row) => row[0])).toEqual([0, 0, 0, 0]);
    expect(boundary(map)).toEqual([0, 0, 1, 1]);
    expect(map.equalLength).toBe(1);
    expect(mapOf(summary, 'copyIntoCorrect').columns).toEqual(['0']);
  });

  it('a word that comes early moves the first token one way, and is no decision', async () => {
    const { summary } = await run(toyOptions({ decides: 2, word: 0 }));
    // By this effect alone layer 0 would decide, as it does between two copies.
    expect(boundary(mapOf(summary, 'correctIntoCopy'))[0]).toBeGreaterThan(0.4);
    expect(boundary(mapOf(summary, 'copyIntoCopy'))[0]).toBe(1);
    expect(boundary(mapOf(summary, 'copyIntoCorrect'))[0]).toBeLessThan(0.1);
    expect(summary.parts.map(({ role }) => role)).toEqual([
      'prepares',
      'prepares',
      'decides',
      'carriesOut',
    ]);
  });

  it('says whether the scan agrees', async () => {
    const agrees = await run(toyOptions({ decides: 1 }, { accuracy: [0.5, 0.9, 0.6, 0.6] }));
    expect(agrees.summary.bestLayer).toBe(1);
    const steering = evidenceOf(agrees.summary, 'steering');
    expect(steering).toMatchObject({ largestIsBest: true });
    expect(steering.rankCorrelation).toBeGreaterThan(0.7);
    const not = await run(toyOptions({ decides: 1 }, { accuracy: [0.9, 0.5, 0.9, 0.95] }));
    expect(evidenceOf(not.summary, 'steering').largestIsBest).toBe(false);
    expect(evidenceOf(not.summary, 'steering').rankCorrelation).toBeLessThan(0);
  });

  it('patches some layers where only those are asked for', async () => {
    const { summary } = await run(toyOptions({ decides: 2 }, { layers: [3, 1] }));
    expect(summary.layers).toEqual([1, 3]);
    expect(summary.parts.map(({ role }) => role)).toEqual(['prepares', 'decides']);
  });
});

describe('records', () => {
  it('resumed anywhere, end in the same summary and the same order', async () => {
    const whole = await run(toyOptions({ decides: 1 }));
    const { length } = whole.records;
    for (const kept of [1, 40, 100, length - 3, length]) {
      const done = whole.records.slice(0, kept);
      const rest = await run(toyOptions({ decides: 1 }, { done }));
      expect([...done, ...rest.records], `after ${kept}`).toEqual(whole.records);
      expect(rest.summary, `after ${kept}`).toEqual(whole.summary);
    }
  });

  it('of a whole run cost no correction', async () => {
    const { records } = await run(toyOptions({ decides: 1 }));
    const options = toyOptions({ decides: 1 }, { done: records });
    await run(options);
    expect(options.corrector).toMatchObject({ calls: 0 });
  });

  it('name every problem once per kind, and keep pairs apart', async () => {
    const { records } = await run(toyOptions({ decides: 1 }));
    const pairs = records.filter(
      (r) => r.kind === 'patch' && r.split === 'test' && r.setting === 'copyIntoCopy',
    );
    const problems = pairs.flatMap((r) => (r.kind === 'patch' ? [r.recipient, r.donor] : []));
    expect(problems).toHaveLength(16);
    expect(new Set(problems).size).toBe(16);
    expect(records.filter(({ kind }) => kind === 'edit')).toHaveLength(24 + 12);
    expect(records.filter(({ kind }) => kind === 'case')).toHaveLength(36 + 48);
  });
});

describe('what cannot be tested', () => {
  it('leaves the patches out, and says so, where nothing is corrected', async () => {
    const problems = {
      validation: toyProblems(6, 'validation', [false]),
      test: toyProblems(6, 'test', [false]),
    };
    const { summary } = await run(toyOptions({ decides: 1 }, { problems }));
    expect(summary.patching.map(({ setting }) => setting)).toEqual(['copyIntoCopy']);
    expect(summary.parts).toEqual([]);
    expect(summary.evidence.map(({ measure }) => measure)).toEqual(['steering', 'ablation']);
    expect(summary.warnings[0]).toMatch(/^patching: no pairs .*give more problems$/);
  });

  const bad: [string, Partial<CausalOptions>, RegExp][] = [
    ['an unknown layer', { layers: [4] }, /no direction at layer 4 \(expected layers of 0 … 3\)/],
    ['no coefficient', { coefficients: [0] }, /no coefficient beside 0/],
    ['no number', { coefficients: [NaN] }, /coefficient NaN \(expected finite/],
    [
      'a problem in both splits',
      { problems: { validation: toyProblems(3, 'a'), test: toyProblems(3, 'a') } },
      /a-0 is in validation and test/,
    ],
    ['no problem', { problems: { validation: [], test: toyProblems(3, 'a') } }, /no validation/],
  ];

  it.each(bad)('refuses %s', async (_, changes, message) => {
    await expect(run(toyOptions({ decides: 1 }, changes))).rejects.toThrow(message);
  });
});

describe('causalProblems', () => {
  it('takes one sentence per problem, each in turn, and passes empty ones over', () => {
    const inputs = ['a', '', 'b'].map((last) => ({ prefix: '', last }));
    const problems = ['p', 'q', 'r'].map((id) => ({ id, question: '?', inputs }));
    expect(causalProblems(problems).map(({ last }) => last)).toEqual(['a', 'b', 'a']);
    expect(causalProblems([{ id: 'p', question: '?', inputs: [] }])).toEqual([]);
  });
});
