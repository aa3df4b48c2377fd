import { describe, expect, it } from 'vitest';
import { problemById } from '../../src/data/problems.js';
import type { Question } from '../../src/data/types.js';
import { answerEquivalence } from '../../src/judge/equivalence.js';
import { scorerFromFunction } from '../../src/judge/fromFunction.js';
import { scoreAnswers } from '../../src/judge/scoreAnswers.js';
import { scoreItems, type Scorer } from '../../src/judge/scorer.js';
import { annotatePlaces, type SentenceJudge } from '../../src/judge/sentences.js';
import { exactSentences, exactSolver } from '../../src/judge/solver.js';

const question = (id: string, answer?: string): Question => ({ id, question: `${id}?`, answer });
const items = ['a', 'bb'].map((answer) => ({ question: question(answer), answer }));

describe('exactSolver', () => {
  const problem = problemById('test-0-3');

  it('scores by the number an answer says at its end', async () => {
    const right = `I think so. The answer is ${problem.answer}.`;
    const answers = [right, 'The answer is 100000.', 'No idea.'];
    // Everything follows from the id.
    const given = answers.map((answer) => ({ question: question('test-0-3'), answer }));
    expect(await exactSolver().score(given)).toEqual([true, false, false]);
    const unknown = [{ question: question('question-1'), answer: right }];
    await expect(exactSolver().score(unknown)).rejects.toThrow(
      /no problem has the id "question-1"/,
    );
  });

  it('judges sentences in their places, in order', async () => {
    const places = ['', `The answer is ${problem.answer}.`].map((last) => ({
      ...{ question: problem, prefix: '', last },
    }));
    const annotations = await annotatePlaces(exactSentences(), places);
    expect(annotations.map(({ quality, fault }) => [quality, fault])).toEqual([
      ['missing', null],
      ['bad', 'wrong-answer'],
    ]);
  });
});

describe('answerEquivalence', () => {
  const score = async (answer: string, text: string) =>
    (await answerEquivalence().score([{ question: question('q', answer), answer: text }]))[0];

  it('looks at the final answer alone, however it is written', async () => {
    expect(await score('1,000', 'It is 7 at first. The answer is 1000.')).toBe(true);
    expect(await score('1,000', 'Thus \\boxed{1000.0}')).toBe(true);
    expect(await score('1,000', 'It is 1000 at first. The answer is 7.')).toBe(false);
    expect(await score('1,000', '1000')).toBe(false);
  });

  it('cannot say without a known answer; looks it up where it is told to', async () => {
    const asked = [{ question: question('q'), answer: 'The answer is 7.' }];
    expect(await answerEquivalence().score(asked)).toEqual([null]);
    const questions = [question('q', '7')];
    expect(await answerEquivalence({ questions }).score(asked)).toEqual([true]);
    const stranger = [{ question: question('r'), answer: 'The answer is 7.' }];
    await expect(answerEquivalence({ questions }).score(stranger)).rejects.toThrow(/no question r/);
  });
});

describe('scorerFromFunction', () => {
  it('waits for every value, side by side, in order', async () => {
    const slowFirst = scorerFromFunction({
      name: 'slow',
      score: async ({ answer }) => {
        await new Promise((go) => setTimeout(go, answer === 'a' ? 5 : 0));
        return answer === 'a';
      },
    });
    expect(await slowFirst.score(items)).toEqual([true, false]);
    expect(slowFirst).toMatchObject({
      unit: 'yes/no',
      better: 'higher',
      identity: 'function:slow',
    });
  });
});

describe('scoreItems', () => {
  const fixed = (values: unknown[], unit: string): Scorer => ({
    ...{ name: 'fixed', identity: 'fixed', unit, better: 'higher' },
    score: () => Promise.resolve(values as boolean[]),
  });

  it('refuses another number of values, and values that are not of the unit', async () => {
    await expect(scoreItems(fixed([true], 'yes/no'), items)).rejects.toThrow(
      /expected 2 values, one per answer, got 1/,
    );
    await expect(scoreItems(fixed([null, 0.5], 'yes/no'), items)).rejects.toThrow(
      /the value for bb does not fit its unit "yes\/no" \(expected true, false or null, got 0.5\)/,
    );
    await expect(scoreItems(fixed([1, true], 'points'), items)).rejects.toThrow(/a finite number/);
    await expect(scoreItems(fixed([1, NaN], 'points'), items)).rejects.toThrow(/got NaN/);
    expect(await scoreItems(fixed([], 'points'), [])).toEqual([]);
  });

  it('refuses what is no list, with its subject', async () => {
    for (const values of [undefined, null, { length: 2 }]) {
      await expect(scoreItems(fixed(values as unknown[], 'points'), items)).rejects.toThrow(
        /^scorer fixed: expected 2 values, one per answer, got /,
      );
    }
    const sparse = [1];
    sparse.length = 2;
    await expect(scoreItems(fixed(sparse, 'points'), items)).rejects.toThrow(
      /the value for bb does not fit .* got nothing\)/,
    );
  });
});

describe('annotatePlaces', () => {
  const places = items.map(({ question: asked, answer }) => ({
    ...{ question: asked, prefix: '', last: answer },
  }));
  const judge = (annotations: unknown): SentenceJudge => ({
    ...{ name: 'mine', identity: 'mine' },
    annotate: () => Promise.resolve(annotations as []),
  });
  const good = { quality: 'good', fault: null, correction: 'a' };

  it('hands on annotations, and refuses what is none', async () => {
    const own = { quality: 'bad', fault: 'too short', correction: '' };
    expect(await annotatePlaces(judge([good, own]), places)).toEqual([good, own]);
    const wrong = [
      ...[
        { quality: 'great', fault: 3 },
        { ...good, fault: 3 },
        { ...good, correction: null },
      ],
      ...[undefined, null, 'good'],
    ];
    for (const each of wrong) {
      await expect(annotatePlaces(judge([good, each]), places)).rejects.toThrow(
        /^judge mine: no annotation for a sentence of bb \(expected a quality of good, neutral, /,
      );
    }
  });

  it('refuses what is no list of as many', async () => {
    for (const each of [undefined, null, { length: 2 }, [good]]) {
      await expect(annotatePlaces(judge(each), places)).rejects.toThrow(
        /^judge mine: expected 2 annotations, one per sentence, got /,
      );
    }
  });
});

describe('scoreAnswers', () => {
  const length = scorerFromFunction({
    ...{ name: 'length', unit: 'characters', score: ({ answer }) => answer.length },
  });
  const isA = scorerFromFunction({ name: 'is a', score: ({ answer }) => answer === 'a' });

  it('takes the first yes-or-no scorer for what is right, and the others beside it', async () => {
    expect(await scoreAnswers(items, { scorers: [length, isA] })).toEqual([
      { right: true, scores: { length: 1 } },
      { right: false, scores: { length: 2 } },
    ]);
    expect(await scoreAnswers(items, { scorers: [isA] })).toEqual([
      { right: true },
      { right: false },
    ]);
    expect(await scoreAnswers(items, { scorers: [length] })).toMatchObject([
      { right: null },
      { right: null },
    ]);
  });

  it('refuses no scorer, and two of one name', async () => {
    await expect(scoreAnswers(items, { scorers: [] })).rejects.toThrow(/there are none/);
    await expect(scoreAnswers(items, { scorers: [isA, isA] })).rejects.toThrow(
      /two are called is a/,
    );
  });
});
