import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { Question } from '../../../src/data/types.js';
import { answerQuestions, type AnswersOptions } from '../../../src/experiment/answers/run.js';
import type { AnswerRecord, TimingRecord } from '../../../src/experiment/answers/shape.js';
import { summariseEvaluate } from '../../../src/experiment/answers/evaluate/summary.js';
import {
  alignerSystem,
  correctorAloneSystem,
  streamSystem,
  upstreamSystem,
} from '../../../src/experiment/answers/systems.js';
import { createRandom } from '../../../src/math/random.js';
import { jsonSchema } from '../../../src/shape/check.js';
import {
  evaluateSummary,
  type EvaluateSummary,
} from '../../../src/experiment/answers/evaluate/shape.js';
import { scorerFromFunction } from '../../../src/judge/fromFunction.js';
import { fakeCorrector, fakeUpstream, inTurn, named } from '../../align/fakes.js';
import { sentenceJudge } from '../rounds/fakes.js';

/**
 * Ten problems, p0 … p9; the last two belong to the unseen family. The upstream is right on p0 … p3;
 * the corrector mends p4 … p6 and spoils p0; the Aligner is right on even ones only; the corrector
 * alone is right on p9 only.
 */
const questions = Array.from({ length: 10 }, (_, i) => planted(`p${i}`, i >= 8));
const upstreamRight = new Set(['p0', 'p1', 'p2', 'p3']);
const streamRight = new Set(['p1', 'p2', 'p3', 'p4', 'p5', 'p6']);

function planted(id: string, unseen: boolean): Question {
  return { id, question: id, group: unseen ? 'unseen' : 'seen' };
}

const endsRight = scorerFromFunction({
  name: 'ends right',
  score: ({ answer }) => answer.endsWith('Right.'),
});
const sentences = sentenceJudge((last) => {
  const quality = last === '' ? 'missing' : last === 'Wrong.' ? 'bad' : 'good';
  return { quality, fault: quality === 'bad' ? 'wrong-answer' : null, correction: '' };
});

const verdict = (right: boolean) => (right ? 'Right.' : 'Wrong.');

function setUp() {
  const ending = (question: string) => verdict(upstreamRight.has(question));
  const upstream = fakeUpstream(
    ({ question, prefix }) => inTurn(['First.', ending(question)])({ prefix }),
    ({ question }) => `First. ${ending(question)}`,
  );
  const corrector = fakeCorrector(({ question, prefix, last }) => {
    if (last === 'First.') return last;
    if (last !== '') return verdict(streamRight.has(question));
    // Alone it says one sentence.
    return prefix === '' ? verdict(question === 'p9') : '';
  });
  const aligner = {
    ...named('m'),
    readable: false,
    correct: (answers: readonly { question: string; answer: string }[]) =>
      Promise.resolve(
        answers.map(({ question }) => ({
          text: `First. ${verdict(Number(question.slice(1)) % 2 === 0)}`,
          tokens: 7,
          finish: 'stop' as const,
        })),
      ),
  };
  let now = 0;
  const options: AnswersOptions = {
    systems: [
      upstreamSystem(),
      streamSystem({ corrector }),
      alignerSystem({ aligner }),
      correctorAloneSystem({ corrector }),
    ],
    upstream,
    questions,
    ...{ scorers: [endsRight], sentences },
    batchSize: 4,
    timed: 2,
    clock: () => (now += 10),
  };
  return { options, upstream, corrector };
}

type EvaluateRecord = AnswerRecord | TimingRecord;

async function collect(options: AnswersOptions): Promise<EvaluateRecord[]> {
  const records: EvaluateRecord[] = [];
  for await (const record of answerQuestions(options)) {
    if (record.kind !== 'samples') records.push(record);
  }
  return records;
}

const withoutTimes = (record: EvaluateRecord) =>
  record.kind === 'answer' ? record : [record.kind, record.system, record.problem, record.tokens];

describe('answerQuestions', () => {
  it('finds the planted rates', async () => {
    const records = await collect(setUp().options);
    const { systems } = summariseEvaluate({ records, random: createRandom(1) });
    const rates = systems.map(({ name, n, accuracy, fixRate, breakRate, copyRate }) => ({
      name,
      n,
      accuracy,
      fixRate,
      breakRate,
      copyRate,
    }));
    expect(rates).toEqual([
      { name: 'upstream', n: 10, accuracy: 0.4, fixRate: null, breakRate: null, copyRate: null },
      // 10 first sentences copied, and 3 right and 3 wrong endings.
      {
        name: 'stream-fake-corrector',
        n: 10,
        accuracy: 0.6,
        fixRate: 3 / 6,
        breakRate: 1 / 4,
        copyRate: 16 / 20,
      },
      // Copies p0 and p2 (right) and p5, p7, p9 (wrong).
      { name: 'aligner-m', n: 10, accuracy: 0.5, fixRate: 0.5, breakRate: 0.5, copyRate: 0.5 },
      {
        name: 'corrector-alone-fake-corrector',
        n: 10,
        accuracy: 0.1,
        fixRate: 1 / 6,
        breakRate: 1,
        copyRate: null,
      },
    ]);
  });

  it('reports groups apart', async () => {
    const records = await collect(setUp().options);
    const { systems } = summariseEvaluate({ records, random: createRandom(1) });
    const alone = systems.find(({ name }) => name.startsWith('corrector-alone'));
    const [seen, unseen] = alone?.groups ?? [];
    // What the rates are shares of: the upstream is right 4 times of 10.
    expect(alone).toMatchObject({ fixN: 6, breakN: 4 });
    expect(unseen).toMatchObject({ fixN: 2, breakN: 0 });
    expect(unseen).toMatchObject({ group: 'unseen', n: 2, accuracy: 0.5, fixRate: 0.5 });
    expect(unseen?.breakRate).toBeNull();
    expect(seen).toMatchObject({ group: 'seen', n: 8, accuracy: 0 });
  });

  it('gives intervals, and gains in pairs over the upstream and the corrector alone', async () => {
    const records = await collect(setUp().options);
    const { systems } = summariseEvaluate({ records, random: createRandom(1) });
    const [upstream, stream] = systems;
    const [fewest, most] = stream?.copyRateCi ?? [NaN, NaN];
    expect(fewest).toBeLessThan(0.8);
    expect(most).toBeGreaterThan(0.8);
    expect(stream).toMatchObject({ revisions: 3, stops: { 'end-of-answer': 10 } });
    // Wilson, 4 of 10.
    expect(upstream?.ci?.[0]).toBeCloseTo(0.1682, 4);
    expect(upstream?.ci?.[1]).toBeCloseTo(0.6873, 4);
    expect(upstream?.gains).toEqual([]);
    expect(stream?.gains.map(({ over, n, gain }) => [over, n, gain])).toEqual([
      ['upstream', 10, expect.closeTo(0.2, 12)],
      ['corrector-alone-fake-corrector', 10, expect.closeTo(0.5, 12)],
    ]);
    // Three better, one worse, six the same: sampled differences lie around 0.2, within their range.
    const [low, high] = stream?.gains[0]?.ci ?? [NaN, NaN];
    expect(low).toBeGreaterThan(-0.5);
    expect(low).toBeLessThan(0.2);
    expect(high).toBeGreaterThan(0.2);
    expect(summariseEvaluate({ records, random: createRandom(1) }).systems).toEqual(systems);
  });

  it('writes what its schema publishes, with null where nothing is defined', async () => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(
      jsonSchema(evaluateSummary, '', ''),
    );
    const records = await collect(setUp().options);
    for (const kept of [records, records.slice(0, 1), []]) {
      const summary: EvaluateSummary = summariseEvaluate({
        records: kept,
        random: createRandom(1),
      });
      validate(summary);
      expect(validate.errors).toBeNull();
    }
    expect(validate({ systems: [{ name: 'upstream' }] })).toBe(false);
  });

  it('judges sentences in their place, before and after', async () => {
    const records = await collect(setUp().options);
    const of = (system: string) =>
      records.find((record) => record.system === system && record.problem === 'p4');
    expect(of('stream-fake-corrector')).toMatchObject({
      answer: 'First. Right.',
      right: true,
      stop: 'end-of-answer',
      revisions: [
        { prefix: '', last: 'First.', quality: 'good', after: 'good' },
        { prefix: 'First.', last: ' Wrong.', quality: 'bad', fault: 'wrong-answer', after: 'good' },
        { last: '', quality: 'missing', after: null },
      ],
    });
    expect(of('aligner-m')).toMatchObject({
      revisions: [{ last: 'First. Wrong.', correction: 'First. Right.' }],
    });
  });

  it('times the first problems one at a time', async () => {
    const { options, upstream } = setUp();
    const records = await collect(options);
    const timings = records.filter((record) => record.kind === 'timing');
    expect(timings).toHaveLength(8);
    const rows = upstream.calls.slice(-9).map((inputs) => inputs.length);
    expect(new Set(rows)).toEqual(new Set([1]));
    const { systems } = summariseEvaluate({ records, random: createRandom(1) });
    // Two clock readings, 10 ms apart; "First. Right." is 13 tokens of the fake upstream.
    expect(systems[0]).toMatchObject({ msPerToken: 10 / 13, firstTokenMs: 3 });
    const untimed = await collect({ ...setUp().options, timed: 0 });
    const [first] = summariseEvaluate({ records: untimed, random: createRandom(1) }).systems;
    expect(first).toMatchObject({ msPerToken: null, firstTokenMs: null });
  });

  it('asks the upstream once for what several systems need', async () => {
    const { options, upstream } = setUp();
    await collect({ ...options, timed: 0 });
    expect(upstream.finished.map((inputs) => inputs.length)).toEqual([4, 4, 2]);
  });

  it('resumes after any record and computes in the same batches as before', async () => {
    const { options } = setUp();
    const whole = await collect(options);
    for (const kept of [0, 1, 17, 24, 41, whole.length]) {
      const { options: again, upstream } = setUp();
      const rest = await collect({ ...again, done: whole.slice(0, kept) });
      const joined = [...whole.slice(0, kept), ...rest];
      expect(joined.map(withoutTimes)).toEqual(whole.map(withoutTimes));
      const sizes = upstream.finished.map((inputs) => inputs.length);
      expect(sizes.every((size) => [1, 2, 4].includes(size))).toBe(true);
    }
    const { options: over, upstream } = setUp();
    await collect({ ...over, done: whole });
    expect(upstream.calls).toHaveLength(0);
  });

  it('hears an abort and keeps what was recorded', async () => {
    const { options } = setUp();
    const abort = new AbortController();
    const seen: unknown[] = [];
    const run = async () => {
      for await (const record of answerQuestions({ ...options, signal: abort.signal })) {
        seen.push(record);
        if (seen.length === 4) abort.abort(new Error('enough'));
      }
    };
    await expect(run()).rejects.toThrow('enough');
    expect(seen).toHaveLength(4);
  });

  it('says nothing of answers that no scorer can judge, and keeps other scorers beside', async () => {
    const some = scorerFromFunction({
      name: 'some',
      score: async ({ question, answer }) =>
        await Promise.resolve(question.id === 'p0' ? null : answer.endsWith('Right.')),
    });
    const length = scorerFromFunction({
      ...{ name: 'length', unit: 'characters', better: 'lower' },
      score: ({ answer }) => answer.length,
    });
    const scorers = [length, some];
    const records = await collect({ ...setUp().options, timed: 0, scorers });
    expect(records[0]).toMatchObject({ right: null, scores: { length: 13 } });
    const { systems } = summariseEvaluate({ records, scorers, random: createRandom(1) });
    expect(systems[0]).toMatchObject({ n: 9, accuracy: 3 / 9 });
    expect(systems[0]?.scores).toMatchObject([
      { name: 'length', unit: 'characters', better: 'lower', n: 10, mean: 13 },
    ]);
    const validate = new Ajv({ allowUnionTypes: true }).compile(
      jsonSchema(evaluateSummary, '', ''),
    );
    validate(systems.length > 0 ? { systems } : null);
    expect(validate.errors).toBeNull();
    // With numbers alone nothing is right or wrong.
    const numbers = await collect({ ...setUp().options, timed: 0, scorers: [length] });
    const [upstream] = summariseEvaluate({ records: numbers, random: createRandom(1) }).systems;
    expect(upstream).toMatchObject({ n: 0, accuracy: null, gains: [] });
  });

  it('refuses two systems of one name', async () => {
    const { options } = setUp();
    const twice = { ...options, systems: [upstreamSystem(), upstreamSystem()] };
    await expect(collect(twice)).rejects.toThrow(/two systems are called upstream/);
  });
});
