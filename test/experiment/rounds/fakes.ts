/** A planted world: answers of three sentences, and a corrector that mends one per round. */
import { problemById } from '../../../src/data/problems.js';
import type { Problem } from '../../../src/data/types.js';
import type { Judge } from '../../../src/experiment/answers/evaluate.js';
import { fakeCorrector, fakeUpstream } from '../../align/fakes.js';

export function planted(id: string): Problem {
  return { ...problemById('test-0-0'), id, question: id, unseenFamily: false };
}

/** The sentences of problem `p<i>`: the upstream gets its first i wrong. */
const sentenceOf = (question: string, place: number): string =>
  place < Number(question.slice(1)) ? 'Bad.' : 'Good.';

const written = (prefix: string): number => prefix.split('.').length - 1;

/** Says three sentences. */
export function threeSentences(): ReturnType<typeof fakeUpstream> {
  const say = ({ question, prefix }: { question: string; prefix: string }): string | null =>
    written(prefix) < 3 ? sentenceOf(question, written(prefix)) : null;
  return fakeUpstream(say, ({ question, prefix }) =>
    Array.from({ length: Math.max(0, 3 - written(prefix)) }, (_, i) =>
      sentenceOf(question, written(prefix) + i),
    ).join(' '),
  );
}

/** Makes every sentence good; writes good ones by itself, three in all. */
export function mender(): ReturnType<typeof fakeCorrector> {
  return fakeCorrector(({ prefix, last }) => (last !== '' || written(prefix) < 3 ? 'Good.' : ''));
}

/** Right without a bad sentence; each sentence judged by itself. */
export const plantedJudge: Judge = {
  isRight: (_, answer) => answer !== '' && !answer.includes('Bad'),
  annotate: ({ last }) => {
    const quality = last === '' ? 'missing' : last === 'Bad.' ? 'bad' : 'good';
    return { quality, fault: quality === 'bad' ? 'wrong-result' : null, correction: '' };
  },
};
