import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { alignAnswers } from '../../../src/align/stream.js';
import { runRounds, type RoundsOptions } from '../../../src/experiment/rounds/run.js';
import { roundsDifference, roundsTrend } from '../../../src/experiment/rounds/effects.js';
import {
  roundsSummary,
  type RoundsRecord,
  type RoundsSummary,
} from '../../../src/experiment/rounds/shape.js';
import { scorerFromFunction } from '../../../src/judge/fromFunction.js';
import { createRandom } from '../../../src/math/random.js';
import { jsonSchema } from '../../../src/shape/check.js';
import { mender, planted, plantedJudges, threeSentences } from './fakes.js';

/** p0 … p3: the upstream gets as many of the first sentences wrong, so k rounds mend p0 … pk. */
const questions = Array.from({ length: 4 }, (_, i) => planted(`p${i}`));

function setUp(changes: Partial<RoundsOptions> = {}) {
  const upstream = threeSentences();
  const [first, second] = [mender(), mender()];
  const options: RoundsOptions = {
    upstream,
    correctors: [
      { name: 's', corrector: first },
      { name: 's-seed2', corrector: second },
    ],
    questions,
    ...plantedJudges,
    rounds: 4,
    batchSize: 3,
    seed: 1,
    ...changes,
  };
  return { options, upstream, first, second };
}

async function collect(
  options: RoundsOptions,
): Promise<{ records: RoundsRecord[]; summary: RoundsSummary }> {
  const records: RoundsRecord[] = [];
  const run = runRounds(options);
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { records, summary: value };
    records.push(value);
  }
}

const find = (records: readonly RoundsRecord[], problem: string): RoundsRecord | undefined =>
  records.find((record) => record.problem === problem && record.corrector === 's');

describe('runRounds', () => {
  it('refuses two questions of one id, whose records could not be told apart', async () => {
    const { options } = setUp({ questions: [planted('p0'), planted('p1'), planted('p0')] });
    await expect(collect(options)).rejects.toThrow('two questions have the id "p0"');
  });

  it('cuts the loop off after every round and lets either model write on', async () => {
    const { records } = await collect(setUp().options);
    const record = find(records, 'p2');
    expect(record?.continued.upstream.map(({ text }) => text)).toEqual([
      'Bad. Bad. Good.',
      'Good. Bad. Good.',
      'Good. Good. Good.',
      'Good. Good. Good.',
      'Good. Good. Good.',
    ]);
    expect(record?.continued.corrector.map(({ text }) => text)).toEqual(
      Array.from({ length: 5 }, () => 'Good. Good. Good.'),
    );
    expect(record?.classic).toMatchObject({ stop: 'end-of-answer', rounds: 4, right: true });
    expect(record?.revisions[1]).toEqual({
      ...{ prefix: 'Good.', last: ' Bad.', correction: ' Good.' },
      ...{ quality: 'bad', fault: 'wrong-result', after: 'good' },
    });
    const scores = record?.continued.upstream.map(({ score }) => score);
    expect(scores).toEqual([1 / 3, 2 / 3, 1, 1, 1]);
    expect(record?.continued.upstream[0]).toMatchObject({ sentences: 3, characters: 15 });
  });

  it('gives what the loop itself gives in continue mode', async () => {
    const { records } = await collect(setUp().options);
    const rows = questions.map(({ question }) => ({ question }));
    for (const continueWith of ['upstream', 'corrector'] as const) {
      for (const k of [0, 1, 2, 4]) {
        const mode = { correctionRounds: k, continueWith };
        const models = { upstream: threeSentences(), corrector: mender() };
        const answers = await alignAnswers({ rows, mode, ...models });
        const texts = questions.map(
          ({ id }) => find(records, id)?.continued[continueWith][k]?.text,
        );
        expect(answers.map(({ text }) => text)).toEqual(texts);
      }
    }
  });

  it('finds the planted curve, its gain and its distribution', async () => {
    const { summary } = await collect(setUp().options);
    const [corrector] = summary.correctors;
    const { upstream, corrector: alone } = corrector?.continued ?? { upstream: [], corrector: [] };
    expect(upstream.map(({ accuracy }) => accuracy)).toEqual([0.25, 0.5, 0.75, 1, 1]);
    expect(upstream.map(({ gain }) => gain.mean)).toEqual([0, 0.25, 0.5, 0.75, 0.75]);
    expect(alone.map(({ accuracy }) => accuracy)).toEqual([1, 1, 1, 1, 1]);
    expect(corrector?.settled).toEqual({ upstream: 3, corrector: 0 });
    expect(corrector?.classic).toMatchObject({ accuracy: 1, stops: { 'end-of-answer': 4 } });
    expect(corrector?.classic.rounds.mean).toBe(4);
    // Of p0 … p3 alone: 1, 2/3, 1/3 and 0 of the sentences are right.
    expect(summary.scoreBins).toEqual(['0', 'to ¼', 'to ½', 'to ¾', 'below 1', '1']);
    expect(upstream[0]?.scoreShares).toEqual([0.25, 0, 0.25, 0.25, 0, 0.25]);
    expect(upstream[0]?.score.mean).toBeCloseTo(0.5, 12);
    // "Good." is one letter longer than "Bad.".
    expect(upstream.map(({ characters }) => characters.mean)).toEqual([15.5, 16.25, 16.75, 17, 17]);
  });

  it('gives effects: gain, trend and difference of the readings', async () => {
    const { records } = await collect(setUp().options);
    const of = { records, corrector: 's', random: createRandom(1) };
    const alone = { continueWith: 'upstream', k: 0 } as const;
    const gain = roundsDifference({ ...of, measure: 'right', from: alone, to: 'classic' });
    expect(gain).toMatchObject({ n: 4, estimate: 0.75 });
    expect(gain.ci?.[0]).toBeLessThan(0.75);
    const trend = roundsTrend({ ...of, measure: 'right', continueWith: 'upstream' });
    // Ranks 1 2 3 4½ 4½ against 1 … 5.
    expect(trend.estimate).toBeCloseTo(0.9747, 4);
    const flat = roundsTrend({ ...of, measure: 'right', continueWith: 'corrector' });
    expect(flat.estimate).toBeNull();
    const over = roundsDifference({
      ...{ ...of, measure: 'score', nullValue: 1 },
      ...{ from: { continueWith: 'upstream', k: 1 }, to: { continueWith: 'corrector', k: 1 } },
    });
    expect(over.estimate).toBeCloseTo((1 / 3 + 2 / 3) / 4, 12);
    expect(() =>
      roundsDifference({ ...of, measure: 'right', from: { ...alone, k: 9 }, to: 'classic' }),
    ).toThrow(/no answer after 9 rounds \(expected 0 … 4\)/);
  });

  it('asks every model about a place once, whichever corrector came there', async () => {
    const { options, upstream, first, second } = setUp({ batchSize: 4 });
    await collect(options);
    const asked = (calls: readonly (readonly { question: string; prefix: string }[])[]): string[] =>
      calls.flat().map(({ question, prefix }) => `${question}/${prefix}`);
    // Four problems, four prefixes each; both correctors go the same way.
    expect(asked(upstream.calls)).toHaveLength(16);
    expect(upstream.finished).toHaveLength(1);
    expect(new Set(asked(upstream.finished)).size).toBe(asked(upstream.finished).length);
    for (const corrector of [first, second]) {
      const keys = corrector.calls.flat().map((input) => JSON.stringify(input));
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('scores nothing without a solver', async () => {
    const { records, summary } = await collect(setUp({ sentences: undefined }).options);
    expect(records[0]?.classic.score).toBeNull();
    expect(records[0]?.revisions[0]).not.toHaveProperty('quality');
    const [point] = summary.correctors[0]?.continued.upstream ?? [];
    expect(point).toMatchObject({ accuracy: 0.25, scoreShares: null });
    expect(point?.score).toEqual({ mean: null, ci: null });
  });

  it('waits for its scorers: one that always says false makes no answer right', async () => {
    const never = scorerFromFunction({
      name: 'never',
      score: async () => await new Promise<boolean>((say) => setTimeout(say, 1, false)),
    });
    const { summary } = await collect(setUp({ scorers: [never] }).options);
    const [corrector] = summary.correctors;
    expect(corrector?.classic).toMatchObject({ n: 4, accuracy: 0, gain: { mean: 0 } });
    expect(corrector?.continued.upstream.map(({ accuracy }) => accuracy)).toEqual([0, 0, 0, 0, 0]);
  });

  it('counts only what a scorer can say, and keeps other scorers beside', async () => {
    const [right] = plantedJudges.scorers;
    if (!right) throw new Error('no scorer');
    const some = scorerFromFunction({
      name: 'some',
      score: ({ question, answer }) => (question.id === 'p3' ? null : !answer.includes('Bad')),
    });
    const length = scorerFromFunction({
      ...{ name: 'length', unit: 'characters', better: 'lower' },
      score: ({ answer }) => answer.length,
    });
    const { records, summary } = await collect(setUp({ scorers: [length, some, right] }).options);
    expect(find(records, 'p3')?.classic).toMatchObject({ right: null, scores: { planted: true } });
    const [alone] = summary.correctors[0]?.continued.upstream ?? [];
    expect(alone).toMatchObject({ n: 3, accuracy: 1 / 3 });
    expect(alone?.scores).toMatchObject([
      { name: 'length', unit: 'characters', better: 'lower', n: 4, mean: 15.5 },
      { name: 'planted', unit: 'yes/no', n: 4, mean: 0.25 },
    ]);
    expect(summary.correctors[0]?.classic.gain.mean).toBeCloseTo(2 / 3, 12);
  });

  it('resumes after any record, in the same batches, side by side or not', async () => {
    const whole = await collect(setUp().options);
    expect(whole.records).toHaveLength(8);
    for (const kept of [1, 6, 8]) {
      const { options, upstream } = setUp({ atOnce: 1 + (kept % 2) });
      const rest = await collect({ ...options, done: whole.records.slice(0, kept) });
      expect([...whole.records.slice(0, kept), ...rest.records]).toEqual(whole.records);
      expect(rest.summary).toEqual(whole.summary);
      if (kept === 8) expect(upstream.calls).toHaveLength(0);
      if (kept === 6) expect(upstream.calls.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    }
  });

  it('reports its steps, those done before included', async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    const { records } = await collect(setUp({ onProgress }).options);
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => [i + 1, 10]));
    seen.length = 0;
    await collect(setUp({ onProgress, done: records.slice(0, 6) }).options);
    expect(seen[0]).toEqual([6, 10]);
  });

  it('writes what its schema publishes, also where nothing was recorded', async () => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(jsonSchema(roundsSummary, '', ''));
    const { summary } = await collect(setUp().options);
    const empty = await collect(setUp({ questions: [] }).options);
    for (const some of [summary, empty.summary]) {
      validate(some);
      expect(validate.errors).toBeNull();
    }
  });

  it('hears an abort; refuses two correctors of one name, and no rounds', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(collect(setUp({ signal }).options)).rejects.toThrow('enough');
    const twice = [mender(), mender()].map((corrector) => ({ name: 's', corrector }));
    await expect(collect(setUp({ correctors: twice }).options)).rejects.toThrow(/called s/);
    await expect(collect(setUp({ rounds: 0 }).options)).rejects.toThrow(/from 1, got 0/);
  });
});
