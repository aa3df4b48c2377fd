/** Sentences out of a corrector's own loop, where no recorded ones are given. */
import { describe, expect, it } from 'vitest';
import {
  loopSentences,
  ownQuadruples,
  recordOwn,
  wholeAnswers,
  type OwnRecord,
} from '../../../src/experiment/shared/ownSentences.js';
import { fakeCorrector, fakeUpstream, inTurn } from '../../align/fakes.js';

const questions = ['q1', 'q2', 'q3'].map((id) => ({ id, question: `${id}?` }));
const upstream = fakeUpstream(inTurn(['One.', 'Two.']), () => 'One. Two.');
const corrector = fakeCorrector(({ last }) => (last === 'Two.' ? 'Too.' : last));

async function all(steps: AsyncIterable<OwnRecord>): Promise<OwnRecord[]> {
  const records: OwnRecord[] = [];
  for await (const record of steps) records.push(record);
  return records;
}

describe('recordOwn', () => {
  const ask = loopSentences({ upstream, corrector });

  it('keeps the rounds of the loop, with what the corrector made of them', async () => {
    const [first] = await all(recordOwn({ questions, ask }));
    expect(first).toMatchObject({ problem: 'q1', question: 'q1?' });
    expect(first?.revisions.slice(0, 2)).toEqual([
      { prefix: '', last: 'One.', correction: 'One.' },
      { prefix: 'One.', last: ' Two.', correction: ' Too.' },
    ]);
  });

  it('makes whole batches again, and yields what is missing alone', async () => {
    const whole = await all(recordOwn({ questions, ask, batchSize: 2 }));
    for (const keep of [1, 2]) {
      const done = whole.slice(0, keep);
      const rest = await all(recordOwn({ questions, ask, batchSize: 2, done }));
      expect([...done, ...rest]).toEqual(whole);
    }
  });

  it('asks nobody where all is there', async () => {
    const done = await all(recordOwn({ questions, ask }));
    const never = () => Promise.reject(new Error('asked'));
    expect(await all(recordOwn({ questions, ask: never, done }))).toEqual([]);
  });

  it('stops between batches', async () => {
    const signal = AbortSignal.abort(new Error('interrupted'));
    await expect(all(recordOwn({ questions, ask, signal }))).rejects.toThrow('interrupted');
  });
});

describe('ownQuadruples', () => {
  it('are unjudged, one per sentence that was written', async () => {
    const records = await all(recordOwn({ questions, ask: wholeAnswers({ upstream }) }));
    const empty = {
      question: 'q4?',
      problem: 'q4',
      revisions: [{ prefix: '', last: '', correction: '' }],
    };
    const quadruples = ownQuadruples([...records, empty]);
    expect(quadruples).toHaveLength(3);
    expect(quadruples[0]).toEqual({
      ...{ question: 'q1?', prefix: '', last: 'One. Two.', correction: '' },
      ...{ problem: 'q1', quality: 'unjudged', fault: null },
    });
  });
});
