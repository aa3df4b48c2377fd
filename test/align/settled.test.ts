/** From a model's output to the answer: cleaned, noted, and never cut in silence. */
import { describe, expect, it } from 'vitest';
import { createAligner } from '../../src/align/aligner.js';
import { createCorrector } from '../../src/align/corrector.js';
import { correctorFromFunction, upstreamFromFunction } from '../../src/align/functions.js';
import { alignAnswers, type AlignedAnswer } from '../../src/align/stream.js';
import { createLocalUpstream } from '../../src/align/upstream.js';
import { countNotes, noteWarnings } from '../../src/text/notes.js';
import { fakeModel, fakeUpstream, inTurn, reciter } from './fakes.js';

async function answerOf(
  upstream: Parameters<typeof alignAnswers>[0]['upstream'],
  corrector: Parameters<typeof alignAnswers>[0]['corrector'],
): Promise<AlignedAnswer> {
  const rows = [{ question: 'Why?' }];
  const [answer] = await alignAnswers({ upstream, corrector, rows, maxRounds: 2 });
  if (!answer) throw new Error('no answer');
  return answer;
}

const says = (text: string) => createCorrector({ model: fakeModel(() => text) });

describe('a correction', () => {
  const upstream = () => fakeUpstream(inTurn(['It is 4.']));

  it.each([
    ['It\0 is\x1B[1m 5.', 'It is 5.', ['controls']],
    ['It is 5. | ##Question: Why? | ##Answer_Prefix: It', 'It is 5.', ['marker']],
    ['##Your_Revision: It is\x07 5.', 'It is 5.', ['controls', 'marker']],
    ['It is 4. ##Your_Revision: It is 5.', 'It is 4.', ['marker']],
  ])('of %j comes into the answer without them, with a note', async (raw, text, notes) => {
    const { rounds } = await answerOf(upstream(), says(raw));
    expect(rounds[0]).toMatchObject({ correction: text, notes, copied: text === 'It is 4.' });
  });

  it('that is clean has none', async () => {
    const { rounds } = await answerOf(upstream(), says('It is 5.'));
    expect(rounds[0]).not.toHaveProperty('notes');
  });

  it('keeps a marker that was copied from y1', async () => {
    const last = 'Write ##Question: first.';
    const { rounds } = await answerOf(fakeUpstream(inTurn([last])), says(last));
    expect(rounds[0]).toMatchObject({ correction: last, copied: true });
    expect(rounds[0]).not.toHaveProperty('notes');
  });

  it('of a function or an Aligner is cleaned, too', async () => {
    const correct = () => ['It\0 is 5. ##Your_Revision:'];
    const { rounds } = await answerOf(upstream(), correctorFromFunction({ name: 'f', correct }));
    expect(rounds[0]).toMatchObject({ correction: 'It is 5.', notes: ['controls', 'marker'] });
    const aligner = createAligner({ model: fakeModel(() => 'It is 5.\n##Correction: It is 6.') });
    const corrected = await aligner.correct([{ question: 'Why?', answer: 'It is 4.' }]);
    expect(corrected).toMatchObject([{ text: 'It is 5.', notes: ['marker'] }]);
  });
});

describe('an upstream’s sentence', () => {
  const copies = correctorFromFunction({
    name: 'copies',
    correct: (inputs) => inputs.map(({ last }) => last),
  });

  it.each([
    ['a model', createLocalUpstream({ model: reciter({ 'Why?': 'It\0 is 4. So.' }) })],
    ['a function', upstreamFromFunction({ name: 'f', write: () => ['It\0 is 4. So.'] })],
  ])('of %s is cleaned, and says so', async (_, upstream) => {
    const { rounds } = await answerOf(upstream, copies);
    expect(rounds[0]).toMatchObject({ last: 'It is 4.', copied: true, notes: ['controlsInLast'] });
    expect(await upstream.finish([{ question: 'Why?', prefix: '' }])).toMatchObject([
      { text: 'It is 4. So.', notes: ['controls'] },
    ]);
  });
});

it('notes are counted and said', () => {
  const counts = countNotes([{ notes: ['marker'] }, { notes: ['controls', 'marker'] }, {}]);
  expect(counts).toEqual({ controls: 1, marker: 2 });
  expect(noteWarnings(counts, 3)).toEqual([
    expect.stringMatching(/^1 of 3 texts came back with control characters/),
    expect.stringMatching(/^2 of 3 texts came back with a marker of the prompt/),
  ]);
  expect(noteWarnings({})).toEqual([]);
});
