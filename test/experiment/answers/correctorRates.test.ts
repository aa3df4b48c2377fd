import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { AnnotatedQuadruple, Fault, Quality, Question } from '../../../src/data/types.js';
import type { CorrectorRatesOptions } from '../../../src/experiment/answers/evaluate/correctorRates.js';
import type { CorrectionRecord } from '../../../src/experiment/answers/shape.js';
import { correctQuadruples } from '../../../src/experiment/answers/evaluate/correctorRates.js';
import { summariseCorrector } from '../../../src/experiment/answers/evaluate/correctorSummary.js';
import {
  correctorSummary,
  type CorrectorSummary,
} from '../../../src/experiment/answers/evaluate/shape.js';
import { jsonSchema } from '../../../src/shape/check.js';
import { fakeCorrector } from '../../align/fakes.js';
import { sentenceJudge } from '../rounds/fakes.js';

const questionOf = (id: string): Question => ({
  ...{ id, question: id },
  group: id === 'unseen' ? 'unseen' : 'seen',
});

/** A planted sentence and what the corrector will say to it; the judge calls `ok …` good. */
type Plant = [
  quality: Quality,
  fault: Fault | null,
  last: string,
  correction: string,
  says: string,
  id?: string,
];

const plants: Plant[] = [
  ['good', null, 'ok a', 'ok a', 'ok a'],
  ['good', null, 'ok b', 'ok b', 'ok other'],
  ['good', null, 'ok c', 'ok c', 'spoiled'],
  ['good', null, 'ok d', 'ok d', 'ok d', 'unseen'],
  ['bad', 'wrong-result', 'bad a', 'ok', 'ok in its own words'],
  ['bad', 'wrong-result', 'bad b', 'ok', 'bad b'],
  ['bad', 'off-topic', 'bad c', 'ok', 'bad too', 'unseen'],
  ['bad', 'off-topic', 'bad d', 'ok', ''],
  ['neutral', 'hedged', 'maybe a', 'ok', 'ok'],
  ['neutral', 'wordy', 'well b', 'ok', 'well b'],
  ['surplus', null, 'extra a', '', ''],
  ['surplus', null, 'extra b', '', 'ok more'],
  ['missing', null, '', 'ok', 'ok'],
  ['missing', null, '', '', ''],
];

const quadruples = plants.map(
  ([quality, fault, last, correction, , id], index): AnnotatedQuadruple => ({
    question: String(index),
    prefix: `p${index}`,
    last,
    correction,
    problem: id ?? 'seen',
    quality,
    fault,
  }),
);

function setUp(): CorrectorRatesOptions & { corrector: ReturnType<typeof fakeCorrector> } {
  return {
    corrector: fakeCorrector(({ question }) => plants[Number(question)]?.[4] ?? ''),
    quadruples,
    questionOf,
    sentences: sentenceJudge((last) => ({
      quality: last.startsWith('ok') ? 'good' : 'bad',
      fault: null,
      correction: '',
    })),
    batchSize: 4,
  };
}

async function collect(options: CorrectorRatesOptions): Promise<CorrectionRecord[]> {
  const records: CorrectionRecord[] = [];
  for await (const record of correctQuadruples(options)) records.push(record);
  return records;
}

describe('correctQuadruples', () => {
  it('finds the planted rates', async () => {
    const records = await collect(setUp());
    const summary = summariseCorrector({ model: 'm', records });
    const rate = ({ rate, n }: { rate: number | null; n: number }) => [rate, n];
    expect(summary).toMatchObject({ model: 'm', n: 14 });
    expect(rate(summary.goodCopied)).toEqual([2 / 4, 4]);
    expect(rate(summary.goodBroken)).toEqual([1 / 4, 4]);
    expect(rate(summary.badFixed)).toEqual([1 / 4, 4]);
    expect(rate(summary.badCopied)).toEqual([1 / 4, 4]);
    expect(rate(summary.neutralImproved)).toEqual([1 / 2, 2]);
    expect(rate(summary.surplusStopped)).toEqual([2 / 3, 3]);
    expect(rate(summary.missingWritten)).toEqual([1, 1]);
    // Wilson, 1 of 1.
    expect(summary.missingWritten.ci?.[0]).toBeCloseTo(0.2065, 4);
  });

  it('reports faults, and the unseen family, apart', async () => {
    const summary = summariseCorrector({ model: 'm', records: await collect(setUp()) });
    expect(Object.entries(summary.byFault).map(([fault, { rate, n }]) => [fault, rate, n])).toEqual(
      [
        ['hedged', 1, 1],
        ['off-topic', 0, 2],
        ['wordy', 0, 1],
        ['wrong-result', 1 / 2, 2],
      ],
    );
    const [seen, unseen] = summary.groups;
    expect(unseen).toMatchObject({
      group: 'unseen',
      goodCopied: { rate: 1, n: 1 },
      badFixed: { rate: 0, n: 1 },
      neutralImproved: { rate: null, n: 0, ci: null },
    });
    expect(seen).toMatchObject({ badFixed: { n: 3 }, goodCopied: { n: 3 } });
  });

  it('writes what its schema publishes', async () => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(
      jsonSchema(correctorSummary, '', ''),
    );
    for (const records of [await collect(setUp()), []]) {
      const summary: CorrectorSummary = summariseCorrector({ model: 'm', records });
      validate(summary);
      expect(validate.errors).toBeNull();
    }
    expect(validate({ model: 'm', n: 0 })).toBe(false);
  });

  it('resumes after any record, in the same batches', async () => {
    const whole = await collect(setUp());
    for (let kept = 0; kept <= whole.length; kept++) {
      const options = setUp();
      const rest = await collect({ ...options, done: whole.slice(0, kept) });
      expect([...whole.slice(0, kept), ...rest]).toEqual(whole);
      const sizes = options.corrector.calls.map((inputs) => inputs.length);
      expect(sizes).toEqual([4, 4, 4, 2].slice(kept === 14 ? 4 : Math.floor(kept / 4)));
    }
  });

  it('hears an abort between batches', async () => {
    const abort = new AbortController();
    const stream = correctQuadruples({ ...setUp(), signal: abort.signal });
    for (let i = 0; i < 4; i++) await stream.next();
    abort.abort(new Error('enough'));
    await expect(stream.next()).rejects.toThrow('enough');
  });
});
