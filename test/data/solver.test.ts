import { describe, expect, it } from 'vitest';
import {
  cleanSolution,
  corpusSolution,
  faultySentence,
  neutralSentence,
} from '../../src/data/corpus.js';
import { generateProblems } from '../../src/data/problems.js';
import { correctAnswer, drawContexts, writtenQuadruples } from '../../src/data/quadruples.js';
import { improve, rewrite, writeStep } from '../../src/data/sentences.js';
import { annotate, isRight, progress } from '../../src/data/solver.js';
import type { AnnotatedQuadruple, Problem, Step } from '../../src/data/types.js';
import { createRandom } from '../../src/math/random.js';
import { splitSentences } from '../../src/text/sentences.js';

const problems = [...generateProblems({ split: 'train', count: 300 })];
const random = createRandom('solver test');

const problem: Problem = {
  id: 'train-0-0',
  split: 'train',
  question:
    'Ana Hill has 12 apples. Ana Hill buys 5 more apples. Ana Hill loses 3 apples. How many apples does Ana Hill have?',
  answer: '14',
  people: ['Ana Hill', 'Ben Fox'],
  families: ['add', 'subtract'],
  group: 'seen',
  steps: [
    {
      family: 'add',
      left: 12,
      operator: '+',
      right: 5,
      result: 17,
      subject: 'Ana Hill',
      item: 'apples',
    },
    {
      family: 'subtract',
      left: 17,
      operator: '-',
      right: 3,
      result: 14,
      subject: 'Ana Hill',
      item: 'apples',
    },
  ],
};
const first = 'Now Ana Hill has 12 + 5 = 17 apples.';
const second = 'This makes 17 - 3 = 14 apples.';

describe('annotate', () => {
  it.each([
    ['good', null, first, first],
    ['good', null, 'Now Ana Hill has 5 + 12 = 17 apples.', 'Now Ana Hill has 5 + 12 = 17 apples.'],
    ['good', null, 'That gives 12 + 5 = 17 apples.', 'That gives 12 + 5 = 17 apples.'],
    ['neutral', 'hedged', 'I think now Ana Hill has 12 + 5 = 17 apples.', 'We get: 12 + 5 = 17 apples.'],
    ['neutral', 'wordy', 'Well, if we look at it closely, this makes 12 + 5 = 17 apples.', 'We get: 12 + 5 = 17 apples.'],
    ['neutral', 'no-equation', 'Now Ana Hill has 17 apples.', 'We get: 12 + 5 = 17 apples.'],
    ['bad', 'wrong-result', 'Now Ana Hill has 12 + 5 = 18 apples.', 'We add: 12 + 5 = 17 apples.'],
    ['bad', 'wrong-result', 'Now Ana Hill has 18 apples.', 'We add: 12 + 5 = 17 apples.'],
    ['bad', 'wrong-operation', 'Now Ana Hill has 12 - 5 = 7 apples.', 'We add: 12 + 5 = 17 apples.'],
    ['bad', 'wrong-number', 'Now Ana Hill has 12 + 3 = 15 apples.', 'We add: 12 + 5 = 17 apples.'],
    ['bad', 'wrong-subject', 'Now Ben Fox has 12 + 5 = 17 apples.', 'We add: 12 + 5 = 17 apples.'],
    ['bad', 'wrong-subject', 'Now Ana Hill has 12 + 5 = 17 pens.', 'We add: 12 + 5 = 17 apples.'],
    ['bad', 'wrong-subject', 'Now Ana Hull has 12 + 5 = 17 apples.', 'We add: 12 + 5 = 17 apples.'],
    ['bad', 'off-topic', 'It is nice to have apples.', 'We add: 12 + 5 = 17 apples.'],
    ['bad', 'wrong-answer', 'The answer is 14.', 'We add: 12 + 5 = 17 apples.'],
    ['missing', null, '', 'We add: 12 + 5 = 17 apples.'],
  ])('calls it %s (%s): %s', (quality, fault, last, correction) => {
    expect(annotate({ problem, prefix: '', last })).toEqual({ quality, fault, correction });
  }); // prettier-ignore

  it('knows where in the solution a prefix stands', () => {
    expect(annotate({ problem, prefix: first, last: first }).fault).toBe('repeated');
    expect(annotate({ problem, prefix: first, last: second }).quality).toBe('good');
    const done = `${first} ${second}`;
    expect(annotate({ problem, prefix: done, last: 'The answer is 14.' }).quality).toBe('good');
    expect(annotate({ problem, prefix: done, last: 'The answer is 15.' })).toEqual({
      quality: 'bad',
      fault: 'wrong-answer',
      correction: 'We conclude: the answer is 14.',
    });
    expect(annotate({ problem, prefix: done, last: 'Maybe the answer is 14.' }).fault).toBe(
      'hedged',
    );
  });

  it('answers what comes after a complete answer with the empty correction', () => {
    const prefix = `${first} ${second} The answer is 14.`;
    const surplus = { quality: 'surplus', fault: null, correction: '' };
    expect(annotate({ problem, prefix, last: 'It is nice to have apples.' })).toEqual(surplus);
    expect(annotate({ problem, prefix, last: '' }).correction).toBe('');
  });

  it('asks for a step again that the prefix has wrong', () => {
    const prefix = 'Now Ana Hill has 12 + 5 = 18 apples.';
    expect(progress(problem, prefix)).toBe(0);
    expect(annotate({ problem, prefix, last: second }).correction).toBe(
      'We add: 12 + 5 = 17 apples.',
    );
  });
});

describe('the solver and the generator agree', () => {
  const annotatedAt = (p: Problem, due: number, last: string): ReturnType<typeof annotate> => {
    const prefix = p.steps.slice(0, due).map((step: Step) => rewrite(step)).join(' '); // prettier-ignore
    return annotate({ problem: p, prefix, last });
  };

  it('every good, improved and rewritten sentence is good', () => {
    for (const p of problems) {
      for (const [i, step] of p.steps.entries()) {
        for (const sentence of [writeStep(step, random), improve(step), rewrite(step)]) {
          expect(annotatedAt(p, i, sentence)).toEqual({
            quality: 'good',
            fault: null,
            correction: sentence,
          });
        }
      }
    }
  });

  it('every faulty sentence is bad, every neutral one neutral', () => {
    for (const p of problems) {
      const due = random.integer(p.steps.length);
      expect(annotatedAt(p, due, neutralSentence(p, due, random)).quality).toBe('neutral');
      expect(annotatedAt(p, due, faultySentence(p, due, random)).quality).toBe('bad');
    }
  });

  it('a clean solution is right; a corrected answer always is', () => {
    let wrong = 0;
    for (const p of problems) {
      expect(isRight(p, cleanSolution(p, 0).answer)).toBe(true);
      const { prefix, answer } = corpusSolution(p, 0);
      const whole = `${prefix} ${answer}`.trim();
      if (!isRight(p, whole)) wrong++;
      expect(isRight(p, correctAnswer(p, whole))).toBe(true);
    }
    expect(wrong).toBeGreaterThan(10);
  });

  it('written quadruples hold every quality and fault, and follow from their seed', () => {
    const written = (seed: number): AnnotatedQuadruple[] =>
      problems.flatMap((p) => writtenQuadruples(p, seed, 2));
    const rows = written(3);
    expect(rows).toHaveLength(2 * problems.length);
    expect(new Set(rows.map((row) => row.quality)).size).toBe(5);
    expect(new Set(rows.map((row) => row.fault)).size).toBeGreaterThanOrEqual(9);
    expect(written(3)).toEqual(rows);
    expect(written(4)).not.toEqual(rows);
  });

  it('places of one problem stand along one solution', () => {
    for (const p of problems.slice(0, 40)) {
      const prefixes = drawContexts(p, 5, 6).map(({ prefix }) => prefix);
      const whole = correctedPrefixes(prefixes, p);
      const longest = whole.reduce((a, b) => (a.length > b.length ? a : b), '');
      for (const prefix of whole) expect(longest.startsWith(prefix)).toBe(true);
    }
  });
});

/** Those in which no faulty sentence was left standing. */
function correctedPrefixes(prefixes: readonly string[], problem: Problem): string[] {
  return prefixes.filter((prefix) => splitSentences(prefix).length === progress(problem, prefix));
}
