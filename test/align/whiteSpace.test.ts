/** A corrector that copies everything leaves the upstream's own answer, byte for byte. */
import { describe, expect, it } from 'vitest';
import { correctorFromFunction } from '../../src/align/functions.js';
import { openUpstream } from '../../src/align/open.js';
import { alignAnswers } from '../../src/align/stream.js';
import { createLocalUpstream, type Upstream } from '../../src/align/upstream.js';
import { generateProblems } from '../../src/data/problems.js';
import { reciter } from './fakes.js';

const copying = correctorFromFunction({
  name: 'copies',
  correct: (inputs) => inputs.map(({ last }) => last.trim()),
});

/** Whole answers, and those of the loop. */
async function both(
  upstream: Upstream,
  questions: readonly string[],
  caches: boolean,
): Promise<[whole: string[], looped: string[]]> {
  const rows = questions.map((question) => ({ question }));
  const whole = await upstream.finish(questions.map((question) => ({ question, prefix: '' })));
  const limits = { maxRounds: 40, caches };
  const looped = await alignAnswers({ ...limits, upstream, corrector: copying, rows });
  return [whole.map(({ text }) => text), looped.map(({ text }) => text)];
}

describe('white space of a copied answer', () => {
  const answers = [
    'One. Two.\nThree.\n\n- four\n- five\n',
    '  Indented. \t Tab.\r\nWindows line.\r\n\r\nEnd.   ',
    '前。後。\u3000次！',
    '```\nx = 1.\n\n\ny = 2.\n```\nDone.\n',
    'It costs 3.50.  Two  spaces  inside. No end',
  ];

  it.each([true, false])('is kept letter by letter, caches %s', async (caches) => {
    const model = reciter(Object.fromEntries(answers.map((answer, i) => [`q${i}`, answer])));
    const upstream = createLocalUpstream({ model });
    const [whole, looped] = await both(
      upstream,
      answers.map((_, i) => `q${i}`),
      caches,
    );
    expect(whole).toEqual(answers);
    expect(looped).toEqual(answers);
  });

  it('is kept by the embedded upstream, whose tokenizer leaves out first blanks', async () => {
    const upstream = await openUpstream('upstream-arithmetic');
    const questions = [...generateProblems({ split: 'validation', count: 6, seed: 3 })].map(
      ({ question }) => question,
    );
    const [whole, looped] = await both(upstream, questions, true);
    expect(looped).toEqual(whole);
    expect(new Set(whole).size).toBeGreaterThan(1);
    await upstream.close();
  });
});
