/** A planted world: answers of three sentences, and a corrector that mends one per round. */
import type { Annotation, Question } from '../../../src/data/types.js';
import { scorerFromFunction } from '../../../src/judge/fromFunction.js';
import type { SentenceJudge } from '../../../src/judge/sentences.js';
import { fakeCorrector, fakeUpstream } from '../../align/fakes.js';

export function planted(id: string): Question {
  return { id, question: id };
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

/** Judges each sentence by itself, with one call for a batch. */
export function sentenceJudge(annotate: (last: string) => Annotation): SentenceJudge {
  return {
    ...{ name: 'planted', identity: 'planted' },
    annotate: (places) => Promise.resolve(places.map(({ last }) => annotate(last))),
  };
}

/** Right without a bad sentence; each sentence judged by itself. */
export const plantedJudges = {
  scorers: [
    scorerFromFunction({
      name: 'planted',
      score: ({ answer }) => answer !== '' && !answer.includes('Bad'),
    }),
  ],
  sentences: sentenceJudge((last) => {
    const quality = last === '' ? 'missing' : last === 'Bad.' ? 'bad' : 'good';
    return { quality, fault: quality === 'bad' ? 'wrong-result' : null, correction: '' };
  }),
};
