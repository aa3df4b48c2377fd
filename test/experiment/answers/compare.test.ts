import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { Upstream } from '../../../src/align/upstream.js';
import {
  runCompare,
  streamAnswers,
  type CompareOptions,
} from '../../../src/experiment/answers/compare/run.js';
import {
  accuracyDifference,
  firstTextRatio,
  perTokenRatio,
} from '../../../src/experiment/answers/compare/effects.js';
import { bestOfAtEqualTime } from '../../../src/experiment/answers/compare/summary.js';
import {
  compareSummary,
  type BestOf,
  type CompareSummary,
} from '../../../src/experiment/answers/compare/shape.js';
import type { CompareRecord } from '../../../src/experiment/answers/shape.js';
import { runRounds } from '../../../src/experiment/rounds/run.js';
import type { RoundsRecord } from '../../../src/experiment/rounds/shape.js';
import { createRandom } from '../../../src/math/random.js';
import { jsonSchema } from '../../../src/shape/check.js';
import { fakeUpstream, named } from '../../align/fakes.js';
import { mender, planted, plantedJudges, threeSentences } from '../rounds/fakes.js';

/** The upstream alone is right on p0; the loop on all; the Aligner on p0 and p1; DPO on none. */
const questions = Array.from({ length: 4 }, (_, i) => planted(`p${i}`));

/** Samples 0, 1, 2, 3 of a question; the first two are wrong in different ways. */
const sampled = ['Bad. 1', 'Bad. 2', 'Good. 3', 'Good. 3'];

function sampler(): Upstream & { rows: number[] } {
  const rows: number[] = [];
  const finish: Upstream['finish'] = (inputs) => {
    rows.push(inputs.length);
    const texts = inputs.map(({ sample = 0 }) => sampled[sample] ?? '');
    return Promise.resolve(
      texts.map((text) => ({ text, ended: true, tokens: 7, firstTextMilliseconds: 1 })),
    );
  };
  return { ...named('sampler'), rows, finish, nextSentences: finish };
}

function setUp(changes: Partial<CompareOptions> = {}) {
  const upstream = threeSentences();
  const sampling = sampler();
  const aligner = {
    ...named('aligner'),
    readable: false,
    correct: (answers: readonly { question: string }[]) =>
      Promise.resolve(
        answers.map(({ question }) => {
          const text = question < 'p2' ? 'Good.' : 'Bad.';
          return { text, tokens: 6, finish: 'stop' as const };
        }),
      ),
  };
  let now = 0;
  const options: CompareOptions = {
    upstream,
    correctors: [{ size: 'm', bytes: 1000, corrector: mender() }],
    aligners: [{ size: 'm', bytes: 1000, aligner }],
    tuned: [{ kind: 'dpo', upstream: fakeUpstream(() => null, () => 'Bad.') }], // prettier-ignore
    sampler: sampling,
    bestOf: [1, 2, 4],
    finalAnswer: (text) => /\d/.exec(text)?.[0] ?? null,
    questions,
    ...plantedJudges,
    batchSize: 3,
    timed: 2,
    seed: 1,
    clock: () => (now += 10),
    ...changes,
  };
  return { options, upstream, sampling };
}

async function collect<R, S>(run: AsyncGenerator<R, S>): Promise<{ records: R[]; summary: S }> {
  const records: R[] = [];
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { records, summary: value };
    records.push(value);
  }
}

const withoutTimes = (record: CompareRecord) =>
  record.kind === 'timing' ? [record.system, record.problem, record.tokens] : record;

const accuracies = ({ systems }: CompareSummary) =>
  Object.fromEntries(systems.map(({ name, accuracy }) => [name, accuracy]));

describe('runCompare', () => {
  it('finds the planted accuracies, and leaves out what has no model', async () => {
    const { summary } = await collect(runCompare(setUp().options));
    expect(accuracies(summary)).toEqual({
      ...{ upstream: 0.25, 'stream-fake-corrector': 1, 'aligner-aligner': 0.5, dpo: 0 },
    });
    expect(summary.systems.map(({ kind, size }) => [kind, size])).toEqual([
      ...[['upstream', null], ['stream', 'm'], ['aligner', 'm'], ['dpo', null]], // prettier-ignore
    ]);
    const bare = setUp({ aligners: [], tuned: [] }).options;
    delete bare.sampler;
    const { summary: less } = await collect(runCompare(bare));
    expect(Object.keys(accuracies(less))).toEqual(['upstream', 'stream-fake-corrector']);
    expect(less).toMatchObject({ bestOf: [], latency: [] });
  });

  it('votes among the first n of the same samples, each computed once', async () => {
    const { options, sampling } = setUp();
    const { summary, records } = await collect(runCompare(options));
    const curve = summary.bestOf.map(({ samples, n, accuracy, anyRight }) => [
      ...[samples, n, accuracy, anyRight],
    ]);
    // Two wrong answers tie; the third and the fourth sample outvote them.
    expect(curve).toEqual([[1, 4, 0, 0], [2, 4, 0, 0], [4, 4, 1, 1]]); // prettier-ignore
    expect(records.find(({ kind }) => kind === 'samples')).toEqual({
      ...{ kind: 'samples', problem: 'p0', texts: sampled },
      ...{ finals: ['1', '2', '3', '3'], right: [false, false, true, true] },
    });
    // Two batches of answers; then the timed ones, every n in turn: warmed up, then two problems.
    expect(sampling.rows).toEqual([12, 4, ...[1, 2, 4], ...[1, 2, 4], ...[1, 2, 4]]);
  });

  it('compares the loop with every rival of its size, in pairs', async () => {
    const { summary, records } = await collect(runCompare(setUp().options));
    expect(summary.differences.map(({ over, n, estimate }) => [over, n, estimate])).toEqual([
      ...[['upstream', 4, 0.75], ['aligner-aligner', 4, 0.5], ['dpo', 4, 1]], // prettier-ignore
      ['best-of-4', 4, 0],
    ]);
    const pair = { records, random: createRandom(1), system: 'best-of-4', against: 'best-of-1' };
    expect(accuracyDifference(pair)).toMatchObject({ n: 4, estimate: 1 });
    const unknown = accuracyDifference({ ...pair, against: 'nobody' });
    expect(unknown).toMatchObject({ n: 0, estimate: null });
  });

  it('gives ratios of times over the same problems', () => {
    const timing = (system: string, problem: string, of: [number, number, number | null]) => {
      const [milliseconds, tokens, firstTextMilliseconds] = of;
      const names = { kind: 'timing' as const, system, problem };
      return { ...names, milliseconds, tokens, firstTextMilliseconds };
    };
    const records = [
      timing('stream', 'a', [100, 10, 10]),
      timing('stream', 'b', [300, 10, 30]),
      timing('stream', 'only here', [9000, 1, 1]),
      timing('aligner', 'a', [400, 16, 400]),
      timing('aligner', 'b', [400, 16, 400]),
      timing('silent', 'a', [400, 16, null]),
    ];
    const pair = { records, system: 'stream', against: 'aligner', random: createRandom(1) };
    // 20 ms a token against 25.
    const ratio = perTokenRatio(pair);
    expect(ratio).toMatchObject({ n: 2, estimate: 0.8 });
    expect(ratio.ci).toEqual([0.4, 1.2]);
    expect(ratio.p).toBeGreaterThan(0.2);
    const first = firstTextRatio({ ...pair, system: 'aligner', against: 'stream' });
    expect(first.estimate).toBe(20);
    expect(firstTextRatio({ ...pair, system: 'silent' })).toMatchObject({ n: 0, estimate: null });
  });

  it('sets the best-of-n of the same time, or more, beside the loop', () => {
    const points = [10, 20, 40].map(
      (value, i) =>
        ({ samples: 2 ** i, timing: { perProblem: { value, ci: null } } }) as unknown as BestOf,
    );
    const at = (value: number | null) =>
      bestOfAtEqualTime(points, { perProblem: { value, ci: null } })?.samples;
    expect([5, 15, 20, 41, null].map(at)).toEqual([1, 2, 2, 4, 4]);
    expect(bestOfAtEqualTime([], { perProblem: { value: 1, ci: null } })).toBeUndefined();
  });

  it('takes the loops of another experiment over as they are, and only times them', async () => {
    const corrector = mender();
    const { options } = setUp({ correctors: [{ size: 'm', bytes: null, corrector }] });
    const rounds = await collect<RoundsRecord, unknown>(
      runRounds({
        ...{ upstream: options.upstream, questions, ...plantedJudges, seed: 1 },
        correctors: [{ name: corrector.name, corrector }],
      }),
    );
    const answered = streamAnswers(rounds.records);
    corrector.calls.length = 0;
    const { records, summary } = await collect(runCompare({ ...options, answered }));
    const plain = await collect(runCompare(setUp().options));
    expect(corrector.calls.every((inputs) => inputs.length === 1)).toBe(true);
    const ofStream = (all: readonly CompareRecord[]) =>
      all.filter((record) => record.kind === 'answer' && record.system === 'stream-fake-corrector');
    expect(ofStream(records)).toEqual(ofStream(plain.records));
    expect(accuracies(summary)).toEqual(accuracies(plain.summary));
    // Of one problem too few, they are made anew.
    const short = await collect(runCompare({ ...options, answered: answered.slice(1) }));
    expect(ofStream(short.records)).toEqual(ofStream(plain.records));
  });

  it('resumes after any record, in the same batches, side by side or not', async () => {
    const whole = await collect(runCompare(setUp().options));
    const total = whole.records.length;
    // 4 systems and samples on 4 problems, then 7 systems timed on 2.
    expect(total).toBe(34);
    for (const kept of [1, 16, 33, total]) {
      const { options, sampling } = setUp({ atOnce: 1 + (kept % 2) });
      const done = whole.records.slice(0, kept);
      const rest = await collect(runCompare({ ...options, done }));
      const joined = [...done, ...rest.records];
      expect(joined.map(withoutTimes)).toEqual(whole.records.map(withoutTimes));
      if (kept === total) {
        expect(sampling.rows).toHaveLength(0);
        expect(rest.summary).toEqual(whole.summary);
      }
    }
  });

  it('counts records for its progress, those done before included', async () => {
    const seen: [string, number, number][] = [];
    const onProgress = (...now: [string, number, number]) => void seen.push(now);
    const { records } = await collect(runCompare(setUp({ onProgress }).options));
    const of = (phase: string) => seen.filter(([name]) => name === phase);
    expect(of('answers').map(([, done]) => done)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1)); // prettier-ignore
    expect(of('timing').at(-1)).toEqual(['timing', 14, 14]);
    seen.length = 0;
    await collect(runCompare(setUp({ onProgress, done: records.slice(0, 15) }).options));
    expect(seen[0]).toEqual(['answers', 16, 20]);
  });

  it('writes what its schema publishes', async () => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(jsonSchema(compareSummary, '', ''));
    const { summary } = await collect(runCompare(setUp().options));
    const { summary: untimed } = await collect(runCompare(setUp({ timed: 0 }).options));
    const { summary: empty } = await collect(runCompare(setUp({ questions: [] }).options));
    for (const some of [summary, untimed, empty]) {
      validate(some);
      expect(validate.errors).toBeNull();
    }
  });

  it('hears an abort; refuses samples that do not ascend, and systems of one name', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(collect(runCompare(setUp({ signal }).options))).rejects.toThrow('enough');
    const descending = setUp({ bestOf: [4, 2] }).options;
    await expect(collect(runCompare(descending))).rejects.toThrow(/ascending \(got 4, 2\)/);
    const { correctors } = setUp().options;
    const twice = setUp({ correctors: [...correctors, ...correctors] }).options;
    await expect(collect(runCompare(twice))).rejects.toThrow(/two systems are called stream-fake/);
  });
});
