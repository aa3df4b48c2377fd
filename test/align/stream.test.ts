import { describe, expect, it } from 'vitest';
import { createCorrector } from '../../src/align/corrector.js';
import type { LoopEvent } from '../../src/align/stream.js';
import { alignAnswers, alignBatch, alignStream } from '../../src/align/stream.js';
import { createLocalUpstream, createSilentUpstream } from '../../src/align/upstream.js';
import { fakeCorrector, fakeModel, fakeUpstream, inTurn, reciter } from './fakes.js';

/** Copies what is right, mends what says `bad`, stops at `surplus`. */
const mend = fakeCorrector(({ last }) =>
  last === 'surplus.' ? '' : last.replace('bad', 'mended'),
);

async function rounds(stream: ReturnType<typeof alignStream>) {
  const seen = [];
  for (;;) {
    const next = await stream.next();
    if (next.done) return { seen, answer: next.value };
    seen.push(next.value);
  }
}

describe('alignStream', () => {
  it('asks upstream and corrector in turn, each about the corrected prefix', async () => {
    const upstream = fakeUpstream(inTurn(['One.', 'Two is bad.', 'Three.']));
    const corrector = fakeCorrector(({ last }) => last.replace('bad', 'mended'));
    const { seen, answer } = await rounds(alignStream({ question: 'q', upstream, corrector }));
    expect(upstream.calls.flat().map((call) => call.prefix)).toEqual([
      '',
      'One.',
      'One. Two is mended.',
      'One. Two is mended. Three.',
    ]);
    expect(corrector.calls.flat().map(({ prefix, last }) => [prefix, last])).toEqual([
      ['', 'One.'],
      ['One.', ' Two is bad.'],
      ['One. Two is mended.', ' Three.'],
      ['One. Two is mended. Three.', ''],
    ]);
    expect(seen.map((round) => round.copied)).toEqual([true, false, true, false]);
    expect(answer).toMatchObject({ text: 'One. Two is mended. Three.', stop: 'end-of-answer' });
    expect(answer.rounds).toEqual(seen);
  });

  it('hands out a sentence before the next one is asked for', async () => {
    const upstream = fakeUpstream(inTurn(['One.', 'Two.']));
    const stream = alignStream({ question: 'q', upstream, corrector: mend });
    await stream.next();
    expect(upstream.calls).toHaveLength(1);
  });

  it('goes on from what already stands, and counts its own rounds', async () => {
    const upstream = fakeUpstream(inTurn(['One.', 'Two is bad.', 'Three.']));
    const of = { question: 'q', prefix: 'One.', upstream, corrector: mend, maxRounds: 2 };
    const { answer } = await rounds(alignStream(of));
    expect(answer).toMatchObject({ text: 'One. Two is mended. Three.', stop: 'max-rounds' });
    expect(answer.rounds.map(({ index, prefix }) => [index, prefix])).toEqual([
      [0, 'One.'],
      [1, 'One. Two is mended.'],
    ]);
  });

  it('stops at an empty correction, and drops what was surplus', async () => {
    const upstream = fakeUpstream(inTurn(['One.', 'surplus.', 'Never.']));
    const { answer } = await rounds(alignStream({ question: 'q', upstream, corrector: mend }));
    expect(answer).toMatchObject({ text: 'One.', stop: 'empty-correction' });
    expect(answer.rounds).toHaveLength(2);
  });

  it('goes on where the upstream stopped too early and the corrector has more to say', async () => {
    const upstream = fakeUpstream(inTurn(['One.']));
    const corrector = fakeCorrector(
      ({ prefix, last }) => last || (prefix === 'One.' ? 'Missing.' : ''),
    );
    const { answer } = await rounds(alignStream({ question: 'q', upstream, corrector }));
    expect(answer).toMatchObject({ text: 'One. Missing.', stop: 'end-of-answer' });
    expect(upstream.calls).toHaveLength(3);
  });

  it('stops at its maximum of rounds and of length', async () => {
    const upstream = fakeUpstream(() => 'Again.');
    const common = { question: 'q', upstream, corrector: mend };
    const byRounds = await rounds(alignStream({ ...common, maxRounds: 4 }));
    expect(byRounds.answer).toMatchObject({ stop: 'max-rounds' });
    expect(byRounds.seen).toHaveLength(4);
    const byLength = await rounds(alignStream({ ...common, maxCharacters: 20 }));
    expect(byLength.answer).toMatchObject({ text: 'Again. Again. Again.', stop: 'max-length' });
  });

  it('hears an abort between rounds and keeps what was handed out', async () => {
    const abort = new AbortController();
    const upstream = fakeUpstream(() => 'Again.');
    const stream = alignStream({ question: 'q', upstream, corrector: mend, signal: abort.signal });
    expect((await stream.next()).value).toMatchObject({ correction: 'Again.' });
    abort.abort(new Error('enough'));
    await expect(stream.next()).rejects.toThrow('enough');
    expect(upstream.calls).toHaveLength(1);
  });

  it('measures with the given clock: upstream, corrector, first texts', async () => {
    let now = 0;
    const tick = <T>(milliseconds: number, value: T): T => ((now += milliseconds), value);
    const upstream = fakeUpstream((input) => tick(5, inTurn(['One.', 'Two.'])(input)));
    const corrector = fakeCorrector(({ last }) => tick(7, last));
    const { seen, answer } = await rounds(
      alignStream({ question: 'q', upstream, corrector, clock: () => now }),
    );
    expect(seen[0]?.milliseconds).toEqual({ upstream: 5, corrector: 7 });
    expect(answer).toMatchObject({
      firstUpstreamMilliseconds: 3,
      firstVisibleMilliseconds: 12,
      milliseconds: 36,
    });
  });
});

describe('continue mode', () => {
  const question = 'q';
  const upstream = () =>
    fakeUpstream(inTurn(['One bad.', 'Two bad.']), () => 'The rest. All of it.');

  it('lets the upstream write the whole rest after N corrections', async () => {
    const writer = upstream();
    const { seen, answer } = await rounds(
      alignStream({
        question,
        upstream: writer,
        corrector: mend,
        mode: { correctionRounds: 1, continueWith: 'upstream' },
      }),
    );
    expect(writer.finished.flat()).toMatchObject([{ prefix: 'One mended.' }]);
    expect(seen.map(({ phase }) => phase)).toEqual(['corrected', 'continued']);
    expect(answer.text).toBe('One mended. The rest. All of it.');
    expect(answer.stop).toBe('end-of-answer');
  });

  it('is the upstream alone after no corrections at all', async () => {
    const { answer } = await rounds(
      alignStream({
        question,
        upstream: upstream(),
        corrector: mend,
        mode: { correctionRounds: 0, continueWith: 'upstream' },
      }),
    );
    expect(answer.text).toBe('The rest. All of it.');
  });

  it('lets the corrector write on, sentence by sentence, without the upstream', async () => {
    const writer = upstream();
    const corrector = fakeCorrector(
      ({ prefix, last }) =>
        last.replace('bad', 'mended') || (inTurn(['', 'B.', 'C.'])({ prefix }) ?? ''),
    );
    const { seen, answer } = await rounds(
      alignStream({
        question,
        upstream: writer,
        corrector,
        mode: { correctionRounds: 1, continueWith: 'corrector' },
      }),
    );
    expect(writer.calls).toHaveLength(1);
    expect(corrector.calls.flat().map(({ last }) => last)).toEqual(['One bad.', '', '', '']);
    expect(seen.map(({ phase }) => phase)).toEqual([
      'corrected',
      'continued',
      'continued',
      'continued',
    ]);
    expect(answer).toMatchObject({ text: 'One mended. B. C.', stop: 'end-of-answer' });
  });
});

describe('alignBatch', () => {
  const texts: Record<string, string[]> = {
    a: ['One.'],
    b: ['One bad.', 'Two.', 'Three bad.'],
    c: [],
    d: ['One.', 'surplus.', 'Never.'],
  };
  const say = ({ question, prefix }: { question: string; prefix: string }) =>
    inTurn(texts[question] ?? [])({ prefix });
  const rows = Object.keys(texts).map((question) => ({ question }));

  it('gives what one by one gives, and finished rows leave the batch', async () => {
    const upstream = fakeUpstream(say);
    const batch = await alignAnswers({ rows, upstream, corrector: mend });
    const single = [];
    for (const row of rows) {
      single.push(
        (await rounds(alignStream({ ...row, upstream: fakeUpstream(say), corrector: mend })))
          .answer,
      );
    }
    expect(batch.map(({ text, stop }) => [text, stop])).toEqual(
      single.map(({ text, stop }) => [text, stop]),
    );
    expect(batch.map(({ text }) => text)).toEqual([
      'One.',
      'One mended. Two. Three mended.',
      '',
      'One.',
    ]);
    const asked = upstream.calls.map((inputs) => inputs.map(({ question }) => question).join(''));
    expect(asked).toEqual(['abcd', 'abd', 'b', 'b']);
  });

  it('reports every round, then the answer, of each row', async () => {
    const events: LoopEvent[] = [];
    for await (const event of alignBatch({ rows, upstream: fakeUpstream(say), corrector: mend })) {
      events.push(event);
    }
    const ofB = events.filter(({ row }) => row === 1).map(({ kind }) => kind);
    expect(ofB).toEqual(['round', 'round', 'round', 'round', 'answer']);
  });

  it('gives every row its own coefficients, and the rows that are left theirs', async () => {
    const model = fakeModel((prompt) => (prompt.includes('Sentence: One.') ? 'One.' : ''));
    const steering = { direction: Float32Array.of(1, 1) };
    await alignAnswers({
      rows: ['c', 'a'].map((question, i) => ({
        question,
        coefficient: Float32Array.of(i, i + 0.5),
      })),
      upstream: fakeUpstream(say),
      corrector: createCorrector({ model }),
      steering,
    });
    expect(model.requests.map(({ steering: used }) => [...(used?.coefficient ?? [])])).toEqual([
      [0, 0.5, 1, 1.5],
      [1, 1.5],
    ]);
  });

  it('opens a cache per row and model, and closes all, whatever happens', async () => {
    const writer = reciter({ a: 'One. Two.', b: 'One.' });
    const model = fakeModel((prompt) => /Sentence: (.*?) \|/.exec(prompt)?.[1] ?? '');
    const run = {
      rows,
      upstream: createLocalUpstream({ model: writer }),
      corrector: createCorrector({ model }),
    };
    await alignAnswers(run);
    expect(model.requests[0]?.caches).toHaveLength(4);
    expect(writer.requests[0]?.caches).toHaveLength(4);
    for await (const event of alignBatch(run)) if (event.kind === 'answer') break;
    expect([model.open.size, writer.open.size]).toEqual([0, 0]);
    const before = model.requests.length;
    await alignAnswers({ ...run, caches: false });
    expect(model.requests[before]?.caches).toBeUndefined();
  });

  it('keeps caches that nobody asked for where any caller may, of few rows or with a server', async () => {
    const asked = async (anywhere: 'here' | 'elsewhere', count: number): Promise<unknown> => {
      const model = fakeModel(() => 'One.');
      Object.assign(model.decoder, { anywhere });
      const many = Array.from({ length: count }, () => ({ question: 'c' }));
      const corrector = createCorrector({ model });
      await alignAnswers({ rows: many, upstream: fakeUpstream(say), corrector, caches: false });
      expect(model.open.size).toBe(0);
      return model.requests[0]?.caches?.length;
    };
    expect(await asked('here', 48)).toBe(48);
    expect(await asked('here', 49)).toBeUndefined();
    expect(await asked('elsewhere', 49)).toBe(49);
  });

  it('runs the corrector alone on an upstream that is silent', async () => {
    const corrector = fakeCorrector(({ prefix }) => inTurn(['A.', 'B.'])({ prefix }) ?? '');
    const [answer] = await alignAnswers({
      rows: [{ question: 'q' }],
      upstream: createSilentUpstream(),
      corrector,
    });
    expect(answer).toMatchObject({ text: 'A. B.', stop: 'end-of-answer' });
    expect(answer?.rounds.every(({ last, edit }) => last === '' && edit === null)).toBe(true);
  });
});
