/** The loop where a model has no positions left. */
import { describe, expect, it } from 'vitest';
import { createCorrector } from '../../src/align/corrector.js';
import { alignAnswers, alignStream } from '../../src/align/stream.js';
import { createLocalUpstream } from '../../src/align/upstream.js';
import { summariseRounds } from '../../src/experiment/sweep/measure.js';
import type { GenerateRequest, GenerateRow } from '../../src/runtime/decoder.js';
import {
  fakeCorrector,
  fakeModel,
  fakeUpstream,
  inTurn,
  reciter,
  type FakeModel,
} from './fakes.js';

/** The same model with so many positions. */
function limited(model: FakeModel, positions: number): FakeModel {
  const { decoder } = model;
  const cut = (row: GenerateRow, length: number, most: number): GenerateRow => {
    const room = Math.max(0, positions - length);
    if (row.tokens.length <= room || room >= most) return row;
    return { ...row, tokens: row.tokens.slice(0, room), finish: 'context' };
  };
  const generate = async (request: GenerateRequest) => {
    const done = await decoder.generate(request);
    const rows = done.rows.map((row, i) =>
      cut(row, request.prompts[i]?.length ?? 0, request.maxNewTokens),
    );
    return { ...done, rows };
  };
  const info = { ...decoder.info, context: { positions, source: 'the test' } };
  return { ...model, decoder: { ...decoder, generate, info } };
}

// `<q>` and the answer so far are the upstream's prompt, a token a letter.
const answers = { q: 'One is one. Two is two. Three is three.' };
const upstreamOf = (positions: number) =>
  createLocalUpstream({ model: limited(reciter(answers), positions), maxSentenceTokens: 60 });
const copying = fakeCorrector(({ last }) => last);

describe('a prefix that outgrows the model', () => {
  it('ends the answer at what stands, and its last round is neither a copy nor a correction', async () => {
    const [answer] = await alignAnswers({ upstream: upstreamOf(30), corrector: copying, rows: [{ question: 'q' }] }); // prettier-ignore
    expect(answer?.text).toBe('One is one. Two is two.');
    expect(answer?.stop).toBe('context');
    expect(answer?.rounds.map(({ finish, copied }) => [finish, copied])).toEqual([
      ['stop', true],
      ['stop', true],
      ['context', false],
    ]);
    const end = answer?.rounds.at(-1);
    expect(end).toMatchObject({
      ...{ correction: '', edit: null },
      context: { tokens: 26, positions: 30, by: 'upstream' },
    });
  });

  it('keeps a sentence that was whole before the positions ended', async () => {
    const [text] = await upstreamOf(3 + 11).nextSentences([{ question: 'q', prefix: '' }]);
    expect(text).toMatchObject({ text: 'One is one.', ended: false });
    expect(text?.context).toBeUndefined();
    const [cut] = await upstreamOf(3 + 10).nextSentences([{ question: 'q', prefix: '' }]);
    expect(cut).toMatchObject({ text: 'One is one', context: { tokens: 3, positions: 13 } });
  });

  it('says of a whole answer that was cut off, or never begun, what it is', async () => {
    const finish = async (positions: number) =>
      (await upstreamOf(positions).finish([{ question: 'q', prefix: '' }]))[0];
    expect(await finish(20)).toMatchObject({ text: 'One is one. Two i', ended: false, context: { tokens: 3, positions: 20 } }); // prettier-ignore
    expect(await finish(3)).toMatchObject({ text: '', ended: false, context: { tokens: 3, positions: 3 } }); // prettier-ignore
    expect((await finish(100))?.context).toBeUndefined();
  });

  it('ends a row alone: the others go on, and the corrector is not asked about what was cut', async () => {
    const upstream = upstreamOf(30);
    const corrector = fakeCorrector(({ last }) => last);
    const rows = [{ question: 'q' }, { question: 'q', prefix: 'One is one.' }];
    const both = await alignAnswers({ upstream, corrector, rows });
    expect(both.map(({ text, stop }) => [text, stop])).toEqual([
      ['One is one. Two is two.', 'context'],
      ['One is one. Two is two.', 'context'],
    ]);
    expect(corrector.calls.flat().map(({ last }) => last)).not.toContain('Thre');
  });
});

describe('a corrector without positions', () => {
  const write = (prompt: string): string => prompt.replace(/^<|>$/g, '');
  const corrector = (positions: number) =>
    createCorrector({ model: limited(fakeModel(write), positions), prompt: ({ last }) => last });

  it('says so of its correction, with the length of its prompt', async () => {
    const place = { question: 'q', prefix: '', last: '1234567890' };
    const [none, part, whole] = await Promise.all(
      [12, 15, 40].map(async (positions) => (await corrector(positions).correct([place]))[0]),
    );
    expect(none).toMatchObject({ text: '', finish: 'context', context: { tokens: 12, positions: 12 } }); // prettier-ignore
    expect(part).toMatchObject({ text: '123', finish: 'context', context: { tokens: 12, positions: 15 } }); // prettier-ignore
    expect(whole).toMatchObject({ text: '1234567890', finish: 'stop' });
    expect(whole?.context).toBeUndefined();
  });

  it('corrects nothing, even where what was cut off equals y1', async () => {
    const upstream = fakeUpstream(inTurn(['123']));
    const [answer] = await alignAnswers({ upstream, corrector: corrector(8), rows: [{ question: 'q' }] }); // prettier-ignore
    expect(answer?.rounds).toMatchObject([
      { last: '123', correction: '123', copied: false, edit: null, finish: 'context' },
    ]);
    expect(answer?.stop).toBe('context');
  });
});

describe('one question', () => {
  it('that leaves no room is an error with its remedy', async () => {
    const stream = alignStream({ upstream: upstreamOf(3), corrector: copying, question: 'q' });
    await expect(stream.next()).rejects.toThrow(
      'align: the question leaves the upstream no room: 3 tokens, the model has 3 positions; shorten it, or take a model with more',
    );
  });
});

describe('a round cut off', () => {
  it('is counted, and is in no mean', () => {
    const round = { last: 'a b', correction: 'a b', finish: 'stop' } as const;
    const cut = { last: 'a b', correction: 'c', finish: 'context' } as const;
    expect(summariseRounds([round, cut], null)).toMatchObject({ rounds: 1, context: 1, copyRate: 1, degenerate: 0 }); // prettier-ignore
    expect(summariseRounds([round], null)).not.toHaveProperty('context');
  });
});
